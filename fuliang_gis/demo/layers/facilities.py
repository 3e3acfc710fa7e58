"""Public sanitation: toilets, waste points, transfer stations, wastewater, black-odorous water."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import shapely

from fuliang_gis.demo.layers.sanitation import facility
from fuliang_gis.demo.rows import Row, Value, amount, day, pick, point
from fuliang_gis.demo.world import World, geographic
from fuliang_gis.geo.measures import ellipsoid_area, ellipsoid_length

WASTEWATER = 14
BLACK_WATER = 11
PUBLIC_TOILETS = 152

_CONDITION = {"normal": 0.94, "idle_usable": 0.03, "unusable": 0.03}
_PROCESSES = {"ao": 3, "a2o": 3, "mbr": 1, "wetland": 4, "septic": 1}
_STATUS = {"surveyed": 2, "treating": 4, "finished": 3, "accepted": 2}
_FIRST, _LAST = date(2022, 3, 1), date(2022, 10, 20)


def facility_rows(world: World) -> Iterator[Row]:
    """Yield every public facility."""
    rng = world.rng(51)
    yield from _public_toilets(world, rng)
    yield from _waste_points(world, rng)
    yield from _transfer_stations(world, rng)
    yield from _wastewater(world, rng)
    yield from _black_water(world, rng)


def _public_toilets(world: World, rng: np.random.Generator) -> Iterator[Row]:
    chosen = rng.choice(len(world.sites), PUBLIC_TOILETS, replace=False)
    for number, village in enumerate(np.sort(chosen).tolist()):
        hamlet = world.hamlets_of[village][0]
        site = world.sites[village]
        fields: dict[str, Value] = {
            "kind": "public_toilet",
            "condition": pick(rng, _CONDITION),
            "built_year": int(rng.integers(2012, 2022)),
            "toilet_type": pick(rng, {"sewered": 0.4, "three_chamber": 0.6}),
            "position": "outdoor",
            "volume_m3": amount(rng.uniform(6, 30)),
            "excreta_route": pick(rng, {"hauled": 0.6, "sewer": 0.4}),
            "is_problem": False,
            "seats": int(rng.integers(4, 13)),
        }
        geom = point(geographic(world.around(hamlet, 20.0, 90.0, 8, rng)[0])[0])
        parts = (site.place, "公厕")
        code = f"GC-{site.code}-{number + 1:03d}"
        yield facility(code, parts, site, geom, day(rng, _FIRST, _LAST), fields)


def _waste_points(world: World, rng: np.random.Generator) -> Iterator[Row]:
    """Yield a collection point for every hamlet of a hundred households, and each committee's."""
    for number, hamlet in enumerate(world.hamlets):
        site = world.site(number)
        if hamlet.main or hamlet.households >= 100:
            fields: dict[str, Value] = {
                "kind": "waste_point",
                "condition": pick(rng, _CONDITION),
                "built_year": int(rng.integers(2014, 2022)),
                "capacity_t_d": amount(max(0.2, hamlet.population * 0.0009)),
            }
            geom = point(geographic(world.around(number, 40.0, 160.0, 8, rng)[0])[0])
            parts = (site.place, hamlet.name, "垃圾收集点")
            code = f"LJ-{site.code}-{number + 1:04d}"
            yield facility(code, parts, site, geom, day(rng, _FIRST, _LAST), fields)


def _transfer_stations(world: World, rng: np.random.Generator) -> Iterator[Row]:
    for town in world.towns:
        village = world.nearest_village(town)
        site, hamlet = world.sites[village], world.hamlets_of[village][0]
        people = sum(s.population for s in world.sites if s.township == town.code)
        fields: dict[str, Value] = {
            "kind": "transfer_station",
            "built_year": int(rng.integers(2013, 2020)),
            "capacity_t_d": amount(round(people * 0.0011) + 5),
        }
        geom = point(geographic(world.around(hamlet, 350.0, 900.0, 24, rng)[0])[0])
        code = f"ZY-{town.code}"
        parts = (town.name, "垃圾转运站")
        yield facility(code, parts, site, geom, day(rng, _FIRST, _LAST), fields)


def _wastewater(world: World, rng: np.random.Generator) -> Iterator[Row]:
    """Yield a facility below each of the largest hamlets, no two in one village."""
    homes = [hamlet.households for hamlet in world.hamlets]
    largest = [max(world.hamlets_of[village], key=homes.__getitem__) for village in world.rural]
    largest.sort(key=lambda hamlet: -homes[hamlet])
    for number, hamlet in enumerate(largest[:WASTEWATER]):
        site, place = world.site(hamlet), world.hamlets[hamlet]
        points = world.around(hamlet, 120.0, 420.0, 24, rng)
        lowest = points[np.argmin(world.landscape.height(points))]
        fields: dict[str, Value] = {
            "kind": "wastewater",
            "built_year": int(rng.integers(2012, 2020)),
            "process": pick(rng, _PROCESSES),
            "design_m3d": amount(round(place.population * 0.06, -1) + 10),
            "served_households": round(place.households * rng.uniform(0.6, 0.95)),
            "task": "upgrade",
        }
        parts = (site.place, place.name, "集中式污水处理设施")
        code = f"WS-{site.code}-{number + 1:02d}"
        geom = point(geographic(lowest)[0])
        yield facility(code, parts, site, geom, day(rng, _FIRST, _LAST), fields)


def _black_water(world: World, rng: np.random.Generator) -> Iterator[Row]:
    villages = rng.choice(world.rural, BLACK_WATER, replace=False)
    for number, village in enumerate(np.sort(villages).tolist()):
        hamlet = int(rng.choice(world.hamlets_of[village]))
        site = world.sites[village]
        middle = world.around(hamlet, 60.0, 260.0, 12, rng)[0]
        ditch = number % 3 == 2
        geom = _ditch(middle, rng) if ditch else _pond(middle, rng)
        width = float(rng.uniform(2, 5))
        area = ellipsoid_length(geom) * width if ditch else ellipsoid_area(geom)
        fields: dict[str, Value] = {
            "kind": "black_water",
            "water_type": "ditch" if ditch else "pond",
            "area_m2": amount(area, 0),
            "water_status": pick(rng, _STATUS),
        }
        parts = (site.place, world.hamlets[hamlet].name, "水沟" if ditch else "水塘")
        code = f"HS-{site.code}-{number + 1:02d}"
        yield facility(code, parts, site, geom, day(rng, _FIRST, _LAST), fields)


def _pond(middle: np.ndarray, rng: np.random.Generator) -> shapely.Polygon:
    """Return a rounded patch of about 600 to 5,000 m²."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    turn, size = rng.uniform(0, 2 * np.pi), rng.uniform(15, 40)
    radius = size * (1 + 0.22 * np.cos(2 * angle + turn) + 0.08 * np.cos(5 * angle))
    ring = middle + radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return shapely.Polygon(geographic(ring))


def _ditch(middle: np.ndarray, rng: np.random.Generator) -> shapely.LineString:
    """Return a winding line of 150 to 450 m."""
    steps = np.linspace(-0.5, 0.5, 13) * rng.uniform(150, 450)
    turn = rng.uniform(0, np.pi)
    across = 12 * np.sin(steps / 40 + rng.uniform(0, 6))
    c, s = np.cos(turn), np.sin(turn)
    return shapely.LineString(
        geographic(middle + np.column_stack([steps * c - across * s, steps * s + across * c]))
    )
