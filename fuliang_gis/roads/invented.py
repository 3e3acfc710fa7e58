"""An invented road network: connected, noded, dense where people live, winding in mountains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from shapely.geometry.base import BaseGeometry

from fuliang_gis.roads.mesh import Meeting, Mesh, Settlement, build

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Roads between towns and villages make up this part of the network.
_OPEN_ROADS = 0.38

CLASSES = ("trunk", "primary", "secondary", "tertiary", "unclassified", "track")


@dataclass(frozen=True)
class Place:
    """A settlement that roads reach, with the names that roads are called by."""

    settlement: Settlement
    name: str
    village: str
    rank: int

    #: Ranks of ``rank``.
    TOWN = 0
    VILLAGE = 1
    HAMLET = 2


@dataclass
class Plan:
    """Which mesh edges carry a road: class number (-1 none) and name number, shape ``(edges,)``.

    ``kilometres`` is the length of all roads laid so far [km].
    """

    mesh: Mesh
    road_class: Numbers
    name: Numbers
    names: list[str | None] = field(default_factory=list)
    kilometres: float = 0.0

    def add(self, edges: Sequence[int], road_class: str, name: str | None) -> None:
        """Lay a road; where one lies already, the higher class stays."""
        new = [edge for edge in edges if self.road_class[edge] < 0]
        if new:
            self.road_class[new] = CLASSES.index(road_class)
            self.name[new] = len(self.names)
            self.names.append(name)
            self.mesh.reuse(new)
            self.kilometres += float(self.mesh.length[new].sum()) / 1000


def plan_roads(
    outline: BaseGeometry,
    places: Sequence[Place],
    height: Callable[[Array], Array],
    kilometres: float,
    rng: np.random.Generator,
) -> Plan:
    """Lay roads between places (plane EPSG:4548) until they measure ``kilometres`` [km].

    Every place is reached; neighbouring towns are joined by trunk to secondary roads, villages by
    tertiary ones, hamlets by village roads; lanes follow the houses and tracks close the loops.
    """
    mesh = build(outline, [place.settlement for place in places], height, rng)
    none = np.full(len(mesh.edges), -1)
    plan = Plan(mesh, none.copy(), none.copy())
    towns = [n for n, place in enumerate(places) if place.rank == Place.TOWN]
    villages = [n for n, place in enumerate(places) if place.rank <= Place.VILLAGE]
    _join_towns(plan, places, towns)
    _join_villages(plan, places, villages, _OPEN_ROADS * kilometres)
    _reach_hamlets(plan, places)
    _lay_lanes(plan, rng)
    _close_loops(plan, places, kilometres)
    return plan


def _join_towns(plan: Plan, places: Sequence[Place], towns: Sequence[int]) -> None:
    meetings = plan.mesh.meetings(np.array(towns))
    tree = _tree(meetings, towns)
    north = max(towns, key=lambda n: places[n].settlement.y)
    south = min(towns, key=lambda n: places[n].settlement.y)
    spine = _between(tree, north, south)
    ranked = sorted(meetings, key=lambda m: (m not in spine, m not in tree))
    for number, meeting in enumerate(ranked):
        plan.add(plan.mesh.way(meeting), *_town_road(number, meeting, spine, tree, places))


def _town_road(
    number: int,
    meeting: Meeting,
    spine: Sequence[Meeting],
    tree: Sequence[Meeting],
    places: Sequence[Place],
) -> tuple[str, str]:
    if meeting in spine:
        return "trunk", "G999线（示意）"
    if meeting in tree:
        return "primary", f"S{900 + number}线（示意）"
    ends = places[meeting.a].name[0] + places[meeting.b].name[0]
    return "secondary", f"X{900 + number}{ends}线（示意）"


def _join_villages(
    plan: Plan, places: Sequence[Place], villages: Sequence[int], kilometres: float
) -> None:
    meetings = plan.mesh.meetings(np.array(villages))
    tree = _tree(meetings, villages)
    for meeting in sorted(meetings, key=lambda m: (m not in tree, plan.mesh.apart(m))):
        if plan.kilometres >= kilometres and meeting not in tree:
            return
        name = f"{places[meeting.a].name}—{places[meeting.b].name}公路"
        plan.add(plan.mesh.way(meeting), "tertiary", name)


def _reach_hamlets(plan: Plan, places: Sequence[Place]) -> None:
    reach = plan.mesh.reach(np.unique(plan.mesh.edges[plan.road_class >= 0]))
    for number in np.argsort(reach.cost[: len(places)], kind="stable").tolist():
        place = places[number]
        name = f"{place.village}{place.name}村道"
        plan.add(plan.mesh.path(reach.before, number), "unclassified", name)


def _lay_lanes(plan: Plan, rng: np.random.Generator) -> None:
    """Lay lanes between the junctions of each settlement: a tree, and now and then a loop."""
    mesh = plan.mesh
    ends = mesh.settlement[mesh.edges]
    inner = np.flatnonzero((ends[:, 0] == ends[:, 1]) & (ends[:, 0] >= 0))
    weight = mesh.length[inner] * rng.uniform(0.8, 1.3, len(inner))
    weight[plan.road_class[inner] >= 0] = 1e-6
    a, b = mesh.edges[inner].T
    count = len(mesh.points)
    tree = minimum_spanning_tree(coo_array((weight, (a, b)), shape=(count, count)).tocsr()).tocoo()
    chosen = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    loop = rng.uniform(size=len(inner)) < 0.10
    lanes = [
        int(edge)
        for edge, extra in zip(inner, loop, strict=True)
        if tuple(mesh.edges[edge].tolist()) in chosen or extra
    ]
    plan.add(lanes, "unclassified", None)


def _close_loops(plan: Plan, places: Sequence[Place], kilometres: float) -> None:
    """Join neighbouring settlements by tracks, nearest first, until the length is reached."""
    for meeting in sorted(plan.mesh.meetings(np.arange(len(places))), key=plan.mesh.apart):
        if plan.kilometres >= kilometres:
            return
        plan.add(plan.mesh.way(meeting), "track", None)


def _tree(meetings: Sequence[Meeting], places: Sequence[int]) -> list[Meeting]:
    """Return the cheapest meetings that together join all places."""
    group = {place: place for place in places}

    def root(place: int) -> int:
        while group[place] != place:
            place = group[place]
        return place

    tree = []
    for meeting in meetings:
        a, b = root(meeting.a), root(meeting.b)
        if a != b:
            group[a] = b
            tree.append(meeting)
    return tree


def _between(tree: Sequence[Meeting], start: int, end: int) -> list[Meeting]:
    """Return the meetings of a tree that lead from one place to another."""
    before: dict[int, tuple[int, Meeting]] = {}
    queue = [start]
    for place in queue:
        for meeting in tree:
            other = {meeting.a: meeting.b, meeting.b: meeting.a}.get(place)
            if other is not None and other != start and other not in before:
                before[other] = (place, meeting)
                queue.append(other)
    way = []
    while end != start:
        end, meeting = before[end]
        way.append(meeting)
    return way
