"""Making plans and saving their schemes: each save is a coverage and a version of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import (
    Conflict,
    Invalid,
    NotFound,
    Problem,
    VersionRequired,
)
from fuliang_gis.planning.drafts import digest, draft_of
from fuliang_gis.planning.editing import applied
from fuliang_gis.planning.fetching import drafted, drafted_scheme, note, of_version
from fuliang_gis.planning.given import (
    MOST_PARCELS,
    PlanGiven,
    line_problems,
    parcel_problems,
    plan_problems,
    too_many,
)
from fuliang_gis.planning.models import (
    PLAN_SRID,
    PlanBaseParcel,
    PlanControlLine,
    PlanParcel,
    PlanScheme,
    PlanVersion,
    PlanWaiver,
    VillagePlan,
)
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel, on_grid
from fuliang_gis.planning.repair import Moved, repair
from fuliang_gis.planning.schemes import free_title

_ACT = "修改图斑"


@dataclass(frozen=True)
class Saved:
    """A save that went in: its version, what fitting moved, whether it was joined to another's.

    ``sent`` is what the draft would be had every parcel been kept as it was sent.
    """

    version: PlanVersion
    draft: Draft
    sent: Draft
    moved: tuple[Moved, ...]
    merged: bool


def create_plan(session: Session, actor: Actor, given: PlanGiven) -> VillagePlan:
    """Add a plan with a first, empty scheme.

    Raises:
        Invalid: Title, years, edition, division or boundary cannot be used.
        Forbidden, OutsideDivision: The actor may not draft plans there.
    """
    village = session.get(Division, given.division_code)
    require(
        actor,
        Permission.DRAFT_PLANS,
        given.division_code,
        village.name if village else None,
    )
    if problems := plan_problems(given, village):
        raise Invalid(problems)
    plan = VillagePlan(
        division_code=given.division_code,
        title=given.title.strip(),
        base_year=given.base_year,
        target_year=given.target_year,
        edition=given.edition,
        profile=given.profile,
        boundary=from_shape(_multi(on_grid(given.boundary)), PLAN_SRID),
        population=given.population,
        goals=[],
        state="draft",
        created_by=actor.account_id,
    )
    session.add(plan)
    session.flush()
    scheme = PlanScheme(
        plan_id=plan.id, division_code=plan.division_code, title="方案一", chosen=True
    )
    session.add(scheme)
    session.flush()
    note(session, actor, plan, "create_village_plan", {"title": plan.title})
    return plan


def set_base(
    session: Session,
    actor: Actor,
    plan_id: int,
    parcels: Sequence[Parcel],
    lines: Sequence[ControlLine],
    *,
    expected_version: int | None,
    message: str = "现状",
    record: Mapping[str, object] | None = None,
) -> VillagePlan:
    """Put base-year parcels and control lines in place of those a plan has.

    A scheme without parcels begins with the base year's.

    Args:
        message: What the first version of such a scheme tells of itself.
        record: What the audit record tells besides.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        Invalid: A shape, a code or an id cannot be used.
        WrongState: The plan is no draft any more.
    """
    plan = drafted(session, actor, plan_id, _ACT)
    of_version(plan, expected_version)
    problems = [*parcel_problems(parcels, plan.edition), *line_problems(lines)]
    if problems:
        raise Invalid(problems)
    for table in (PlanBaseParcel, PlanControlLine):
        session.execute(delete(table).where(table.plan_id == plan.id))
    shared = {"plan_id": plan.id, "division_code": plan.division_code}
    _insert(session, PlanBaseParcel, [{**shared, **_row(each)} for each in parcels])
    _insert(
        session,
        PlanControlLine,
        [
            {
                **shared,
                "name": each.id,
                "line_code": each.code,
                "label": each.name,
                "geom": from_shape(_multi(on_grid(each.geom)), PLAN_SRID),
            }
            for each in lines
        ],
    )
    for scheme in session.scalars(
        select(PlanScheme).where(PlanScheme.plan_id == plan.id, PlanScheme.head == 0)
    ):
        empty = draft_of(session, plan, scheme)
        _keep(session, actor, scheme, empty, replace(empty, parcels=empty.base), message)
    plan.version += 1
    detail = {"parcels": len(parcels), "lines": len(lines), **(record or {})}
    note(session, actor, plan, "import_plan_base", detail)
    session.flush()
    return plan


def save(
    session: Session,
    actor: Actor,
    scheme_id: int,
    changes: Mapping[str, Parcel | None],
    *,
    expected: int | None,
    message: str = "",
    record: Mapping[str, object] | None = None,
) -> Saved:
    """Save parcels that were drawn, changed or removed (None) as a new version.

    They are fitted to their neighbours within the profile's tolerance. Whoever saved meanwhile is
    no hindrance as long as other parcels were changed and the whole still is a coverage.

    Args:
        expected: The version that the changes were made upon.
        record: What the audit record tells besides.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired: As they say.
        WrongState: The plan is no draft any more.
        Conflict: Somebody else changed the same parcels, or ones beside them that no longer fit.
        Invalid: A code is unknown, a shape is broken, or fitting would move too much; the problems'
            fields name the parcels.
    """
    plan, scheme = drafted_scheme(session, actor, scheme_id, _ACT)
    if expected is None:
        raise VersionRequired
    drawn = {
        name: None if each is None else _placed(each, plan.edition)
        for name, each in changes.items()
    }
    if problems := parcel_problems([each for each in drawn.values() if each], plan.edition):
        raise Invalid(problems)
    merged = expected != scheme.head
    if merged and _changed_since(session, scheme, expected) & set(drawn):
        raise Conflict(name=scheme.title, current=scheme.head, expected=expected)
    before = draft_of(session, plan, scheme)
    if len(before.parcels) + len(drawn) > MOST_PARCELS:
        raise Invalid([too_many()])
    wanted = applied(before, drawn)
    fitted = repair(wanted, _to_fit(before, drawn), profile(plan.profile))
    if fitted.refused:
        if merged:
            raise Conflict(name=scheme.title, current=scheme.head, expected=expected)
        raise Invalid([Problem(f.code, f.zh, f.en, _field(f.parcels)) for f in fitted.refused])
    after = applied(wanted, fitted.parcels)
    version = _keep(session, actor, scheme, before, after, message)
    note(
        session,
        actor,
        plan,
        "save_scheme",
        {
            "scheme": scheme.id,
            "version": version.ordinal,
            "changed": version.changed,
            **(record or {}),
        },
    )
    return Saved(version, after, applied(before, changes), fitted.moved, merged)


def branch(session: Session, actor: Actor, scheme_id: int, title: str) -> PlanScheme:
    """Add a scheme that begins as another one is.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState: As they say.
        Invalid, Duplicate: The title is empty, too long, or another scheme's.
    """
    plan, source = drafted_scheme(session, actor, scheme_id, "复制方案")
    named = free_title(session, plan.id, title)
    made = PlanScheme(
        plan_id=plan.id, division_code=plan.division_code, title=named, branched_from=source.id
    )
    session.add(made)
    session.flush()
    empty = draft_of(session, plan, made)
    _keep(session, actor, made, empty, draft_of(session, plan, source), f"复制自{source.title}")
    note(session, actor, plan, "branch_scheme", {"scheme": made.id, "from": source.id})
    return made


def restore(
    session: Session, actor: Actor, scheme_id: int, ordinal: int, *, expected: int | None
) -> PlanVersion:
    """Make a scheme again what it was at a version; the versions between stay to be read.

    Raises:
        NotFound: There is no such scheme or version.
        Forbidden, OutsideDivision, WrongState: As they say.
        Conflict: Somebody else has saved meanwhile.
    """
    plan, scheme = drafted_scheme(session, actor, scheme_id, "恢复版本")
    if session.get(PlanVersion, (scheme_id, ordinal)) is None:
        raise NotFound(what="方案版本", key=ordinal)
    if expected != scheme.head:
        raise Conflict(name=scheme.title, current=scheme.head, expected=expected)
    now, then = draft_of(session, plan, scheme), draft_of(session, plan, scheme, ordinal)
    version = _keep(session, actor, scheme, now, then, f"恢复到第 {ordinal} 版")
    note(session, actor, plan, "restore_scheme", {"scheme": scheme.id, "to": ordinal})
    return version


def _keep(
    session: Session, actor: Actor, scheme: PlanScheme, before: Draft, after: Draft, message: str
) -> PlanVersion:
    """Write what differs as the scheme's next version.

    Raises:
        Conflict: A waiver was granted while this waited for its turn.
    """
    # The version would seem older than the waiver, which then would count for what it never saw.
    later = select(PlanWaiver.id).where(
        PlanWaiver.plan_id == scheme.plan_id, PlanWaiver.granted_at > func.now()
    )
    if session.scalar(later.limit(1)) is not None:
        raise Conflict(name=scheme.title, current=scheme.head, expected=scheme.head)
    changed = [p for p in after.parcels.values() if before.parcels.get(p.id) != p]
    gone = [name for name in before.parcels if name not in after.parcels]
    ordinal = scheme.head + 1
    replaced = [*gone, *(each.id for each in changed if each.id in before.parcels)]
    if replaced:
        session.execute(
            update(PlanParcel)
            .where(
                PlanParcel.scheme_id == scheme.id,
                PlanParcel.until.is_(None),
                PlanParcel.name == func.any(replaced),
            )
            .values(until=ordinal)
            .execution_options(synchronize_session=False)
        )
    shared = {"scheme_id": scheme.id, "division_code": scheme.division_code, "since": ordinal}
    _insert(
        session,
        PlanParcel,
        [
            {**shared, **_row(each), "label": each.name, "households": each.households}
            for each in changed
        ],
    )
    version = PlanVersion(
        scheme_id=scheme.id,
        ordinal=ordinal,
        division_code=scheme.division_code,
        digest=digest(after.parcels),
        message=message.strip(),
        parcels=len(after.parcels),
        changed=len(changed) + len(gone),
        author_id=actor.account_id,
    )
    session.add(version)
    scheme.head = ordinal
    session.flush()
    return version


def _to_fit(before: Draft, drawn: Mapping[str, Parcel | None]) -> list[str]:
    """Return the drawn parcels, and those beside a removed one."""
    gone = [
        before.parcels[name].geom
        for name, now in drawn.items()
        if not now and name in before.parcels
    ]
    beside = [
        name
        for name, each in before.parcels.items()
        if name not in drawn and any(each.geom.intersects(shape) for shape in gone)
    ]
    return [*(name for name, now in drawn.items() if now), *beside]


def _changed_since(session: Session, scheme: PlanScheme, ordinal: int) -> set[str]:
    statement = select(PlanParcel.name).where(
        PlanParcel.scheme_id == scheme.id,
        (PlanParcel.since > ordinal) | (PlanParcel.until > ordinal),
    )
    return set(session.scalars(statement))


def _placed(parcel: Parcel, edition: str) -> Parcel:
    return Parcel(
        parcel.id,
        parcel.code,
        on_grid(parcel.geom),
        edition,
        parcel.name,
        households=parcel.households,
    )


def _row(parcel: Parcel) -> dict[str, object]:
    return {
        "name": parcel.id,
        "use_code": parcel.code,
        "geom": from_shape(on_grid(parcel.geom), PLAN_SRID),
    }


def _insert(session: Session, table: type, rows: list[dict[str, object]]) -> None:
    if rows:
        session.execute(insert(table), rows)


def _field(parcels: Sequence[str]) -> str:
    return parcels[0] if parcels else "geom"


def _multi(geometry: BaseGeometry) -> BaseGeometry:
    return MultiPolygon([geometry]) if isinstance(geometry, Polygon) else geometry
