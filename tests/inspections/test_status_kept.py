"""The facts of a status are kept as the rows behind them say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.inspections.duties.periods import PeriodKind
from fuliang_gis.inspections.models import LocationState
from fuliang_gis.inspections.status.operations import refresh
from fuliang_gis.inspections.status.queries import standing, statuses
from fuliang_gis.inspections.status.rules import StatusCode
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer
from tests.factories import make_actor, make_location
from tests.inspections.factories import make_defect, make_obligation, make_visit

TODAY = date(2026, 9, 25)


@pytest.fixture(autouse=True)
def held() -> Iterator[None]:
    """Hold the clock."""
    with clock.frozen(datetime(2026, 9, 25, 9, tzinfo=clock.ZONE)):
        yield


@pytest.fixture
def place(session: Session) -> Location:
    """A water project."""
    return make_location(session, make_actor(session), layer("water_projects"))


def code(session: Session, place: Location, today: date = TODAY) -> StatusCode:
    """Refresh and tell the status."""
    refresh(session, [place.id])
    session.expire_all()
    return statuses(session, [place.id], today)[place.id].code


def test_what_opens_first_counts_though_it_is_due_last(session: Session, place: Location) -> None:
    """A half-yearly visit is to be made though a monthly one, not open yet, is due before."""
    make_obligation(session, place, date(2026, 10, 5), period=PeriodKind.MONTH)
    assert code(session, place) is StatusCode.FINE
    make_obligation(session, place, TODAY, period=PeriodKind.HALF_YEAR, purpose="safety")
    assert code(session, place) is StatusCode.TO_VISIT


def test_duty_ends_with_its_last_period(session: Session, place: Location) -> None:
    """What was owed in former periods makes no duty today."""
    make_obligation(session, place, date(2026, 5, 1), done_on=date(2026, 5, 2))
    assert code(session, place) is StatusCode.NO_DUTY
    make_obligation(session, place, TODAY, done_on=TODAY)
    assert code(session, place) is StatusCode.FINE


def test_an_excused_period_is_no_duty(session: Session, place: Location) -> None:
    """Excused for this period and owing nothing else, a location has no duty."""
    make_obligation(session, place, TODAY, excuse="汛期停用")
    assert code(session, place) is StatusCode.NO_DUTY


def test_unrefreshed_and_refreshed_agree(session: Session, place: Location) -> None:
    """A location without a row is told like one whose row says that nothing is owed."""
    before = statuses(session, [place.id], TODAY)[place.id]
    refresh(session, [place.id])
    assert statuses(session, [place.id], TODAY)[place.id] == before


def test_the_last_visit_that_stands_is_kept(session: Session, place: Location) -> None:
    """A superseded visit and a deadline of a closed defect are no facts of the status."""
    make_visit(session, place, date(2026, 9, 1), result="normal")
    make_visit(session, place, date(2026, 9, 3), result="abnormal", superseded_at=clock.now())
    make_defect(session, place, date(2026, 8, 1), state="closed", closed_at=clock.now())
    open_one = make_defect(session, place, date(2026, 9, 20))
    assert code(session, place) is StatusCode.DEFECT
    state = session.get_one(LocationState, place.id)
    assert (state.last_result, state.open_defects) == ("normal", 1)
    assert state.defect_due_on == open_one.due_on
    told = standing(session, place, TODAY)
    assert told.status == statuses(session, [place.id], TODAY)[place.id]
    assert [defect.number for defect in told.defects] == [open_one.number]


def test_a_deadline_passes_without_a_write(session: Session, place: Location) -> None:
    """The day after the deadline of an open defect, it is grave."""
    defect = make_defect(session, place, TODAY)
    assert code(session, place, defect.due_on) is StatusCode.DEFECT
    assert code(session, place, defect.due_on + timedelta(days=1)) is StatusCode.DANGER
