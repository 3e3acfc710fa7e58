"""The invented year as one whole: the same seed and day give the same year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fuliang_gis.demo.inspections.copying import ended_on
from fuliang_gis.demo.inspections.defects import Defect, opened
from fuliang_gis.demo.inspections.disposals import Disposal, disposals_of
from fuliang_gis.demo.inspections.findings import LASTING
from fuliang_gis.demo.inspections.ledger import ledger_of
from fuliang_gis.demo.inspections.office import Office
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Posts
from fuliang_gis.demo.inspections.readings import Meters
from fuliang_gis.demo.inspections.reports import Report, reports_of
from fuliang_gis.demo.inspections.schedule import Schedule, Task
from fuliang_gis.demo.inspections.times import Year
from fuliang_gis.demo.inspections.visits import Visit, visits_of
from fuliang_gis.inspections.defects.rules import Act, Failure, deadline
from fuliang_gis.inspections.duties.rules import Rule


@dataclass(frozen=True)
class Invented:
    """Everything that happened, and what is still owed."""

    tasks: Sequence[Task]
    visits: Sequence[Visit]
    defects: Sequence[Defect]
    disposals: Sequence[Disposal]
    reports: Sequence[Report]


@dataclass
class Inventor:
    """Invents the year around places, posts and rules.

    Args:
        seed: With ``year`` it decides everything.
        numbers: The highest number of problems of each year that are there already.
    """

    places: Sequence[Place]
    posts: Posts
    rules: Sequence[Rule]
    year: Year
    seed: int
    numbers: Mapping[int, int] = field(default_factory=dict)

    def invent(self) -> Invented:
        """Return the year."""
        disposals = disposals_of(self.places, self.posts, self.year, self._rng(71))
        ended = ended_on(disposals)
        schedule = Schedule(self.year, self.posts, self.rules, self._rng(72), ended)
        tasks, calls = schedule.lay_out(self.places)
        meters = Meters.of(calls, self._rng(73))
        visits = visits_of(calls, self.posts, meters, self.year, self._rng(74))
        office = Office(self.posts, self.year, self._rng(75))
        reports = reports_of(self.places, self.posts, office, self.year, self._rng(76))
        defects = [
            *ledger_of(self.posts, self.year, self._rng(77)),
            *self._found(visits, office),
            *(each.defect for each in reports if each.defect),
        ]
        self._number(defects)
        return Invented(tasks, visits, defects, disposals, reports)

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, part, self.year.as_of.toordinal()])

    def _found(self, visits: Sequence[Visit], office: Office) -> list[Defect]:
        """Open a problem for each failed item; one that is open already is told of again."""
        latest: dict[tuple[int, str], Defect] = {}
        found = []
        for visit in sorted(visits, key=lambda each: (each.received_at, each.uuid.bytes)):
            if visit.superseded_at is not None:
                continue
            for failure in visit.finding.checked.failures:
                key = visit.place.id, failure.item
                known = latest.get(key)
                if known and (known.closed_at is None or known.closed_at > visit.received_at):
                    _tell_again(known, visit, failure)
                    continue
                latest[key] = _opened(visit, failure)
                lasting = LASTING.get((visit.place.layer, visit.place.use_status))
                office.handle(latest[key], long=failure.item == lasting)
                found.append(latest[key])
        return found

    def _number(self, defects: list[Defect]) -> None:
        """Count problems year by year as they were entered."""
        last = dict(self.numbers)
        defects.sort(key=lambda each: (each.opened_at, each.division_code, each.title))
        for defect in defects:
            year = defect.opened_at.year
            last[year] = last.get(year, 0) + 1
            defect.number = f"WT-{year}-{last[year]:05d}"
            defect.case = replace(defect.case, name=defect.number)


def _opened(visit: Visit, failure: Failure) -> Defect:
    defect = opened(
        failure.title,
        [f"整改：{failure.title}"],
        None,
        category=failure.category,
        severity=failure.severity,
        source="visit",
        division_code=visit.place.division_code,
        found_by=visit.inspector,
        found_by_name=visit.inspector.name,
        found_at=visit.visited_at,
        opened_at=visit.received_at,
        due_on=deadline(failure.severity, visit.received_at.date()),
        place=visit.place,
        visit=str(visit.uuid),
        item=failure.item,
        description=failure.detail,
    )
    told = {"visit": str(visit.uuid), "again": False}
    defect.told(Act.FIND, visit.received_at, visit.inspector, failure.detail, told)
    return defect


def _tell_again(defect: Defect, visit: Visit, failure: Failure) -> None:
    told = {"visit": str(visit.uuid), "again": True}
    text = "再次巡查，问题仍在。" + (failure.detail or "")
    defect.told(Act.COMMENT, visit.received_at, visit.inspector, text, told)
    defect.events.sort(key=lambda event: event.at)
