"""Water projects: 626 schemes for 200,000 people, small ones uphill of their hamlets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from fuliang_gis.areas.names import initials
from fuliang_gis.demo.rows import Row, Value, amount, caretaker, day, pick, point
from fuliang_gis.demo.shares import split
from fuliang_gis.demo.world import HOUSEHOLDS, POPULATION, World, geographic

PROJECTS = 626
SERVED = 200_000
_PLANTS = {"integrated": 10, "thousand_ton": 6}
_PLANTS_SERVE = 92_000
#: Below this many people a scheme counts as scattered.
_SCATTERED = 100

_RUN = {"normal": 0.93, "repair": 0.04, "to_rebuild": 0.03}
_SOURCES = {"spring": 0.52, "surface": 0.22, "ground": 0.2, "reservoir": 0.06}
_TREATMENT = {
    "sedimentation": 0.4,
    "slow_sand": 0.3,
    "conventional": 0.15,
    "none": 0.1,
    "membrane": 0.05,
}
_GOOD = {"met": 0.87, "basic": 0.13}
_SOURCE_NAMES = {"spring": "山泉", "surface": "溪", "ground": "井", "reservoir": "山塘"}
_SPOTS = {"后山": 3, "山塘": 1, "水口": 1, "": 2}


def water_rows(world: World) -> Iterator[Row]:
    """Yield the plants of the towns, then the schemes of the hamlets."""
    rng = world.rng(21)
    count = sum(_PLANTS.values())
    plants = split(_PLANTS_SERVE, rng.lognormal(0, 0.5, count), least=1800)
    towns = rng.permutation(len(world.towns))[:count].tolist()
    kinds = [kind for kind, number in _PLANTS.items() for _ in range(number)]
    for town, kind, served in zip(towns, kinds, plants.tolist(), strict=True):
        yield _plant(world, town, kind, served, rng)
    chosen = _chosen(world, PROJECTS - count, rng)
    people = np.array([world.hamlets[n].population for n in chosen])
    weights = people * rng.choice([0.7, 1.0, 1.0, 1.6, 2.4], len(chosen))
    shares = split(SERVED - _PLANTS_SERVE, weights, least=12)
    for number, (hamlet, served) in enumerate(zip(chosen, shares.tolist(), strict=True)):
        yield _scheme(world, number, hamlet, served, rng)


def _chosen(world: World, count: int, rng: np.random.Generator) -> list[int]:
    """Choose hamlets with a scheme of their own, remote ones rather than those near a town."""
    rural = set(world.rural)
    able = [n for n, hamlet in enumerate(world.hamlets) if hamlet.site in rural]
    places = np.array([[world.hamlets[n].x, world.hamlets[n].y] for n in able])
    weights = 0.15 + world.landscape.mountainous(places)
    picked = rng.choice(len(able), count, replace=False, p=weights / weights.sum())
    return [able[n] for n in np.sort(picked).tolist()]


def _plant(world: World, town: int, kind: str, served: int, rng: np.random.Generator) -> Row:
    place = world.towns[town]
    hamlet = world.hamlets_of[world.nearest_village(place)][0]
    name = f"{place.name}{'城乡供水一体化水厂' if kind == 'integrated' else '集中供水厂'}"
    design = round(served * rng.uniform(0.13, 0.18), -1)
    if kind == "thousand_ton":
        design = max(design, 1000.0)
    source = "reservoir" if rng.uniform() < 0.5 else "surface"
    fields = _fields(kind, served, design, source, rng)
    fields |= {"treatment": "conventional", "disinfection": True, "served_hamlets": served // 160}
    fields |= {"run_status": "normal", "protected": True, "supply_mode": "continuous"}
    fields["source_name"] = f"{place.name[:-1]}{'水库' if source == 'reservoir' else '河'}（示意）"
    return _row(world, f"GS-{place.code}-C{town:02d}", name, hamlet, 350.0, fields, rng)


def _scheme(world: World, number: int, hamlet: int, served: int, rng: np.random.Generator) -> Row:
    site, place = world.site(hamlet), world.hamlets[hamlet]
    small = served >= _SCATTERED
    stem = f"{site.place}{'' if place.main else place.name}"
    name = f"{stem}{pick(rng, _SPOTS)}{'供水站' if small else '供水点'}"
    design = max(3.0, served * rng.uniform(0.09, 0.16))
    kind = "small" if small else "scattered"
    fields = _fields(kind, served, design, pick(rng, _SOURCES), rng)
    fields["served_hamlets"] = max(1, round(served / 190))
    source = _SOURCE_NAMES[str(fields["source_type"])]
    fields["source_name"] = f"{site.spoken}{place.name}{source}（示意）"
    return _row(world, f"GS-{site.code}-{number + 1:03d}", name, hamlet, 900.0, fields, rng)


def _row(
    world: World,
    code: str,
    name: str,
    hamlet: int,
    reach: float,
    fields: dict[str, Value],
    rng: np.random.Generator,
) -> Row:
    site = world.site(hamlet)
    return Row(
        layer="water_projects",
        code=code,
        name=name,
        initials=initials(name),
        division_code=site.code,
        geom=point(geographic(_uphill(world, hamlet, reach, rng))[0]),
        asset_class="public_welfare",
        use_status={"to_rebuild": "damaged"}.get(str(fields["run_status"]), "in_use"),
        review_state=pick(rng, {"county_verified": 9, "township_reviewed": 0.7, "submitted": 0.3}),
        custodian=caretaker(site),
        survey_date=day(rng, date(2022, 2, 1), date(2022, 10, 20)),
        fields=fields,
    )


def _uphill(world: World, hamlet: int, reach: float, rng: np.random.Generator) -> np.ndarray:
    """Return the point around a hamlet whose height above it comes closest to 45 m."""
    place = world.hamlets[hamlet]
    points = world.around(hamlet, 150.0, reach, 24, rng)
    base = world.landscape.height(np.array([[place.x, place.y]]))[0]
    above = world.landscape.height(points) - base
    return np.asarray(points[np.argmin(np.abs(above - 45))])


def _fields(
    kind: str, served: int, design: float, source: str, rng: np.random.Generator
) -> dict[str, Value]:
    households = max(1, round(served * HOUSEHOLDS / POPULATION))
    return {
        "kind": kind,
        "built_year": int(rng.integers(2006, 2022)),
        "design_m3d": amount(design),
        "actual_m3_year": amount(design * 365 * rng.uniform(0.45, 0.85), 0),
        "source_type": source,
        "source_stable": bool(rng.uniform() < 0.9),
        "protected": bool(rng.uniform() < 0.7),
        "treatment": pick(rng, _TREATMENT),
        "disinfection": bool(rng.uniform() < 0.8),
        "supply_mode": pick(rng, {"continuous": 0.85, "timed": 0.15}),
        "served_population": served,
        "served_households": households,
        "tariff_yuan_m3": amount(rng.choice([0.0, 0.5, 1.0, 1.2, 1.5, 1.8])),
        "run_status": pick(rng, _RUN),
        **{name: pick(rng, _GOOD) for name in ("quantity", "quality", "convenience", "guarantee")},
    }
