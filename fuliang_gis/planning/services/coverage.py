"""Who reaches a service in time, who does not, and what straight lines would say (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fuliang_gis.planning.services.demand import Demand
from fuliang_gis.routing.graph import Floats


@dataclass(frozen=True)
class Facility:
    """A facility that serves: where it stands (EPSG:4548 [m]).

    ``origin`` tells whether it stands (``existing``), is proposed by the plan (``proposed``) or
    was just found (``candidate``).
    """

    key: str
    name: str
    x: float
    y: float
    origin: str = "existing"


@dataclass(frozen=True)
class Reach:
    """A homestead with its quickest facility: minutes over roads (infinite: no way).

    ``straight`` is how long the way to the nearest one would take as the crow flies [min].
    """

    demand: Demand
    minutes: float
    facility: int | None
    straight: float


@dataclass(frozen=True)
class Coverage:
    """Every homestead's reach, and sums in households; ``load`` are those of each facility."""

    limit: float
    reaches: tuple[Reach, ...]
    load: tuple[int, ...]

    @property
    def households(self) -> int:
        """Return how many households there are."""
        return sum(each.demand.households for each in self.reaches)

    @property
    def covered(self) -> int:
        """Return how many households are in time."""
        return sum(r.demand.households for r in self.reaches if r.minutes <= self.limit)

    @property
    def straight_covered(self) -> int:
        """Return how many would be taken for covered by straight lines."""
        return sum(r.demand.households for r in self.reaches if r.straight <= self.limit)

    @property
    def share(self) -> float:
        """Return the covered part of all households (0–1); 0 where nobody lives."""
        return self.covered / self.households if self.households else 0.0

    @property
    def straight_share(self) -> float:
        """Return what straight lines would make of it (0–1)."""
        return self.straight_covered / self.households if self.households else 0.0

    @property
    def missed(self) -> list[Reach]:
        """Return who is not in time, the farthest first."""
        late = [each for each in self.reaches if each.minutes > self.limit]
        return sorted(late, key=lambda r: (-r.minutes, r.demand.parcel))

    @property
    def mean_minutes(self) -> float | None:
        """Return the mean time of the households that have a way; None where none has."""
        ways = [r for r in self.reaches if np.isfinite(r.minutes)]
        homes = sum(r.demand.households for r in ways)
        return sum(r.minutes * r.demand.households for r in ways) / homes if homes else None


def coverage(
    demands: Sequence[Demand], minutes: Floats, straight: Floats, limit: float
) -> Coverage:
    """Return who is in time.

    Args:
        minutes: Times over roads, shape ``(demands, facilities)``.
        straight: Times as the crow flies, the same shape.
        limit: In time is who needs no longer [min].
    """
    count = minutes.shape[1]
    nearest = np.argmin(minutes, axis=1) if count else np.zeros(len(demands), dtype=np.int64)
    load = [0] * count
    reaches = []
    for row, demand in enumerate(demands):
        column = int(nearest[row])
        taken = float(minutes[row, column]) if count else np.inf
        if taken <= limit:
            load[column] += demand.households
        found = column if np.isfinite(taken) else None
        crow = float(straight[row].min()) if count else np.inf
        reaches.append(Reach(demand, taken, found, crow))
    return Coverage(limit, tuple(reaches), tuple(load))
