"""Public instances with time windows, put to our own solving function.

Files in Solomon's format are read from a folder, where somebody has put them (they come without a
licence, so none is kept here). Without any, instances of the same classes are drawn, and a search
by PyVRP alone, several times as long, stands in for the best known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pyvrp import (
    Client,
    Depot,
    Location,
    ProblemData,
    VehicleType,
    solve,
)

from fuliang_gis.routing.graph import Floats
from fuliang_gis.routing.rounds import Problem, Task, Team, Weights

#: Best known driving, distances cut to one decimal (published with the DIMACS challenge of 2022).
BEST_KNOWN: Mapping[str, float] = {
    "C101": 827.3, "R101": 1637.7, "RC101": 1619.8, "C201": 589.1, "R201": 1143.2, "R202": 1029.6,
    "R203": 870.8, "R204": 731.3, "R205": 949.8, "R206": 875.9, "R207": 794.0, "R208": 701.0,
    "R209": 854.8, "R210": 900.5, "R211": 746.7, "RC201": 1261.8, "RC202": 1092.3, "RC203": 923.7,
    "RC204": 783.5, "RC205": 1154.0, "RC206": 1051.1, "RC207": 962.9, "RC208": 776.1,
}  # fmt: skip

#: Tenths of the unit of distance count as seconds, so that rounding does no harm.
SCALE = 10


@dataclass(frozen=True)
class Instance:
    """One depot (row 0) and its customers: places, windows, service, demand; all teams alike."""

    name: str
    places: Floats
    windows: Floats
    service: Floats
    demand: Floats
    vehicles: int
    capacity: int

    @property
    def seconds(self) -> Floats:
        """Return the distances, cut to one decimal, in tenths."""
        difference = self.places[:, None] - self.places[None, :]
        return np.asarray(np.floor(np.hypot(*difference.T) * SCALE + 1e-9).T)

    def problem(self) -> Problem:
        """Return the instance as a day of many teams that is planned whole or not at all."""
        opens, closes = (self.windows[0] * SCALE).astype(int)
        teams = tuple(
            Team(f"team {n}", 0, {0: (int(opens), int(closes))}, room=self.capacity)
            for n in range(self.vehicles)
        )
        tasks = tuple(
            Task(
                str(n),
                n,
                int(self.service[n] * SCALE),
                (0, 0),
                ((int(self.windows[n, 0] * SCALE), int(self.windows[n, 1] * SCALE)),),
                load=int(self.demand[n]),
            )
            for n in range(1, len(self.places))
        )
        return Problem(1, teams, tasks, self.seconds, weights=Weights(unplanned=1_000_000))


def read_solomon(file: Path) -> Instance:
    """Read a file in Solomon's format."""
    lines = [line.split() for line in file.read_text("utf-8").splitlines() if line.strip()]
    numbers = [[float(word) for word in line] for line in lines if _numeric(line)]
    vehicles, capacity = next(row for row in numbers if len(row) == 2)
    rows = np.array([row for row in numbers if len(row) == 7])
    return Instance(
        lines[0][0].upper(),
        rows[:, 1:3],
        rows[:, 4:6],
        rows[:, 6],
        rows[:, 3],
        int(vehicles),
        int(capacity),
    )


def _numeric(words: list[str]) -> bool:
    return all(word.replace(".", "", 1).isdigit() for word in words)


def instances(folder: Path) -> Iterator[Instance]:
    """Yield the instances of a folder whose best known driving is listed."""
    for file in sorted(folder.glob("*.txt")):
        found = read_solomon(file)
        if found.name in BEST_KNOWN:
            yield found


def drawn(kind: str, customers: int, seed: int) -> Instance:
    """Draw an instance: ``C`` clustered, ``R`` scattered, ``RC`` half of each; long horizon."""
    random = np.random.default_rng([seed, customers])
    centres = random.uniform(10, 90, (max(customers // 12, 2), 2))
    near = centres[random.integers(0, len(centres), customers)] + random.normal(
        0, 3, (customers, 2)
    )
    far = random.uniform(0, 100, (customers, 2))
    share = {"C": 1.0, "R": 0.0, "RC": 0.5}[kind]
    clustered = random.random(customers) < share
    at = np.vstack([[50.0, 50.0], np.where(clustered[:, None], near, far)]).round()
    horizon, service = 1000.0, 10.0
    away = np.hypot(*(at - at[0]).T)
    width = random.uniform(100, 400, customers + 1)
    middle = random.uniform(away, horizon - away - service)
    windows = np.column_stack(
        [np.maximum(middle - width / 2, 0), np.minimum(middle + width / 2, horizon - away - 10)]
    ).round()
    windows[:, 1] = np.maximum(windows[:, 1], np.ceil(away) + 1)
    windows[0] = (0, horizon)
    served = np.full(customers + 1, service)
    served[0] = 0
    demand = random.integers(1, 41, customers + 1).astype(float)
    demand[0] = 0
    name = f"{kind}-{customers}-{seed}"
    return Instance(name, at, windows, served, demand, 25, 1000)


def reference(instance: Instance, seconds: float, seed: int = 1) -> float:
    """Return the driving that PyVRP finds by itself in that time, in the instance's unit."""
    whole: Any = instance.seconds.astype(np.int64)
    data = ProblemData(
        [Location(0, 0) for _ in instance.places],
        [
            Client(
                n,
                delivery=[int(instance.demand[n])],
                service_duration=int(instance.service[n] * SCALE),
                tw_early=int(instance.windows[n, 0] * SCALE),
                tw_late=int(instance.windows[n, 1] * SCALE),
            )
            for n in range(1, len(instance.places))
        ],
        [Depot(0)],
        [
            VehicleType(
                instance.vehicles,
                capacity=[instance.capacity],
                tw_early=int(instance.windows[0, 0] * SCALE),
                tw_late=int(instance.windows[0, 1] * SCALE),
            )
        ],
        [whole],
        [whole],
    )
    began = time.process_time()

    def ended(best_cost: int) -> bool:  # noqa: ARG001  # As the library calls it.
        return time.process_time() - began > seconds

    found = solve(data, ended, seed=seed, collect_stats=False)
    return float(found.cost()) / SCALE
