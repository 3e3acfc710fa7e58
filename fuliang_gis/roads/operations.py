"""Write a network that was read from a file: in place of the roads there are, or beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.bulk import as_hex, connection_of, copy, new_ids
from fuliang_gis.db.guard import county_extent
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.geo import crs
from fuliang_gis.roads.models import Road, RoadTurn
from fuliang_gis.roads.queries import count
from fuliang_gis.roads.taken import Taken, TakenEdge

#: Junctions of added roads are joined to those there are within this [m].
JOIN_M = 1.0

_ROAD = (
    "id",
    "name",
    "road_class",
    "speed_kmh",
    "length_m",
    "oneway",
    "surface",
    "source_ref",
    "from_node",
    "to_node",
    "geom",
    "invented",
)
_TURN = ("from_road", "via_node", "to_road", "required")

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BroughtIn:
    """What an import wrote and removed; ``there`` were left out since the same is there already."""

    edges: int
    turns: int
    removed: int
    there: int
    joined: int
    kilometres: Mapping[str, float]


def outside(taken: Taken) -> int:
    """Count the edges that leave the county's extent, which the database does not take."""
    west, south, east, north = county_extent()
    if not taken.edges:
        return 0
    bounds = shapely.bounds([edge.geom for edge in taken.edges])
    inside = (bounds[:, :2] >= (west, south)).all(1) & (bounds[:, 2:] <= (east, north)).all(1)
    return int((~inside).sum())


def bring_in(
    session: Session,
    taken: Taken,
    source: str,
    *,
    add: bool = False,
    actor: Actor | str = audit.HOST,
) -> BroughtIn:
    """Replace the network by another, or add to it, in the session's transaction.

    Routes are computed on the new roads from the commit on: the network's version changes with it.

    Args:
        session: A session of the owner; nothing is kept unless it commits.
        taken: What a file gave.
        source: Where it comes from, for the audit record.
        add: Keep the roads there are; junctions within a metre of each other become one.
        actor: Who imports.

    Raises:
        Invalid: There are no roads in it, or some lie outside the county.
    """
    _refuse(taken)
    # Two imports at once would mix their roads.
    session.execute(text("lock table road, road_turn in share row exclusive mode"))
    removed = 0
    if not add:
        removed = count(session)
        session.execute(text("delete from road_turn"))
        session.execute(text("delete from road"))
    nodes, joined, written = (
        _beside(session, taken.edges)
        if add
        else (_ends(taken.edges), 0, np.ones(len(taken.edges), dtype=bool))
    )
    kilometres, turns = _write(session, taken, nodes, written)
    # Plans made from the statistics of other roads are of no use.
    session.execute(text("analyze road"))
    edges = int(written.sum())
    audit.record(
        session,
        actor,
        "import_roads",
        f"roads/{source}"[:200],
        detail={"edges": edges, "turns": turns, "removed": removed, "added": add},
    )
    session.flush()
    return BroughtIn(edges, turns, removed, len(taken.edges) - edges, joined, kilometres)


def _refuse(taken: Taken) -> None:
    if not taken.edges:
        told = ("文件中没有可以导入的道路，原有道路未动。", "There are no roads in the file.")
        raise Invalid([Problem("no_roads", *told)])
    if leaving := outside(taken):
        zh = (
            f"{leaving} 段道路（共 {len(taken.edges)} 段）超出县域范围，未导入。"
            "请加 --within-county 裁去超出部分，或检查是否选错了文件。"
        )
        en = f"{leaving} of {len(taken.edges)} roads leave the county; add --within-county."
        raise Invalid([Problem("outside_county", zh, en)])


def _ends(edges: Sequence[TakenEdge]) -> Ints:
    return np.array([(e.from_node, e.to_node) for e in edges], dtype=np.int64).reshape(-1, 2)


def _places(lines: Sequence[shapely.LineString] | NDArray[np.object_]) -> NDArray[np.float64]:
    """Return where lines begin and end on the plane (EPSG:4548), begins and ends by turns."""
    both = shapely.get_point(np.asarray(lines, dtype=object)[:, None], [0, -1])
    return crs.to_plane(shapely.get_coordinates(both))


