"""The row of a visit, made from what is told and where the location lies."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from geoalchemy2 import WKTElement
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Invalid
from fuliang_gis.inspections.models import Visit
from fuliang_gis.inspections.visits.asking import asked_at
from fuliang_gis.inspections.visits.checklist import Checked, check_answers
from fuliang_gis.inspections.visits.rules import Given, clean, off_site, problems_of
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer


def write(
    session: Session,
    actor: Actor,
    location: Location,
    given: Given,
    corrects: tuple[Visit, str] | None = None,
) -> tuple[Visit, Checked]:
    """Check what is told and add its row; ``corrects`` is the version before and the reason.

    Raises:
        Invalid: Something told is missing, unknown or implausible.
    """
    now = clock.now()
    visited_at = given.visited_at or (corrects[0].visited_at if corrects else now)
    asked = asked_at(session, location, given.purpose, visited_at.astimezone(clock.ZONE).date())
    checked, problems = check_answers(asked, given)
    since = location.created_at.astimezone(clock.ZONE)
    problems = problems_of(given, now=now, since=since) + problems
    if problems:
        raise Invalid(problems)
    visit = _row(session, actor, location, given, checked, visited_at)
    if corrects:
        old, visit.revision_reason = corrects
        visit.revises_id, visit.revision = old.id, old.revision + 1
        # Who was there stays told; whose correction it is says the account.
        visit.inspector_name = old.inspector_name
        old.superseded_at = now
    session.add(visit)
    session.flush()
    return visit, checked


def _row(
    session: Session,
    actor: Actor,
    location: Location,
    given: Given,
    checked: Checked,
    visited_at: datetime,
) -> Visit:
    place = given.position
    distance = accuracy = None
    if place is not None:
        accuracy = place.accuracy_m
        distance = _distance(session, location, place.stored())
    return Visit(
        uuid=given.uuid,
        location_id=location.id,
        division_code=location.division_code,
        purpose=given.purpose,
        inspector_id=actor.account_id,
        inspector_name=actor.display_name,
        visited_at=visited_at,
        geom=None if place is None else _point(place.stored()),
        accuracy_m=None if accuracy is None else Decimal(f"{accuracy:.1f}"),
        distance_m=None if distance is None else Decimal(f"{distance:.1f}"),
        off_site=off_site(distance, accuracy, layer(location.layer).sheet.inspection.off_site_m),
        off_site_reason=clean(given.off_site_reason),
        answers=checked.answers,
        readings=checked.readings,
        result=checked.result,
        condition=given.condition,
        use_status=given.use_status,
        note=clean(given.note),
        revision=1,
    )


def _point(place: tuple[float, float]) -> WKTElement:
    return WKTElement(f"POINT({place[0]} {place[1]})", SRID)


def _distance(session: Session, location: Location, place: tuple[float, float]) -> float:
    """Return the way from a place to a location's shape on the ellipsoid [m]."""
    here = func.ST_SetSRID(func.ST_MakePoint(*place), SRID)
    geography = func.ST_Distance(func.geography(Location.geom), func.geography(here))
    return float(session.scalar(select(geography).where(Location.id == location.id)) or 0.0)
