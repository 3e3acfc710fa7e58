"""Reading the road network as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.roads.models import Road


@dataclass(frozen=True)
class NetworkSummary:
    """Length by class [km], how many edges and junctions, and into how many parts they fall."""

    kilometres: Mapping[str, float]
    edges: int
    junctions: int
    components: int

    @property
    def total_kilometres(self) -> float:
        """Length of all roads [km]."""
        return sum(self.kilometres.values())


def summary(session: Session) -> NetworkSummary:
    """Measure the network; an empty one has no parts."""
    lengths = session.execute(
        select(Road.road_class, func.sum(Road.length_m) / 1000).group_by(Road.road_class)
    )
    ends = session.execute(select(Road.from_node, Road.to_node)).all()
    pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
    junctions, numbers = np.unique(pairs, return_inverse=True)
    return NetworkSummary(
        {road_class: float(length) for road_class, length in lengths},
        len(pairs),
        len(junctions),
        _components(numbers.reshape(-1, 2), len(junctions)),
    )


def _components(pairs: np.ndarray, count: int) -> int:
    if not count:
        return 0
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return int(connected_components(graph, directed=False)[0])
