"""PV stations: 27, on slopes that face south, near their village."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from fuliang_gis.areas.names import initials
from fuliang_gis.demo.rows import Row, Value, amount, caretaker, day, pick, picks, point
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.shares import split
from fuliang_gis.demo.world import World, geographic

STATIONS = 27
#: 2,490,500 kWh a year at about 1,000 full-load hours need about this capacity [10 kWp].
_CAPACITY = 249
_USES = ("public_posts", "public_works", "awards")


def pv_sites(world: World) -> list[int]:
    """Return the numbers of the villages with a station, each from another part of the county."""
    rng = world.rng(31)
    by_town: dict[str, list[int]] = {}
    for number in rng.permutation(world.rural).tolist():
        by_town.setdefault(world.sites[number].township, []).append(number)
    rounds = [queue[turn] for turn in range(3) for queue in by_town.values() if turn < len(queue)]
    return sorted(rounds[:STATIONS])


def pv_rows(world: World) -> Iterator[Row]:
    """Yield the stations."""
    rng = world.rng(32)
    capacity = split(_CAPACITY, rng.lognormal(0, 0.4, STATIONS), least=5) * 10
    for number, (village, kwp) in enumerate(zip(pv_sites(world), capacity.tolist(), strict=True)):
        site = world.sites[village]
        place, tilt, facing = _slope(world, world.hamlets_of[village][0], rng)
        kind = "joint" if kwp >= 120 else "village"
        name = f"{site.place}{'联村' if kind == 'joint' else ''}光伏电站"
        fields = _fields(site, kind, kwp, rng)
        fields |= {"tilt_deg": amount(tilt), "azimuth_deg": amount(facing)}
        yield Row(
            layer="pv_stations",
            code=f"GF-{site.code}-{number + 1:02d}",
            name=name,
            initials=initials(name),
            division_code=site.code,
            geom=point(geographic(place)[0]),
            asset_class="operating",
            use_status="underused" if fields["online_state"] == "low" else "in_use",
            review_state="county_verified",
            custodian=caretaker(site),
            survey_date=day(rng, date(2022, 4, 1), date(2022, 10, 20)),
            fields=fields,
        )


def _slope(world: World, hamlet: int, rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """Return a place on a gentle south slope, its tilt and its azimuth [degrees]."""
    points = world.around(hamlet, 150.0, 1000.0, 160, rng)
    slope, facing = world.landscape.slope(points)
    fault = np.abs(facing - 180) / 90 + np.abs(slope - 0.2) / 0.2
    best = int(np.argmin(fault))
    azimuth = float(np.clip(facing[best], 140, 220))
    return points[best], float(rng.uniform(18, 28)), azimuth


def _fields(site: Site, kind: str, kwp: int, rng: np.random.Generator) -> dict[str, Value]:
    commissioned = day(rng, date(2016, 5, 1), date(2018, 12, 20))
    uses = [use for use in _USES if rng.uniform() < 0.7] or [_USES[0]]
    online = picks(rng, {"online": 22, "low": 2, "alarm": 1, "offline": 1, "fault": 1}, 1)[0]
    return {
        "kind": kind,
        "capacity_kwp": amount(kwp),
        "commissioned_on": commissioned,
        "grid_voltage": "kv10" if kwp >= 180 else "v380",
        "grid_account": f"示意{site.code[-6:]}{int(rng.integers(100, 1000))}",
        "in_subsidy_catalogue": bool(rng.uniform() < 0.9),
        "inverters": max(1, round(kwp / 40)),
        "operator": f"光伏运维单位{pick(rng, {'甲': 1, '乙': 1})}（示意）",
        "contract_end": date(2023 + int(rng.integers(0, 4)), 12, 31),
        "online_state": online,
        "revenue_use": list[str](uses),
    }
