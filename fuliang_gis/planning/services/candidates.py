"""Where a facility might stand: parcels and roadsides that nothing forbids (pure, EPSG:4548)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.codes import under
from fuliang_gis.planning.norms import LineNorms, LineRule, Profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.services.demand import Demand
from fuliang_gis.planning.services.norms import CandidateRules, Service
from fuliang_gis.routing.graph import Floats

#: Less of a footprint than this is taken for rounding [m²].
_LEAST_M2 = 0.01


@dataclass(frozen=True)
class Candidate:
    """A place [m] inside a parcel; ``permits`` are articles that ask for an approval there."""

    parcel: str
    use_code: str
    x: float
    y: float
    kind: str
    permits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Search:
    """What is looked for: the service, by which rules, whether places that need an approval count.

    ``reach_m`` is how far a place may lie from the nearest homestead, straight.
    """

    service: Service
    rules: CandidateRules
    profile: Profile
    lines: LineNorms
    reach_m: float
    with_permits: bool = False


def candidates(
    draft: Draft, demands: Sequence[Demand], roads: Sequence[BaseGeometry], search: Search
) -> list[Candidate]:
    """Return places that may be built on, those with most households around first.

    Inner places of parcels come before roadsides; of places close to each other one is kept.
    """
    homes = np.array([[d.x, d.y] for d in demands]).reshape(-1, 2)
    weights = np.array([d.households for d in demands], dtype=np.float64)
    if not len(homes):
        return []
    ground = _Ground(draft, search)
    found = [*ground.inner(), *ground.beside(roads)]
    if not found:
        return []
    places = np.array([[c.x, c.y] for c in found])
    apart = np.hypot(*(places[:, None, :] - homes[None, :, :]).transpose(2, 0, 1))
    around = np.where(apart <= search.reach_m, weights, 0.0).sum(axis=1)
    nearest = apart.min(axis=1)
    order = np.lexsort((nearest, -around))
    chosen = [n for n in order.tolist() if around[n] > 0]
    return [found[n] for n in _thinned(places, chosen, search.rules)]


def shortlist(minutes: Floats, households: Floats, limit: float, most: int) -> list[int]:
    """Return the candidates to choose from, ascending: the quickest of each homestead first.

    What room is left goes to those that reach most households in time.

    Args:
        minutes: Times, shape ``(demands, candidates)``.

    >>> shortlist(np.array([[1.0, 5.0, 9.0], [9.0, 2.0, 8.0]]), np.array([1.0, 4.0]), 6.0, 2)
    [0, 1]
    """
    if not minutes.size:
        return list(range(min(minutes.shape[1], most)))
    quickest = [int(n) for n in np.argmin(minutes, axis=1)]
    by_homes = [quickest[n] for n in np.argsort(-households, kind="stable").tolist()]
    within = np.where(minutes <= limit, households[:, None], 0.0).sum(axis=0)
    by_reach = np.argsort(-within, kind="stable").tolist()
    return sorted(list(dict.fromkeys([*by_homes, *by_reach]))[:most])


def refusals(draft: Draft, footprint: BaseGeometry, search: Search) -> tuple[bool, tuple[str, ...]]:
    """Return whether control lines forbid a facility on a footprint, and what asks for a permit."""
    forbidden, permits = False, []
    for rule in search.lines.rules:
        if not rule.concerns(search.profile, draft.edition, search.service.code):
            continue
        if not _breaks(draft, rule, footprint):
            continue
        forbidden = forbidden or rule.forbidden
        if not rule.forbidden:
            permits.append(rule.article)
    return forbidden, tuple(permits)


class _Ground:
    """A draft's parcels, indexed, with the rules of a search."""

    def __init__(self, draft: Draft, search: Search) -> None:
        self._draft, self._search = draft, search
        self._parcels = sorted(draft.parcels.values(), key=lambda each: each.id)
        self._shapes = np.array([each.geom for each in self._parcels], dtype=object)
        self._tree = shapely.STRtree(self._shapes)
        self._half = search.service.footprint_m2**0.5 / 2

    def inner(self) -> Iterator[Candidate]:
        """Yield a place inside each parcel that may hold the facility."""
        for index, parcel in enumerate(self._parcels):
            if parcel.geom.area >= self._search.service.footprint_m2:
                place = parcel.geom.representative_point()
                yield from self._candidate(index, place.x, place.y, "parcel")

    def beside(self, roads: Sequence[BaseGeometry]) -> Iterator[Candidate]:
        """Yield places beside roads, as far aside as the rules say."""
        rules = self._search.rules
        places = [place for road in roads for place in _along(road, rules)]
        if not places:
            return
        points = np.array(shapely.points(np.array(places)), dtype=object)
        rows, indices = self._tree.query(points, predicate="within")
        for row, index in zip(rows.tolist(), indices.tolist(), strict=True):
            x, y = places[row]
            yield from self._candidate(index, x, y, "road")

    def _candidate(self, index: int, x: float, y: float, kind: str) -> Iterator[Candidate]:
        parcel, rules = self._parcels[index], self._search.rules
        if under(parcel.code, rules.not_on) and not under(parcel.code, rules.but_on):
            return
        footprint = shapely.box(x - self._half, y - self._half, x + self._half, y + self._half)
        forbidden, permits = refusals(self._draft, footprint, self._search)
        if not forbidden and (self._search.with_permits or not permits):
            yield Candidate(parcel.id, parcel.code, float(x), float(y), kind, permits)


def _breaks(draft: Draft, rule: LineRule, footprint: BaseGeometry) -> bool:
    lines = [each.geom for each in draft.lines.values() if each.code in rule.lines]
    if not lines:
        return False
    inside = sum(footprint.intersection(line).area for line in lines)
    return inside > _LEAST_M2 if rule.inside else inside < footprint.area - _LEAST_M2


def _along(road: BaseGeometry, rules: CandidateRules) -> Iterator[tuple[float, float]]:
    for line in shapely.get_parts(road).tolist():
        for along in np.arange(rules.along_roads_m / 2, line.length, rules.along_roads_m).tolist():
            a, b = line.interpolate(max(along - 1, 0)), line.interpolate(along + 1)
            length = float(np.hypot(b.x - a.x, b.y - a.y)) or 1.0
            across = np.array([a.y - b.y, b.x - a.x]) / length * rules.aside_m
            middle = np.array([(a.x + b.x) / 2, (a.y + b.y) / 2])
            for place in (middle + across, middle - across):
                yield float(place[0]), float(place[1])


def _thinned(places: Floats, order: Sequence[int], rules: CandidateRules) -> list[int]:
    kept: list[int] = []
    for index in order:
        apart = places[kept] - places[index]
        if not kept or float(np.hypot(*apart.T).min()) >= rules.apart_m:
            kept.append(index)
        if len(kept) == rules.considered:
            break
    return kept
