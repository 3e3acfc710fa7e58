"""Sanitation: the household survey with its toilets, and public facilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.rows import Row, Survey, Value, amount, caretaker, letters, picks
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.shares import split_within
from fuliang_gis.demo.world import World, geographic

SURVEYED = 63_518
TOILETS = 53_503
PROBLEMS = 46_796
VERIFIED = 55_692

_TYPES = {
    "three_chamber": 0.6,
    "double_urn": 0.08,
    "biogas": 0.03,
    "urine_diverting": 0.01,
    "twin_pit": 0.04,
    "sewered": 0.06,
    "other_sanitary": 0.06,
    "unsanitary": 0.12,
}
_ROUTES = {"farm": 0.55, "hauled": 0.2, "sewer": 0.08, "direct": 0.17}
_PROBLEMS = {
    "house_damaged": 0.16,
    "tank_leaks": 0.17,
    "pipe_reversed": 0.1,
    "not_harmless": 0.2,
    "not_connected": 0.09,
    "too_far": 0.05,
    "no_service": 0.14,
    "old_remains": 0.06,
    "shared_too_wide": 0.03,
}
_WAYS = {"at_once": 0.35, "in_stages": 0.45, "by_deadline": 0.2}
_CONDITIONS = {"normal": 0.925, "idle_usable": 0.04, "unusable": 0.028, "demolished": 0.007}
USE_OF_CONDITION = {
    "normal": "in_use",
    "idle_usable": "idle",
    "unusable": "damaged",
    "demolished": "disposed",
}
_FIRST_DAY = date(2022, 3, 1)


@dataclass(frozen=True)
class Counts:
    """How many households of each hamlet are surveyed, have a toilet, and so on."""

    surveyed: NDArray[np.int64]
    toilets: NDArray[np.int64]
    problems: NDArray[np.int64]
    verified: NDArray[np.int64]


@dataclass(frozen=True)
class Toilet:
    """The drawn properties of one household's toilet."""

    kind: str
    indoor: bool
    volume: float
    route: str
    condition: str
    problem: bool
    problems: list[str]
    way: str
    year: int


def counts(world: World) -> Counts:
    """Share the county's totals among hamlets; villages differ in effort and in faults."""
    rng = world.rng(41)
    homes = [hamlet.households for hamlet in world.hamlets]
    village = np.array([hamlet.site for hamlet in world.hamlets])
    effort = rng.uniform(0.55, 1.0, len(world.sites))[village]
    surveyed = split_within(SURVEYED, effort * homes, homes)
    toilets = split_within(TOILETS, surveyed, surveyed.tolist())
    fault = rng.uniform(0.6, 1.0, len(world.sites))[village]
    problems = split_within(PROBLEMS, toilets * fault, toilets.tolist())
    speed = rng.uniform(0.4, 1.0, len(world.sites))[village]
    verified = split_within(VERIFIED, surveyed * speed, surveyed.tolist())
    return Counts(surveyed, toilets, problems, verified)


def survey(world: World) -> tuple[list[Row], list[Survey]]:
    """Return household toilets, and the survey records of all surveyed households."""
    rng = world.rng(42)
    totals = counts(world)
    rows: list[Row] = []
    surveys: list[Survey] = []
    for number, hamlet in enumerate(world.hamlets):
        offset = sum(int(totals.surveyed[n]) for n in world.hamlets_of[hamlet.site] if n < number)
        _hamlet(world, number, totals, offset, rng, rows, surveys)
    return rows, surveys


