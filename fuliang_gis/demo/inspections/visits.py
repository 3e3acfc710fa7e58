"""Visits as phones sent them: positions with accuracy, some late from the hills, some corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from fuliang_gis.clock import ZONE
from fuliang_gis.demo.inspections.findings import Finding, find
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post, Posts
from fuliang_gis.demo.inspections.readings import Meters
from fuliang_gis.demo.inspections.schedule import Call
from fuliang_gis.demo.inspections.times import Year
from fuliang_gis.demo.rows import amount
from fuliang_gis.geo import crs
from fuliang_gis.inspections.visits.checklist import check_answers
from fuliang_gis.inspections.visits.rules import Answer, off_site

_NOON, _HOURS = time(11, 45), (time(8, 25), time(17, 10))
_LUNCH = timedelta(minutes=125)
#: Shares of visits: without a position, made elsewhere, sent late, corrected, made by the office.
_NO_FIX, _ELSEWHERE, _OFFLINE, _CORRECTED, _BY_STAFF = 0.02, 0.012, 0.05, 0.006, 0.09
_AWAY = (
    "道路施工，在路口远观（虚构）",
    "对岸查看，洪水未退（虚构）",
    "大门上锁，与管护员通话核实（虚构）",
)
_CORRECTIONS = (
    "读数抄录有误，已按照片更正（虚构）",
    "选项误点，已更正（虚构）",
    "补充现场情况说明（虚构）",
)


@dataclass(frozen=True)
class Visit:
    """One version of one visit; positions are lon/lat of EPSG:4490, distances metres.

    ``call`` numbers what it answers; ``revises`` is the UUID of the version that it corrects.
    """

    call: int
    place: Place
    inspector: Post
    visited_at: datetime
    received_at: datetime
    finding: Finding
    position: tuple[float, float] | None = None
    accuracy_m: Decimal | None = None
    distance_m: Decimal | None = None
    off_site: bool = False
    off_site_reason: str | None = None
    revision: int = 1
    revises: UUID | None = None
    revision_reason: str | None = None
    superseded_at: datetime | None = None

    @property
    def uuid(self) -> UUID:
        """What the phone called it."""
        return self.finding.given.uuid


def visits_of(
    calls: Sequence[Call], posts: Posts, meters: Meters, year: Year, rng: np.random.Generator
) -> list[Visit]:
    """Return every version of every visit, in the order of the calls."""
    moments = _moments(calls, posts, rng)
    told = _positions(calls, rng)
    return [
        version
        for number, call in enumerate(calls)
        for version in _versions(
            _visit(number, call, moments[number], meters, year, rng), told[number], year, rng
        )
    ]


def _moments(
    calls: Sequence[Call], posts: Posts, rng: np.random.Generator
) -> Mapping[int, tuple[Post, datetime]]:
    """Return who came when: one person is at one place at a time, and eats at noon."""
    rounds: dict[tuple[str, date], list[int]] = {}
    for number, call in enumerate(calls):
        rounds.setdefault((call.place.township, call.day), []).append(number)
    found: dict[int, tuple[Post, datetime]] = {}
    for (town, day), numbers in sorted(rounds.items()):
        by_staff = rng.uniform() < _BY_STAFF
        who = posts.staff[town] if by_staff else posts.inspectors[town]
        numbers.sort(key=lambda number: (calls[number].place.division_code, number))
        step = min(34.0, 400.0 / len(numbers))
        start = rng.uniform(0, max(1.0, 330 - step * len(numbers)))
        for turn, number in enumerate(numbers):
            minutes = start + step * (turn + float(rng.uniform(0, 0.7)))
            moment = datetime.combine(day, _HOURS[0], ZONE) + timedelta(minutes=minutes)
            if moment.time() > _NOON:
                moment += _LUNCH
            found[number] = who, moment.replace(second=int(rng.integers(60)), microsecond=0)
    return found


@dataclass(frozen=True)
class _Fix:
    position: tuple[float, float]
    accuracy_m: float
    distance_m: float


def _positions(calls: Sequence[Call], rng: np.random.Generator) -> list[_Fix | None]:
    """Return where the phones were: by the place, in the hills less exactly, a few elsewhere."""
    count = len(calls)
    if not count:
        return []
    points = shapely.get_coordinates(np.array([call.place.inner for call in calls]))
    accuracy = np.round(rng.lognormal(2.1, 0.6, count).clip(3, 90), 1)
    error = rng.normal(0, 1, (count, 2)) * (accuracy / 2)[:, None] + rng.normal(0, 6, (count, 2))
    away = rng.uniform(size=count) < _ELSEWHERE
    angle, reach = rng.uniform(0, 2 * np.pi, count), rng.uniform(650, 2600, count)
    error += np.where(away, reach, 0.0)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    seen = np.round(crs.to_geographic(points + error), 7)
    shapes: NDArray[np.object_] = np.array([call.place.geom for call in calls])
    distance = shapely.distance(shapes, shapely.points(crs.to_plane(seen)))
    silent = rng.uniform(size=count) < _NO_FIX
    return [
        None
        if silent[n]
        else _Fix(
            (float(seen[n, 0]), float(seen[n, 1])), float(accuracy[n]), round(float(distance[n]), 1)
        )
        for n in range(count)
    ]


def _visit(
    number: int,
    call: Call,
    who: tuple[Post, datetime],
    meters: Meters,
    year: Year,
    rng: np.random.Generator,
) -> Visit:
    uuid = UUID(bytes=rng.bytes(16), version=4)
    post, at = who
    wait = timedelta(seconds=float(rng.exponential(25)) + 2)
    if rng.uniform() < _OFFLINE:
        wait = timedelta(hours=float(rng.uniform(1.5, 46)))
    finding = find(call.place, call.purpose, uuid, meters.shown.get(number), rng)
    return Visit(number, call.place, post, at, min(at + wait, year.now), finding)


def _versions(
    visit: Visit, fix: _Fix | None, year: Year, rng: np.random.Generator
) -> Iterator[Visit]:
    if fix is not None:
        away = off_site(fix.distance_m, fix.accuracy_m, visit.place.sheet.inspection.off_site_m)
        visit = replace(
            visit,
            position=fix.position,
            accuracy_m=amount(fix.accuracy_m),
            distance_m=amount(fix.distance_m),
            off_site=away,
            off_site_reason=_AWAY[int(rng.integers(len(_AWAY)))] if away else None,
        )
    corrected_at = visit.received_at + timedelta(minutes=float(rng.uniform(6, 600)))
    if rng.uniform() >= _CORRECTED or corrected_at >= year.now or visit.finding.checked.failures:
        yield visit
        return
    reason = _CORRECTIONS[int(rng.integers(len(_CORRECTIONS)))]
    yield replace(visit, superseded_at=corrected_at, finding=_mistaken(visit, rng))
    uuid = UUID(bytes=rng.bytes(16), version=4)
    given = replace(visit.finding.given, uuid=uuid)
    yield replace(
        visit,
        received_at=corrected_at,
        finding=replace(visit.finding, given=given),
        revision=2,
        revises=visit.uuid,
        revision_reason=reason,
    )


def _mistaken(visit: Visit, rng: np.random.Generator) -> Finding:
    """Return what was sent before it was set right: one question not answered, digits swapped."""
    given = visit.finding.given
    slip = int(rng.integers(len(given.answers)))
    answers = [Answer(a.name, "na", None) if n == slip else a for n, a in enumerate(given.answers)]
    readings = [
        replace(r, value=r.value + 90) if r.name.startswith("meter") else r for r in given.readings
    ]
    wrong = replace(given, answers=answers, readings=readings)
    return Finding(wrong, check_answers(visit.place.asked, wrong)[0])
