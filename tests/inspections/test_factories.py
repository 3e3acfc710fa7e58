"""The factories of inspections lay out rows that the database takes."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis.locations.registry import layer
from tests.factories import make_actor, make_location
from tests.inspections.factories import kind_of, make_defect, make_obligation, make_visit


def test_rows_are_laid_out_as_told(session: Session) -> None:
    """An obligation follows its location and its period; done and excused as given."""
    place = make_location(session, make_actor(session), layer("water_projects"))
    owed = make_obligation(session, place, date(2024, 2, 29))
    assert (owed.period_start, owed.due_on) == (date(2024, 1, 1), date(2024, 3, 31))
    assert (owed.state, owed.kind) == ("open", kind_of(place))
    done = make_obligation(session, place, date(2024, 4, 1), done_on=date(2024, 4, 2))
    excused = make_obligation(session, place, date(2024, 7, 1), excuse="汛期停用")
    early = make_obligation(session, place, date(2024, 10, 1), due_on=date(2024, 10, 20))
    assert [done.state, excused.state, early.warn_on] == ["done", "excused", date(2024, 10, 20)]
    visit = make_visit(session, place, date(2024, 4, 2))
    defect = make_defect(session, place, date(2024, 4, 2), visit_id=visit.id)
    assert (defect.state, defect.due_on) == ("found", date(2024, 4, 17))