def _hamlet(
    world: World,
    number: int,
    totals: Counts,
    offset: int,
    rng: np.random.Generator,
    rows: list[Row],
    surveys: list[Survey],
) -> None:
    """Add one hamlet's households; ``offset`` counts those of the village's earlier hamlets."""
    hamlet, site = world.hamlets[number], world.site(number)
    surveyed, toilets = int(totals.surveyed[number]), int(totals.toilets[number])
    if not surveyed:
        return
    states = _states(surveyed, int(totals.verified[number]), rng)
    days = rng.integers(0, 200, surveyed)
    delays = rng.integers(1, 15, surveyed)
    drawn = _toilets(toilets, int(totals.problems[number]), rng)
    places = shapely.get_parts(shapely.MultiPoint(_placed(world, number, surveyed)))
    stem = f"{site.place}{hamlet.name}"
    short = letters(site.place, hamlet.name)
    for n in range(surveyed):
        household = f"{offset + n + 1:04d}"
        on = _FIRST_DAY + timedelta(days=int(days[n]))
        code = f"HC-{site.code}-{household}" if n < toilets else None
        if code:
            name = f"{stem}{n + 1}号户厕"
            rows.append(
                Row(
                    layer="sanitation_facilities",
                    code=code,
                    name=name,
                    initials=f"{short}{n + 1}hhc",
                    division_code=site.code,
                    geom=places[n],
                    asset_class="household",
                    use_status=USE_OF_CONDITION[drawn[n].condition],
                    review_state=states[n],
                    custodian=caretaker(site),
                    survey_date=on,
                    fields=_toilet_fields(drawn[n]),
                )
            )
        entered = on + timedelta(days=int(delays[n]))
        surveys.append(Survey(site.code, household, code, states[n], on, entered))


def _placed(world: World, hamlet: int, count: int) -> NDArray[np.float64]:
    return geographic(np.array(world.houses[hamlet][:count]))


def _states(surveyed: int, verified: int, rng: np.random.Generator) -> list[str]:
    rest = picks(rng, {"submitted": 0.92, "returned": 0.08}, surveyed - verified)
    states = np.array([*["county_verified"] * verified, *rest])
    return [str(state) for state in rng.permutation(states)]


def _toilets(count: int, problems: int, rng: np.random.Generator) -> list[Toilet]:
    faulty = rng.permutation(np.arange(count) < problems)
    columns = [picks(rng, shares, count) for shares in (_TYPES, _ROUTES, _CONDITIONS, _WAYS)]
    found = np.array([picks(rng, _PROBLEMS, count), picks(rng, _PROBLEMS, count)]).T.reshape(-1, 2)
    volume, indoor, twice = rng.uniform(0.9, 2.6, count), rng.random(count), rng.random(count)
    years = rng.integers(2004, 2022, count)
    return [
        Toilet(
            kind=kind,
            indoor=bool(indoor[n] < 0.45),
            volume=float(volume[n]),
            route=route if faulty[n] or route != "direct" else "farm",
            condition=condition if faulty[n] else "normal",
            problem=bool(faulty[n]),
            problems=_faults(kind, route, condition, found[n].tolist(), two=bool(twice[n] < 0.3)),
            way=way,
            year=int(years[n]),
        )
        for n, (kind, route, condition, way) in enumerate(zip(*columns, strict=True))
    ]


def _faults(kind: str, route: str, condition: str, drawn: list[str], *, two: bool) -> list[str]:
    faults = list[str](drawn[: 2 if two else 1])
    if route == "direct":
        faults[0] = "direct_discharge"
    elif kind == "unsanitary":
        faults[0] = "not_harmless"
    elif condition == "idle_usable":
        faults[0] = "disused"
    return list(dict.fromkeys(faults))


def _toilet_fields(toilet: Toilet) -> dict[str, Value]:
    return {
        "kind": "household_toilet",
        "condition": toilet.condition,
        "built_year": toilet.year,
        "toilet_type": toilet.kind,
        "position": "indoor" if toilet.indoor else "outdoor",
        "volume_m3": amount(toilet.volume),
        "excreta_route": toilet.route,
        "is_problem": toilet.problem,
        "problem_types": toilet.problems if toilet.problem else None,
        "rectification": toilet.way if toilet.problem else None,
        "seats": 1,
    }


def facility(
    code: str,
    parts: Sequence[str],
    site: Site,
    geom: BaseGeometry,
    surveyed_on: date,
    fields: dict[str, Value],
) -> Row:
    """Return a public facility; ``parts`` of its name are put together."""
    condition = str(fields.setdefault("condition", "normal"))
    return Row(
        layer="sanitation_facilities",
        code=code,
        name="".join(parts),
        initials=letters(*parts),
        division_code=site.code,
        geom=geom,
        asset_class="public_welfare",
        use_status=USE_OF_CONDITION[condition],
        review_state="county_verified",
        custodian=caretaker(site),
        survey_date=surveyed_on,
        fields=fields,
    )
