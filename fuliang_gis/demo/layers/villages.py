"""Villages: 57 key ones, workrooms, plans."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from fuliang_gis.areas.names import initials
from fuliang_gis.demo.rows import Row, Value, caretaker, day, pick, point
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.world import World, geographic

KEY_LEVELS = {"province": 11, "city": 19, "county": 27}
WORKROOMS = 169

_PLAN = {
    "province": {"approved": 0.8, "drafted": 0.2},
    "key": {"approved": 0.35, "drafted": 0.35, "drafting": 0.3},
    "none": {"not_started": 0.45, "drafting": 0.2, "drafted": 0.12, "approved": 0.08},
}
_CLASSES = {"cluster": 0.5, "heritage": 0.14, "suburban": 0.1, "relocate": 0.06, "other": 0.2}


def key_levels(world: World) -> dict[int, str]:
    """Return the key level of each key village by its number; remote villages are likelier."""
    rng = world.rng(11)
    rural = np.array(world.rural)
    places = np.array([[world.sites[n].x, world.sites[n].y] for n in rural])
    weights = 0.2 + world.landscape.mountainous(places)
    count = sum(KEY_LEVELS.values())
    chosen = rng.choice(rural, count, replace=False, p=weights / weights.sum())
    levels = [level for level, number in KEY_LEVELS.items() for _ in range(number)]
    return dict(zip(chosen.tolist(), levels, strict=True))


def village_rows(world: World) -> Iterator[Row]:
    """Yield every village-level division at its committee."""
    rng = world.rng(12)
    levels = key_levels(world)
    rooms = _with_workroom(world, rng)
    for number, site in enumerate(world.sites):
        fields = _fields(site, levels.get(number, "none"), number, rng, workroom=number in rooms)
        yield Row(
            layer="villages",
            code=site.code,
            name=site.spoken,
            initials=initials(site.spoken),
            division_code=site.code,
            geom=point(geographic(np.array([site.x, site.y]))[0]),
            asset_class="public_welfare",
            use_status="in_use",
            review_state="county_verified",
            custodian=caretaker(site),
            survey_date=day(rng, date(2022, 3, 1), date(2022, 10, 31)),
            fields=fields,
        )


def _with_workroom(world: World, rng: np.random.Generator) -> set[int]:
    others = [n for n in range(len(world.sites)) if n not in set(world.rural)]
    more = rng.choice(others, WORKROOMS - len(world.rural), replace=False)
    return {*world.rural, *more.tolist()}


def _fields(
    site: Site,
    level: str,
    number: int,
    rng: np.random.Generator,
    *,
    workroom: bool,
) -> dict[str, Value]:
    status = _plan_status(site, level, rng)
    planned, approved = status in {"drafted", "approved"}, status == "approved"
    return {
        "key_level": level,
        "village_class": pick(rng, _CLASSES) if site.kind == "village" else None,
        "households": site.households,
        "population": site.population,
        "workroom": workroom,
        "informants": 1 if workroom else None,
        "plan_status": status,
        "plan_name": f"{site.place}村庄规划（示意）" if planned else None,
        "approval_no": f"示意〔2022〕{number + 1}号" if approved else None,
        "approved_on": day(rng, date(2021, 3, 1), date(2022, 10, 31)) if approved else None,
        "honours": "文明村镇" if rng.uniform() < 0.07 else None,
    }


def _plan_status(site: Site, level: str, rng: np.random.Generator) -> str:
    if site.kind != "village":
        return "not_required"
    return pick(rng, _PLAN["key" if level in {"city", "county"} else level])
