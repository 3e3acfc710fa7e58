"""Writing locations: each act fetches, refuses, then writes row, history and audit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geoalchemy2 import WKBElement
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.areas.names import initials
from fuliang_gis.db.base import Json
from fuliang_gis.errors import (
    BadRequest,
    Conflict,
    Duplicate,
    Invalid,
    NotFound,
    Problem,
    VersionRequired,
)
from fuliang_gis.locations.checks import Value, check_values
from fuliang_gis.locations.geometry import as_geojson, read_geometry
from fuliang_gis.locations.models import Location, LocationChange
from fuliang_gis.locations.queries import fetch_for_write
from fuliang_gis.locations.records import changed, values_of
from fuliang_gis.locations.registry import Layer, layer


def create(
    session: Session, actor: Actor, layer_name: str, given: Mapping[str, object], geometry: object
) -> Location:
    """Add a location at a place (GeoJSON, EPSG:4490).

    Raises:
        Invalid: Values or geometry break the sheet's rules.
        Forbidden, OutsideDivision: The actor may not write there.
        Duplicate: The code is taken.
    """
    found = layer(layer_name)
    checked = check_values(found, given, current=None)
    geom, faults = read_geometry(found, geometry)
    problems = checked.problems + faults + _division_problems(session, checked.values)
    if problems or geom is None:
        raise Invalid(problems)
    _require(session, actor, str(checked.values["division_code"]))
    _refuse_taken_code(session, found, str(checked.values["code"]))
    location = found.cls(
        **checked.values,
        geom=geom,
        initials=initials(str(checked.values["name"])),
        version=1,
        created_by=actor.account_id,
        updated_by=actor.account_id,
    )
    session.add(location)
    session.flush()
    after = changed({}, values_of(found, location))[1] | {"geom": as_geojson(location.geom)}
    _record(session, actor, location, "create", {}, after)
    return location


def update(
    session: Session,
    actor: Actor,
    layer_name: str,
    code: str,
    given: Mapping[str, object],
    *,
    geometry: object = None,
    expected_version: int | None,
) -> Location:
    """Change values of a location, and its place when a GeoJSON geometry is given.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict, Invalid, Duplicate:
            As they say.
    """
    location = _fetch(session, actor, layer_name, code, expected_version)
    return _change(session, actor, location, given, geometry, action="update")


def move(
    session: Session,
    actor: Actor,
    layer_name: str,
    code: str,
    geometry: object,
    *,
    expected_version: int | None,
) -> Location:
    """Change only the place of a location."""
    return update(
        session,
        actor,
        layer_name,
        code,
        {},
        geometry=geometry or {},
        expected_version=expected_version,
    )


def delete(
    session: Session,
    actor: Actor,
    layer_name: str,
    code: str,
    reason: str,
    *,
    expected_version: int | None,
) -> Location:
    """Take a location out of use; the row and its history stay.

    Raises:
        Invalid: No reason is given.
    """
    location = _fetch(session, actor, layer_name, code, expected_version)
    if not reason.strip():
        raise Invalid([Problem("required", "请填写删除原因。", "A reason is required.", "reason")])
    location.deleted_at, location.delete_reason = clock.now(), reason.strip()
    _touch(session, actor, location, "delete", {}, {"delete_reason": reason.strip()})
    return location


def restore(
    session: Session, actor: Actor, layer_name: str, code: str, *, expected_version: int | None
) -> Location:
    """Bring a deleted location back."""
    location = _fetch(session, actor, layer_name, code, expected_version, deleted=True)
    before: Json = {"delete_reason": location.delete_reason}
    location.deleted_at = location.delete_reason = None
    _touch(session, actor, location, "restore", before, {})
    return location


def undo(
    session: Session,
    actor: Actor,
    layer_name: str,
    code: str,
    to_version: int,
    *,
    expected_version: int | None,
) -> Location:
    """Set a location back to what it was at an earlier version; this is itself a change.

    Raises:
        NotFound: There is no such version.
    """
    location = _fetch(session, actor, layer_name, code, expected_version)
    if not 1 <= to_version < location.version:
        raise NotFound(what="版本", key=to_version)
    later = session.scalars(
        select(LocationChange)
        .where(LocationChange.location_id == location.id, LocationChange.version > to_version)
        .order_by(LocationChange.version.desc())
    )
    former: dict[str, Any] = {}
    for change in later:
        former |= change.before
    former.pop("delete_reason", None)
    geometry = former.pop("geom", None)
    return _change(session, actor, location, former, geometry, action="undo")


def note_use_status(session: Session, actor: Actor, location: Location, found: str) -> None:
    """Write the use status that a visit found; the caller has judged who may record the visit."""
    before: Json = {"use_status": location.use_status}
    location.use_status = found
    _touch(session, actor, location, "update", before, {"use_status": found})


def _fetch(
    session: Session,
    actor: Actor,
    layer_name: str,
    code: str,
    expected_version: int | None,
    *,
    deleted: bool = False,
) -> Location:
    location = fetch_for_write(session, layer_name, code)
    _require(session, actor, location.division_code)
    if expected_version is None:
        raise VersionRequired
    if location.version != expected_version:
        raise Conflict(name=location.name, current=location.version, expected=expected_version)
    if (location.deleted_at is not None) is not deleted:
        raise BadRequest(reason="该点位未被删除" if deleted else "该点位已被删除，请先恢复")
    return location


def _require(session: Session, actor: Actor, division_code: str) -> None:
    division = session.get(Division, division_code)
    require(actor, Permission.EDIT_LOCATIONS, division_code, division.name if division else None)


def _change(
    session: Session,
    actor: Actor,
    location: Location,
    given: Mapping[str, object],
    geometry: object,
    *,
    action: str,
) -> Location:
    found = layer(location.layer)
    current = values_of(found, location)
    checked = check_values(found, given, current=current)
    geom, faults = (None, []) if geometry is None else read_geometry(found, geometry)
    problems = checked.problems + faults + _division_problems(session, checked.values)
    if problems:
        raise Invalid(problems)
    if "division_code" in checked.values:
        _require(session, actor, str(checked.values["division_code"]))
    if checked.values.get("code", location.code) != location.code:
        _refuse_taken_code(session, found, str(checked.values["code"]))
    before, after = changed(current, checked.values)
    if geom is not None and (old := as_geojson(location.geom)) != (new := as_geojson(geom)):
        before["geom"], after["geom"] = old, new
    if after:
        _assign(location, checked.values, geom)
        _touch(session, actor, location, action, before, after)
    return location


def _assign(location: Location, values: Mapping[str, Value], geom: WKBElement | None) -> None:
    for name, value in values.items():
        setattr(location, name, value)
    location.initials = initials(location.name)
    if geom is not None:
        location.geom = geom


def _division_problems(session: Session, values: Mapping[str, Value]) -> list[Problem]:
    code = values.get("division_code")
    if code is None or session.get(Division, code) is not None:
        return []
    zh = f"没有代码为“{code}”的行政区划，请从列表中选择。"
    return [Problem("unknown_division", zh, f"There is no division '{code}'.", "division_code")]


def _refuse_taken_code(session: Session, found: Layer, code: str) -> None:
    # Two people who take one code at the same moment wait here, so that the second is told.
    key = func.hashtextextended(f"{found.name}/{code}", 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    taken = select(Location.id).where(Location.layer == found.name, Location.code == code)
    if session.scalar(taken) is not None:
        raise Duplicate(label="编码", value=code, field="code")


def _touch(
    session: Session, actor: Actor, location: Location, action: str, before: Json, after: Json
) -> None:
    location.version += 1
    location.updated_by, location.updated_at = actor.account_id, clock.now()
    session.flush()
    _record(session, actor, location, action, before, after)


def _record(
    session: Session, actor: Actor, location: Location, action: str, before: Json, after: Json
) -> None:
    session.add(
        LocationChange(
            location_id=location.id,
            version=location.version,
            action=action,
            actor_id=actor.account_id,
            before=before,
            after=after,
        )
    )
    audit.record(
        session,
        actor,
        f"{action}_location",
        f"{location.layer}/{location.code}",
        division_code=location.division_code,
        detail={"version": location.version, "fields": sorted({*before, *after})},
    )
    session.flush()
