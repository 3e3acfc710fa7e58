"""How good and how quick planning rounds is: beside a clerk, public instances and other libraries.

Parts can be chosen (``BENCH_PARTS=month,matrix``). The searches count their own processor time, so
that other work on the machine takes none away; ratios compare travel times, not seconds.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

from fuliang_gis.routing.decomposing import parts, plan_by_station
from fuliang_gis.routing.graph import Floats, RoadGraph
from fuliang_gis.routing.hierarchy import Hierarchy
from fuliang_gis.routing.replanning import reinsert
from fuliang_gis.routing.rounds import Plan, Problem
from fuliang_gis.routing.searching import Effort
from tests.benchmarks import routing_instances, routing_province
from tests.benchmarks.routing_baselines import clerk, nearest_then_2opt
from tests.benchmarks.routing_ground import Ground, Work, ground
from tests.routing.checker import faults

PARTS = os.environ.get("BENCH_PARTS", "month,quarter,replan,matrix,instances,province").split(",")
#: How long each search may take, on two processors [s].
MONTH_S = float(os.environ.get("BENCH_MONTH_SECONDS", "30"))
QUARTER_S = float(os.environ.get("BENCH_QUARTER_SECONDS", "240"))
INSTANCE_S = float(os.environ.get("BENCH_INSTANCE_SECONDS", "30"))
SEEDS = int(os.environ.get("BENCH_SEEDS", "3"))
#: Files in Solomon's format, for whoever has them.
INSTANCES = Path(os.environ.get("BENCH_INSTANCES", "var/instances"))
WORKERS = 2
MATRIX = 1000


@dataclass
class Told:
    """What has been measured."""

    ratios: dict[str, float] = field(default_factory=dict)
    conditions: dict[str, object] = field(default_factory=dict)


@dataclass
class Curve:
    """The cost of the best plan, as the search tells it."""

    points: list[tuple[float, float]] = field(default_factory=list)

    def watch(self, seconds: float, cost: float) -> bool:
        """Note a point; go on."""
        self.points.append((seconds, cost))
        return True

    def settled(self) -> float:
        """Return from when on the cost stays within 1 % of the last [s].

        While stations wait for their turn, what they will cost is reckoned from the others.
        """
        last = self.points[-1][1]
        far = (at for at, cost in self.points if abs(cost / last - 1) > 0.01)
        return max(far, default=0.0)


def compared(name: str, work: Work, seconds: float, told: Told) -> Plan:
    """Plan as the clerk does, by 2-opt, and by our solver; every plan is checked alike."""
    problem, curve = work.problem, Curve()
    began = time.perf_counter()
    effort = Effort(seconds, workers=WORKERS, own_time=True)
    ours = plan_by_station(problem, effort, progress=curve.watch)
    taken = time.perf_counter() - began
    by_clerk = by_station(problem, lambda part: clerk(part, work.villages))
    by_2opt = by_station(problem, nearest_then_2opt)
    for who, made in (("ours", ours), ("clerk", by_clerk), ("2opt", by_2opt)):
        broken = faults(problem, made)
        assert not broken, (who, broken[:5])
        assert not made.unplanned, (who, made.unplanned[:5])
        print(f"{name:8} {who:6} {made.driving / 3600:8.1f} h {len(made.rounds):5} rounds")
    told.ratios[f"{name}_vs_clerk"] = ours.driving / by_clerk.driving
    told.ratios[f"{name}_vs_2opt"] = ours.driving / by_2opt.driving
    told.conditions |= {
        f"{name}_obligations": len(problem.tasks),
        f"{name}_search_s": seconds,
        f"{name}_taken_s": round(taken, 1),
        f"{name}_within_1_percent_s": round(curve.settled(), 1),
    }
    return ours


def by_station(problem: Problem, made_by: Callable[[Problem], Plan]) -> Plan:
    """Plan each station's part; the baselines get the very parts that ours gets."""
    plans = [made_by(part) for part in parts(problem)]
    return Plan(
        tuple(each for made in plans for each in made.rounds),
        tuple(each for made in plans for each in made.unplanned),
    )


def replanned(problem: Problem, made: Plan, told: Told) -> None:
    """Plan again after one day of one team was missed, for every day in turn."""
    seconds, moved, missed_of = [], [], []
    for day in sorted({each.day for each in made.rounds}):
        first = next(each for each in made.rounds if each.day == day)
        later = {s.task for each in made.rounds if each.day > day for s in each.stops}
        missed = [stop.task for stop in first.stops]
        kept = later | set(missed)
        rest = replace(problem, tasks=tuple(t for t in problem.tasks if t.id in kept), apart=())
        began = time.process_time()
        found = reinsert(rest, made, missed, first_day=day + 1)
        seconds.append(time.process_time() - began)
        assert not faults(rest, found.plan)
        moved.append(len(found.moved))
        missed_of.append((len(missed), len(found.inserted)))
    told.ratios["replan_seconds"] = max(seconds)
    told.conditions |= {
        "replan_days": len(seconds),
        "replan_median_s": round(statistics.median(seconds), 3),
        "replan_missed": sum(number for number, _ in missed_of),
        "replan_inserted": sum(number for _, number in missed_of),
        "replan_moved": sum(moved),
    }


