"""Telling a visit sent again from another one under the same UUID."""

from __future__ import annotations

from collections.abc import Mapping

from geoalchemy2.shape import to_shape
from shapely.geometry import Point
from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import VisitDiffers
from fuliang_gis.inspections.models import Visit
from fuliang_gis.inspections.visits.rules import Given, clean
from fuliang_gis.locations.models import Location

#: About a centimetre [degrees].
_SAME_PLACE = 1e-7


def refuse_difference(
    session: Session, actor: Actor, before: Visit, given: Given, *, differs: bool = False
) -> None:
    """Refuse unless the actor tells again what is stored.

    Raises:
        VisitDiffers: It is another person's visit, or tells something else.
    """
    same = (
        not differs
        and before.inspector_id == actor.account_id
        and given.visited_at in (None, before.visited_at)
        and _told(given) == _stored(before)
        and _same_place(before, given)
        and _same_location(session, before, given)
    )
    if not same:
        raise VisitDiffers(uuid=str(given.uuid), field="uuid")


def _told(given: Given) -> Mapping[str, object]:
    return {
        "purpose": given.purpose,
        "answers": {each.name: (each.answer, clean(each.note)) for each in given.answers},
        "readings": {each.name: float(each.value) for each in given.readings},
        "condition": given.condition,
        "use_status": given.use_status,
        "note": clean(given.note),
        "off_site_reason": clean(given.off_site_reason),
    }


def _stored(visit: Visit) -> Mapping[str, object]:
    return {
        "purpose": visit.purpose,
        "answers": {each["name"]: (each["answer"], each["note"]) for each in visit.answers},
        "readings": {each["name"]: float(each["value"]) for each in visit.readings},
        "condition": visit.condition,
        "use_status": visit.use_status,
        "note": visit.note,
        "off_site_reason": visit.off_site_reason,
    }


def _same_place(visit: Visit, given: Given) -> bool:
    if visit.geom is None or given.position is None:
        return (visit.geom is None) is (given.position is None)
    kept = to_shape(visit.geom)
    lon, lat = given.position.stored()
    near = isinstance(kept, Point) and max(abs(kept.x - lon), abs(kept.y - lat)) <= _SAME_PLACE
    told, accuracy = given.position.accuracy_m, visit.accuracy_m
    if told is None or accuracy is None:
        return near and (told is None) is (accuracy is None)
    return near and abs(float(accuracy) - told) < 0.1


def _same_location(session: Session, visit: Visit, given: Given) -> bool:
    named = select(Location.id).where(Location.layer == given.layer, Location.code == given.code)
    # A location may have got another code since.
    return session.scalar(named) in (None, visit.location_id)