def _beside(session: Session, edges: Sequence[TakenEdge]) -> tuple[Ints, int, NDArray[np.bool_]]:
    """Number the junctions of added roads; tell how many are joined, and which roads are new."""
    rows = session.execute(select(Road.from_node, Road.to_node, func.ST_AsBinary(Road.geom))).all()
    lines = [bytes(wkb) for _, _, wkb in rows]
    nodes, joined = _nodes(edges, [(a, b) for a, b, _ in rows], lines)
    return nodes, joined, _new(edges, nodes, lines)


def _nodes(
    edges: Sequence[TakenEdge], there: Sequence[tuple[int, int]], lines: Sequence[bytes]
) -> tuple[Ints, int]:
    """Number the junctions of added roads, those there are alike; tell how many are joined.

    Args:
        edges: The added roads.
        there: The junctions of the roads there are.
        lines: Their lines as WKB.
    """
    own = _ends(edges)
    highest = max((max(pair) for pair in there), default=0)
    new, place_of = np.unique(own.ravel(), return_index=True)
    number = dict(zip(new.tolist(), (highest + np.arange(1, len(new) + 1)).tolist(), strict=True))
    joined = 0
    if there:
        known = np.array(there, dtype=np.int64).ravel()
        tree = cKDTree(_places(shapely.from_wkb(lines)))
        here = _places([edge.geom for edge in edges])[place_of]
        distance, nearest = tree.query(here, distance_upper_bound=JOIN_M)
        for i in np.flatnonzero(np.isfinite(distance)).tolist():
            number[int(new[i])] = int(known[np.asarray(nearest)[i]])
            joined += 1
    return np.vectorize(number.__getitem__, otypes=[np.int64])(own), joined


def _new(edges: Sequence[TakenEdge], nodes: Ints, lines: Sequence[bytes]) -> NDArray[np.bool_]:
    """Tell which edges are not there yet, and do not shrink to one junction by joining."""
    there = frozenset(lines)
    own = shapely.to_wkb([edge.geom for edge in edges], byte_order=1)
    apart = (nodes[:, 0] != nodes[:, 1]).tolist()
    return np.array([wkb not in there and two for wkb, two in zip(own, apart, strict=True)], bool)


def _write(
    session: Session, taken: Taken, nodes: Ints, written: NDArray[np.bool_]
) -> tuple[dict[str, float], int]:
    connection = connection_of(session)
    chosen = np.flatnonzero(written).tolist()
    ids = dict(zip(chosen, new_ids(connection, "road", len(chosen)), strict=True))
    lengths = np.maximum(np.round(taken.lengths(), 2), 0.01)
    shapes = as_hex([edge.geom for edge in taken.edges])
    copy(
        connection,
        "road",
        _ROAD,
        (_row(ids[i], taken.edges[i], float(lengths[i]), nodes[i], shapes[i]) for i in chosen),
    )
    numbers = {
        node: int(number)
        for edge, pair in zip(taken.edges, nodes, strict=True)
        for node, number in zip((edge.from_node, edge.to_node), pair, strict=True)
    }
    turns = [
        (ids[t.from_edge], numbers[t.via_node], ids[t.to_edge], t.only)
        for t in taken.turns
        if t.from_edge in ids and t.to_edge in ids
    ]
    copy(connection, RoadTurn.__tablename__, _TURN, turns)
    kilometres: dict[str, float] = {}
    for i in chosen:
        road_class = taken.edges[i].road_class
        kilometres[road_class] = kilometres.get(road_class, 0.0) + float(lengths[i]) / 1000
    return kilometres, len(turns)


def _row(
    number: int, edge: TakenEdge, length: float, nodes: Ints, shape: str
) -> tuple[object, ...]:
    return (
        number,
        edge.name,
        edge.road_class,
        edge.speed_kmh,
        length,
        edge.oneway,
        edge.surface,
        edge.source_ref,
        int(nodes[0]),
        int(nodes[1]),
        shape,
        False,
    )
