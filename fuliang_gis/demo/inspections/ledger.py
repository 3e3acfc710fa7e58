"""The supervision ledger of 2022 in form and number: its words are invented, and say so."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache

import numpy as np

from fuliang_gis.clock import ZONE
from fuliang_gis.demo.inspections.defects import Defect, opened
from fuliang_gis.demo.inspections.office import Office
from fuliang_gis.demo.inspections.posts import Posts
from fuliang_gis.demo.inspections.times import Year, at_work
from fuliang_gis.inspections.defects.rules import Act
from fuliang_gis.material import DATA

_PATH = DATA / "demo" / "supervision.csv"
_FINDER = "考核评估反馈（虚构）"
_BETWEEN = "；"


@dataclass(frozen=True)
class Problem:
    """One problem of the ledger, before anything is done about it."""

    aspect: str
    title: str
    severity: str
    lead_unit: str
    measures: tuple[str, ...]


@cache
def problems() -> tuple[Problem, ...]:
    """Return the ledger's problems in the order of its aspects."""
    with _PATH.open(encoding="utf-8", newline="") as file:
        return tuple(
            Problem(
                row["aspect"],
                row["title"],
                row["severity"],
                row["lead_unit"],
                tuple(row["measures"].split(_BETWEEN)),
            )
            for row in csv.DictReader(file)
        )


def ledger_of(posts: Posts, year: Year, rng: np.random.Generator) -> list[Defect]:
    """Return the ledger: handed over when the year began, struck off one by one within it."""
    found_at = at_work(datetime.combine(year.start, time(9), ZONE) + timedelta(days=12))
    towns = sorted(posts.staff)
    return [
        _closed(problem, number, towns, posts, year, found_at, rng)
        for number, problem in enumerate(problems())
    ]


def _closed(
    problem: Problem,
    number: int,
    towns: Sequence[str],
    posts: Posts,
    year: Year,
    found_at: datetime,
    rng: np.random.Generator,
) -> Defect:
    # Every third problem was the county's own; the others were the townships'.
    division = towns[number % len(towns)] if number % 3 else towns[0][:6]
    days = int(rng.integers(60, 181))
    at = found_at + timedelta(minutes=number)
    defect = opened(
        f"{problem.title}（虚构）",
        [f"{text}（虚构）" for text in problem.measures],
        posts.unit(division),
        category="policy" if problem.aspect in ("policy", "responsibility") else "other",
        severity=problem.severity,
        source="supervision",
        division_code=division,
        found_by=posts.county,
        found_by_name=_FINDER,
        found_at=at,
        opened_at=at,
        due_on=found_at.date() + timedelta(days=days),
        aspect=problem.aspect,
        lead_unit=problem.lead_unit,
        responsible_unit=posts.unit(division),
        description="演示数据：按 2022 年“五个方面 41 个问题 87 条措施”的格式编写，内容均为虚构。",
    )
    defect.told(Act.FIND, at, posts.county, defect.description, {"photos": []})
    return Office(posts, year, rng).strike_off(defect)