def matrix(graph: RoadGraph, told: Told) -> None:
    """Compute the same table by both, by turns; they must agree."""
    nodes = np.random.default_rng(1).choice(graph.junctions, MATRIX, replace=False)
    ways = [[(int(node), 0.0)] for node in nodes]
    weights = _weights(graph)
    hierarchy = Hierarchy(graph)
    ours, theirs = [], []
    for _ in range(4):
        began = time.process_time()
        table = hierarchy.seconds(ways, ways)
        ours.append(time.process_time() - began)
        began = time.process_time()
        expected = np.asarray(dijkstra(weights, indices=nodes))[:, nodes]
        theirs.append(time.process_time() - began)
        assert np.array_equal(np.isinf(table), np.isinf(expected))
        # Weights are whole milliseconds, and a path has less than a thousand arcs.
        finite = np.isfinite(expected)
        assert np.abs(table - expected)[finite].max() < 0.5
    told.ratios["matrix_vs_scipy"] = statistics.median(theirs) / statistics.median(ours)
    told.conditions |= {
        "matrix": f"{MATRIX} x {MATRIX} on {graph.nodes} nodes, {graph.arcs} arcs",
        "matrix_s": round(statistics.median(ours), 3),
        "scipy_s": round(statistics.median(theirs), 3),
    }


def _weights(graph: RoadGraph) -> csr_array:
    best: dict[tuple[int, int], float] = {}
    arcs = zip(graph.tail.tolist(), graph.head.tolist(), graph.seconds.tolist(), strict=True)
    for tail, head, cost in arcs:
        best[tail, head] = min(best.get((tail, head), np.inf), cost)
    rows, columns = zip(*best, strict=True)
    shape = (graph.nodes, graph.nodes)
    values: Floats = np.array(list(best.values()))
    return csr_array(coo_array((values, (rows, columns)), shape=shape))


def public(told: Told) -> None:
    """Solve public instances, or such as are drawn; the median gap of each, and of all."""
    given = list(routing_instances.instances(INSTANCES))
    drawn = [routing_instances.drawn(kind, 100, 1) for kind in ("C", "R", "RC")]
    gaps: dict[str, float] = {}
    for instance in given or drawn:
        found = []
        for seed in range(1, SEEDS + 1):
            effort = Effort(INSTANCE_S, seed=seed, workers=WORKERS, own_time=True)
            problem = instance.problem()
            made = plan_by_station(problem, effort)
            assert not faults(problem, made)
            assert not made.unplanned, (instance.name, len(made.unplanned))
            found.append(made.driving / routing_instances.SCALE)
        best = routing_instances.BEST_KNOWN.get(instance.name)
        if best is None:
            best = min(*found, routing_instances.reference(instance, 5 * INSTANCE_S))
        gaps[instance.name] = 100 * (statistics.median(found) / best - 1)
        print(f"{instance.name:10} best {best:8.1f} found {found} gap {gaps[instance.name]:.2f} %")
    told.ratios["gap_percent_median"] = statistics.median(gaps.values())
    told.conditions |= {
        "instances": {name: round(gap, 2) for name, gap in gaps.items()},
        "instance_search_s": INSTANCE_S,
        "instances_are": "public" if given else "drawn; reference: PyVRP, five times as long",
    }


def on_the_county(told: Told) -> None:
    """Measure what needs the demo county."""
    prepared: Ground = ground()
    if "month" in PARTS:
        made = compared("month", prepared.month, MONTH_S, told)
        if "replan" in PARTS:
            replanned(prepared.month.problem, made, told)
    if "quarter" in PARTS:
        compared("quarter", prepared.quarter, QUARTER_S, told)
    if "matrix" in PARTS:
        matrix(prepared.travel.graph, told)


def main() -> None:
    """Measure, end with one line of JSON."""
    told = Told()
    if set(PARTS) & {"month", "quarter", "matrix"}:
        on_the_county(told)
    if "instances" in PARTS:
        public(told)
    if "province" in PARTS:
        routing_province.measure(told.ratios, told.conditions)
    told.conditions |= {"processors": os.cpu_count(), "load": os.getloadavg()[0]}
    rounded = {name: round(ratio, 3) for name, ratio in told.ratios.items()}
    print(json.dumps({"bench": "routing", "ratios": rounded, "conditions": told.conditions}))


if __name__ == "__main__":
    main()
