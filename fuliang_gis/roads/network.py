"""The road network as a graph, read from PostGIS and kept while it stays as it is.

Kept in memory by the network's version, and on disk by a digest of its rows: a process that starts
reads the graph, with its order of contraction, instead of building it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import shapely
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.roads import kept
from fuliang_gis.roads.models import Road, RoadTurn
from fuliang_gis.routing.graph import RoadEdge, RoadGraph, Turn, road_graph
from fuliang_gis.routing.hierarchy import contraction_order

# The rows themselves are told too: a change that was rolled back leaves no count behind.
_VERSION = text("""
select concat_ws('/', current_database(),
    (select coalesce(sum(changes), 0) from data_version where subject = 'road'),
    (select count(*) || '/' || coalesce(max(id), 0) from road))
""")

# Whatever becomes part of the graph: every column of the rows, in any order of rows.
_DIGEST = text("""
select concat_ws('-', count(*), to_hex(coalesce(bit_xor(hashtextextended(r::text, 1)), 0)),
    to_hex(coalesce(bit_xor(hashtextextended(r::text, 2)), 0)),
    (select count(*) || '-' || to_hex(coalesce(bit_xor(hashtextextended(t::text, 3)), 0))
     from road_turn t))
from road r
""")

_lock = Lock()
_kept: tuple[str, RoadGraph] | None = None
_folder: Path | None = None


def keep_in(folder: Path | None) -> None:
    """Keep graphs in a folder from now on, for this process; None: in memory alone."""
    global _folder
    _folder = folder


def version(session: Session) -> str:
    """Return what changes whenever roads do."""
    return str(session.scalar(_VERSION))


def network(session: Session) -> RoadGraph:
    """Return the graph of all roads; built anew only after roads have changed.

    Turn restrictions come and go with the import that brings roads, so the roads' version is
    theirs too.

    Raises:
        Invalid: There are no roads.
    """
    global _kept
    current = version(session)
    with _lock:
        if _kept is None or _kept[0] != current:
            _kept = (current, _stored(session))
        return _kept[1]


def _stored(session: Session) -> RoadGraph:
    """Return the graph from disk, or build it and keep it there."""
    if _folder is None:
        return _built(session)
    digest = str(session.scalar(_DIGEST))
    found = kept.load(_folder, digest)
    if found is None:
        found = _built(session)
        found = replace(found, order=contraction_order(found))
        kept.store(_folder, digest, found)
    return found


def _built(session: Session) -> RoadGraph:
    roads = session.execute(
        select(
            Road.id,
            Road.from_node,
            Road.to_node,
            Road.length_m,
            Road.speed_kmh,
            Road.oneway,
            Road.name,
            Road.road_class,
            func.ST_AsBinary(Road.geom),
        ).order_by(Road.id)
    ).all()
    if not roads:
        told = "还没有道路数据。请先由县级人员导入道路（./fuliang roads import），或装载演示县。"
        raise Invalid([Problem("no_roads", told, "There are no roads yet; import them first.")])
    lines = shapely.from_wkb([bytes(row[8]) for row in roads])
    points, owner = shapely.get_coordinates(lines, return_index=True)
    parts = np.split(points, np.searchsorted(owner, np.arange(1, len(roads))))
    edges = [
        RoadEdge(
            row.id,
            row.from_node,
            row.to_node,
            float(row.length_m),
            float(row.speed_kmh),
            line,
            row.oneway,
            row.name,
            row.road_class,
        )
        for row, line in zip(roads, parts, strict=True)
    ]
    turns = session.scalars(select(RoadTurn)).all()
    return road_graph(
        edges, [Turn(t.from_road, t.via_node, t.to_road, only=t.required) for t in turns]
    )
