"""Numbers of stops on a paper map, moved aside where they would cover each other (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.exchange.paper import Frame

#: Half the width of a number's disc, and of the station's square [mm].
RADIUS = 2.1
STATION = 2.2
#: Room between numbers, and between one and the station [mm].
_BETWEEN, _BESIDE = 0.3, 0.4
#: How far a number may stand from its stop [mm], the nearest first.
_DISTANCES = (4.2, 6.5, 9.0, 12.0, 16.0, 20.0)
_DIRECTIONS = 12


@dataclass(frozen=True)
class Badge:
    """A number, where it stands, and the stop that it stands for [mm]."""

    label: str
    x: float
    y: float
    from_x: float
    from_y: float

    @property
    def moved(self) -> bool:
        """Whether it stands aside and needs a line to its stop."""
        return (self.x, self.y) != (self.from_x, self.from_y)


def placed(stops: NDArray[np.float64], station: tuple[float, float], frame: Frame) -> list[Badge]:
    """Place the numbers 1 to n at stops, shape ``(n, 2)`` [mm], clear of the station.

    A number that finds no free place stands on its stop all the same.
    """
    found: list[Badge] = []
    for number, (x, y) in enumerate(stops.tolist(), 1):
        at_x, at_y = next(
            (each for each in _tries(x, y) if _free(each, found, station, frame)), (x, y)
        )
        found.append(Badge(str(number), at_x, at_y, x, y))
    return found


def _tries(x: float, y: float) -> Iterator[tuple[float, float]]:
    yield x, y
    for distance in _DISTANCES:
        for step in range(_DIRECTIONS):
            # Up and to the right first, where a line disturbs least.
            angle = -pi / 4 + 2 * pi * step / _DIRECTIONS
            yield x + distance * cos(angle), y + distance * sin(angle)


def _free(
    place: tuple[float, float], taken: Sequence[Badge], station: tuple[float, float], frame: Frame
) -> bool:
    x, y = place
    inside = RADIUS < x < frame.width - RADIUS and RADIUS < y < frame.height - RADIUS
    apart = all(hypot(x - each.x, y - each.y) >= 2 * RADIUS + _BETWEEN for each in taken)
    beside = hypot(x - station[0], y - station[1]) >= RADIUS + STATION + _BESIDE
    return inside and apart and beside
