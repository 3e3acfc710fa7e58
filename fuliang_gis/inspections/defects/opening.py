"""Opening problems: from what a visit found wrong, and as people enter them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.inspections.defects import numbers, rules
from fuliang_gis.inspections.defects.given import Given, MeasureGiven, check_given
from fuliang_gis.inspections.defects.handling import (
    add_event,
    add_measures,
    finish,
    keep_photos,
    require_act,
)
from fuliang_gis.inspections.defects.rules import Act, Failure
from fuliang_gis.inspections.models import Defect, DefectEvent, Visit
from fuliang_gis.inspections.status import operations as status
from fuliang_gis.inspections.visits.files import Kept
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import fetch_for_write


def open_from_visit(
    session: Session, visit: Visit, location: Location, failures: Sequence[Failure]
) -> list[Defect]:
    """Open a problem for each thing that a visit found wrong; return those it opened.

    What is still open from an earlier visit of the location, by the same item, is not opened again
    but told of in that problem's way. The deadline counts from today, the day the office learns of
    it, not from the visit, which a phone may have kept for days.
    """
    if not failures:
        return []
    _lock(session, location.id)
    still_open = _still_open(session, location.id)
    opened = []
    for failure in failures:
        known = still_open.get(failure.item)
        if known is not None:
            _tell_again(session, visit, known, failure)
            continue
        defect = _from_failure(session, visit, location, failure)
        still_open[failure.item] = defect
        opened.append(defect)
    return opened


def find(session: Session, actor: Actor, given: Given, kept: Sequence[Kept] = ()) -> Defect:
    """Enter a problem that somebody found, at a location or in a division as a whole.

    Raises:
        Invalid: Something is missing or not to be had.
        Forbidden, OutsideDivision, NotFound: As they say.
    """
    check_given(given)
    location = _place(session, given)
    division_code = location.division_code if location else given.division_code or ""
    if session.get(Division, division_code) is None:
        zh = "请选择问题所在的点位，或所在的乡镇、村。"
        raise Invalid([Problem("required", zh, "Name a location or a division.", "division_code")])
    require_act(session, actor, Act.FIND, "found", division_code)
    _lock(session, location.id if location else None)
    today = clock.today()
    measures = given.measures or [MeasureGiven(f"整改：{given.title.strip()}")]
    defect = _add(
        session,
        Defect(
            location_id=location.id if location else None,
            division_code=division_code,
            aspect=given.aspect,
            title=given.title.strip(),
            description=given.description,
            category=given.category,
            severity=given.severity,
            source=given.source,
            lead_unit=given.lead_unit,
            responsible_unit=given.responsible_unit,
            owner_name=given.owner_name,
            due_on=given.due_on or rules.deadline(given.severity, today),
            found_by=actor.account_id,
            found_by_name=given.found_by_name or actor.display_name,
            found_at=clock.now(),
        ),
        measures,
    )
    photos = keep_photos(session, actor, defect, kept, "before")
    add_event(session, actor, defect, Act.FIND, given.description, {"photos": photos})
    finish(session, actor, defect, Act.FIND)
    return defect


def _lock(session: Session, location_id: int | None) -> None:
    """Lock a location's status before the numbers, in this order everywhere, so that none block."""
    if location_id is not None:
        status.refresh(session, [location_id])
    numbers.lock(session)


def _place(session: Session, given: Given) -> Location | None:
    if given.location_id is not None:
        location = session.get(Location, given.location_id)
        if location is None:
            raise NotFound(what="点位", key=given.location_id)
        return location
    if given.layer and given.code:
        return fetch_for_write(session, given.layer, given.code)
    return None


def _still_open(session: Session, location_id: int) -> dict[str, Defect]:
    wanted = select(Defect).where(
        Defect.location_id == location_id,
        Defect.checklist_item.is_not(None),
        Defect.state != "closed",
    )
    return {str(each.checklist_item): each for each in session.scalars(wanted)}


def _tell_again(session: Session, visit: Visit, defect: Defect, failure: Failure) -> None:
    _add_visit_event(
        session,
        visit,
        defect,
        Act.COMMENT,
        "再次巡查，问题仍在。" + (failure.detail or ""),
        again=True,
    )


def _from_failure(session: Session, visit: Visit, location: Location, failure: Failure) -> Defect:
    defect = _add(
        session,
        Defect(
            location_id=location.id,
            division_code=location.division_code,
            title=failure.title,
            description=failure.detail,
            category=failure.category,
            severity=failure.severity,
            source="visit",
            visit_id=visit.id,
            checklist_item=failure.item,
            due_on=rules.deadline(failure.severity, clock.today()),
            found_by=visit.inspector_id,
            found_by_name=visit.inspector_name,
            found_at=_aware(visit.visited_at),
        ),
        [MeasureGiven(f"整改：{failure.title}")],
    )
    _add_visit_event(session, visit, defect, Act.FIND, failure.detail, again=False)
    account = session.get(Account, visit.inspector_id) if visit.inspector_id else None
    audit.record(
        session,
        account.username if account else visit.inspector_name,
        "find_defect",
        f"defect/{defect.number}",
        division_code=defect.division_code,
        detail={"version": 1, "visit": str(visit.uuid)},
    )
    return defect


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=clock.ZONE)


def _add_visit_event(
    session: Session, visit: Visit, defect: Defect, act: Act, text: str | None, *, again: bool
) -> None:
    session.add(
        DefectEvent(
            defect_id=defect.id,
            division_code=defect.division_code,
            action=act.value,
            actor_id=visit.inspector_id,
            actor_name=visit.inspector_name,
            text=text,
            detail={"visit": str(visit.uuid), "again": again},
        )
    )
    session.flush()


def _add(session: Session, defect: Defect, measures: Sequence[MeasureGiven]) -> Defect:
    defect.number = numbers.next_number(session, clock.today().year)
    defect.state, defect.version = "found", 1
    defect.rejections = defect.reopenings = 0
    session.add(defect)
    session.flush()
    plain = [replace(each, ordinal=None) for each in measures]
    add_measures(session, defect, plain, after=0)
    session.flush()
    return defect
