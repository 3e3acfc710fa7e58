"""What a file of roads gives: edges between junctions, turn restrictions, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from fuliang_gis.geo.measures import line_lengths

#: Places are kept to about a centimetre [decimal digits of a degree].
DIGITS = 7

#: West, south, east, north (EPSG:4490) [degrees].
Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class TakenEdge:
    """A road between two junctions as a file gives it: line (EPSG:4490), usual speed [km/h].

    ``source_ref`` is what the file calls the road, such as ``way/123``.
    """

    name: str | None
    road_class: str
    speed_kmh: float
    oneway: bool
    surface: str | None
    source_ref: str | None
    from_node: int
    to_node: int
    geom: shapely.LineString


@dataclass(frozen=True)
class TakenTurn:
    """After one edge, another is forbidden, or the only way on; edges are places in the list."""

    from_edge: int
    via_node: int
    to_edge: int
    only: bool


@dataclass(frozen=True)
class Note:
    """Something worth telling about a file: what, how often, and some examples of it."""

    code: str
    zh: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """A network as read; edges that end where they begin do not occur."""

    edges: Sequence[TakenEdge]
    turns: Sequence[TakenTurn] = ()
    notes: Sequence[Note] = ()

    def lengths(self) -> NDArray[np.float64]:
        """Measure every edge on the ellipsoid [m]."""
        if not self.edges:
            return np.empty(0)
        return line_lengths([edge.geom for edge in self.edges])


@dataclass
class Notes:
    """Counts what happens while a file is read, with the first few examples of each.

    Args:
        told: The Chinese sentence of each code, in the order in which they are told.
    """

    told: dict[str, str]
    _counts: Counter[str] = field(default_factory=Counter)
    _examples: dict[str, list[str]] = field(default_factory=dict)

    #: How many examples are kept of each.
    KEPT = 5

    def add(self, code: str, example: str = "", count: int = 1) -> None:
        """Note that something happened."""
        self._counts[code] += count
        examples = self._examples.setdefault(code, [])
        if example and len(examples) < self.KEPT and example not in examples:
            examples.append(example)

    def list(self) -> tuple[Note, ...]:
        """Return what was noted."""
        return tuple(
            Note(code, zh, self._counts[code], tuple(self._examples.get(code, ())))
            for code, zh in self.told.items()
            if self._counts[code]
        )


def opened(length: int) -> list[slice]:
    """Return the parts into which a ring of so many places is cut, so that none is a ring.

    >>> opened(5)
    [slice(0, 3, None), slice(2, 5, None)]
    """
    middle = length // 2
    return [slice(0, middle + 1), slice(middle, length)]
