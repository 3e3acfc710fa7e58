"""How long checks, services and drags of a village plan take, beside the bare or naive ways."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks import Checker
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel, on_grid
from tests.benchmarks import planning_editor, planning_services

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CODES = ("0101", "0103", "0301", "0401", "0703", "0801", "1207", "1704", "16")
SHARES = (0.3, 0.1, 0.32, 0.05, 0.1, 0.03, 0.04, 0.05, 0.01)
#: Edits timed per plan.
EDITS = 100


def village(parcels: int, lines: int, side: float) -> Draft:
    """Return a plan of so many parcels and control lines in a square [m], the same each time."""
    rng = np.random.default_rng(parcels)
    boundary = shapely.box(0, 0, side, side)
    seeds = shapely.multipoints(rng.uniform(0, side, (parcels, 2)))
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(seeds)), boundary)
    # Straight cells have fewer nodes than what is drawn.
    shapes = [on_grid(cell) for cell in shapely.segmentize(cells, side / parcels**0.5 / 6)]
    codes = rng.choice(CODES, len(shapes), p=SHARES).tolist()
    drawn = {
        f"p{i}": Parcel(f"p{i}", code, shape)
        for i, (code, shape) in enumerate(zip(codes, shapes, strict=True))
    }
    # One in seven parcels changes its use; the rest stays as in the base year.
    base = {
        name: replace(each, code=each.code if i % 7 else "0101")
        for i, (name, each) in enumerate(drawn.items())
    }
    return Draft(boundary, drawn, base, _lines(rng, lines, side))


def _lines(rng: np.random.Generator, number: int, side: float) -> dict[str, ControlLine]:
    centres = rng.uniform(0, side, (number, 2))
    sizes = rng.uniform(20, 60, number)
    codes = rng.choice(["0202", "0102", "0301", "0302"], number, p=[0.5, 0.2, 0.2, 0.1]).tolist()
    shapes = shapely.buffer(shapely.points(centres), sizes, quad_segs=12)
    return {
        f"l{i}": ControlLine(f"l{i}", code, shape)
        for i, (code, shape) in enumerate(zip(codes, shapes, strict=True))
    }


def bare(draft: Draft) -> None:
    """Find overlaps, gaps, coverage faults and areas in control lines by shapely alone."""
    parcels = np.array([each.geom for each in draft.parcels.values()], dtype=object)
    lines = np.array([each.geom for each in draft.lines.values()], dtype=object)
    first, second = shapely.STRtree(parcels).query(parcels, predicate="intersects")
    once = first < second
    shapely.area(shapely.intersection(parcels[first[once]], parcels[second[once]]))
    shapely.difference(draft.boundary, shapely.union_all(parcels))
    shapely.coverage_is_valid(parcels)
    inside, line = shapely.STRtree(lines).query(parcels, predicate="intersects")
    shapely.area(shapely.intersection(parcels[inside], lines[line]))


def edits(draft: Draft) -> list[float]:
    """Return how long each of many edits takes to be checked again [ms]."""
    checker = Checker(draft)
    names = np.random.default_rng(7).choice(list(draft.parcels), EDITS).tolist()
    spent = []
    for number, name in enumerate(names):
        parcel = checker.draft.parcels[name]
        changed = (
            replace(parcel, geom=on_grid(_shrunk(parcel.geom)))
            if number % 2
            else replace(parcel, code="0703")
        )
        began = time.perf_counter()
        checker.edit({name: changed})
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def _shrunk(geometry: BaseGeometry) -> BaseGeometry:
    return geometry.buffer(-0.3, join_style="mitre")


def seconds(run: Callable[[], object]) -> float:
    """Return how long something takes [s]."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Measure by turns, print medians."""
    small, large = village(600, 200, 1500), village(5000, 2000, 4000)
    for draft in (small, large):
        Checker(draft)
        bare(draft)
    checked_600, checked, by_shapely = [], [], []
    for _ in range(ROUNDS):
        checked_600.append(seconds(lambda: Checker(small).findings()))
        checked.append(seconds(lambda: Checker(large).findings()))
        by_shapely.append(seconds(lambda: bare(large)))
    of_small, of_large = edits(small), edits(large)
    serving, served = planning_services.measured()
    dragging, dragged = planning_editor.measured(large)
    figures = {
        "check_600_seconds": round(statistics.median(checked_600), 3),
        "check_5000_vs_shapely": round(
            statistics.median(checked) / statistics.median(by_shapely), 2
        ),
        "edit_check_ms": round(statistics.median(of_small), 2),
        **serving,
        **dragging,
    }
    conditions = {
        "rounds": ROUNDS,
        "edits": EDITS,
        "check_5000_s": round(statistics.median(checked), 3),
        "shapely_5000_s": round(statistics.median(by_shapely), 3),
        "edit_600_ms_p95": round(float(np.percentile(of_small, 95)), 2),
        "edit_5000_ms": round(statistics.median(of_large), 2),
        "findings_600": len(Checker(small).findings()),
        "findings_5000": len(Checker(large).findings()),
        "nodes_5000": int(
            shapely.get_num_coordinates([p.geom for p in large.parcels.values()]).sum()
        ),
        **served,
        **dragged,
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }
    for name, value in {**figures, **conditions}.items():
        print(f"{name:26} {value}")
    print(json.dumps({"bench": "planning", "ratios": figures, "conditions": conditions}))


if __name__ == "__main__":
    main()
