"""What a visit finds an asset to be, taken over into the location with its history."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import WrongState
from fuliang_gis.inspections.models import Visit
from fuliang_gis.locations import operations as locations
from fuliang_gis.locations.models import USE_STATUSES, Location


def set_use_status(session: Session, actor: Actor, location: Location, visit: Visit) -> bool:
    """Take over the use status that a visit tells; return whether anything changed.

    What a later visit has seen is not undone by one that arrives after it.

    Raises:
        WrongState: The asset is written off; only a disposal changes that.
    """
    if visit.use_status is None or visit.use_status == location.use_status:
        return False
    if location.use_status == "disposed":
        raise WrongState(
            name=location.name,
            state=USE_STATUSES["disposed"],
            act="由巡查更改使用状态",
            advice="请不填使用状态，或由县级工作人员在点位页面更正。",
        )
    later = exists().where(
        Visit.location_id == location.id,
        Visit.visited_at > visit.visited_at,
        Visit.superseded_at.is_(None),
    )
    if session.scalar(select(later)):
        return False
    locations.note_use_status(session, actor, location, visit.use_status)
    return True
