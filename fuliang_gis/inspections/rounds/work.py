"""A search by itself (pure): it knows no database and travels to another process."""

from __future__ import annotations

from dataclasses import dataclass

from fuliang_gis.routing.decomposing import plan_by_station
from fuliang_gis.routing.rounds import Plan, Problem
from fuliang_gis.routing.solving import Effort, Progress


@dataclass(frozen=True)
class Work:
    """What is to be solved, the rounds to begin with, and how long to search."""

    problem: Problem
    start_from: Plan | None
    effort: Effort


def search(work: Work, progress: Progress | None = None) -> Plan:
    """Search for the best plan."""
    return plan_by_station(work.problem, work.effort, start_from=work.start_from, progress=progress)
