"""The base year of an invented village: parcels that fill it, and its control lines (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.plans.faces import (
    Array,
    Shapes,
    cells,
    faces,
    joined,
    points_of,
    scattered,
    thinned,
)
from fuliang_gis.demo.plans.land import Land
from fuliang_gis.planning.parcels import ControlLine, Parcel

#: How far apart the middles of parcels are [m], by zone.
_APART = {"core": 40.0, "fringe": 52.0, "field": 165.0, "wood": 430.0}
#: Smaller or narrower pieces are joined to a neighbour [m²], [m].
_LEAST_M2, _LEAST_WIDTH = 160.0, 3.2
#: Uses of what is no house, by zone and share.
_USES: Mapping[str, Mapping[str, float]] = {
    "core": {"0103": 0.5, "1403": 0.12, "2301": 0.28, "0205": 0.1},
    "fringe": {"0103": 0.42, "0101": 0.24, "0201": 0.14, "1704": 0.06, "0403": 0.14},
    "low": {"0101": 0.84, "0103": 0.16},
    "slope": {"0103": 0.3, "0202": 0.45, "0201": 0.25},
    "wood": {"0301": 0.68, "0302": 0.22, "0303": 0.1},
}
#: Shares of the fields' zone that lie low, and that lie on slopes; the rest is wooded.
_LOW, _SLOPE = 0.5, 0.72
#: Uses of roads away from the houses, by class.
_ROADS = {
    "trunk": "1202",
    "primary": "1202",
    "secondary": "1202",
    "tertiary": "1202",
    "unclassified": "060101",
    "track": "060102",
}
#: Share of paddies away from the houses that is permanent farmland, of the woods that is redline.
_FARMLAND, _REDLINE = 0.72, 0.3


@dataclass(frozen=True)
class Piece:
    """A parcel with where it lies: its zone, and the number of the nearest hamlet."""

    parcel: Parcel
    zone: str
    place: int

    @property
    def area(self) -> float:
        """Return its area [m²]."""
        return float(self.parcel.geom.area)


@dataclass(frozen=True)
class Base:
    """A village in its base year; ``boundary`` is the land that its parcels fill."""

    boundary: BaseGeometry
    pieces: Sequence[Piece]
    lines: Sequence[ControlLine]

    @property
    def parcels(self) -> dict[str, Parcel]:
        """Return the parcels by id."""
        return {piece.parcel.id: piece.parcel for piece in self.pieces}


def base_of(land: Land, rng: np.random.Generator) -> Base:
    """Cut a village into parcels, and draw its control lines."""
    cut, seeds = _cut(land, rng)
    labels = _labels(land, cut, seeds)
    parts = sorted(joined(cut, labels, _LEAST_M2, _LEAST_WIDTH), key=_from_north)
    pieces = _used(land, parts, rng)
    boundary = shapely.coverage_union_all(np.array([p.parcel.geom for p in pieces], dtype=object))
    return Base(boundary, pieces, _lines(land, pieces, rng))


def _shapes(parts: Sequence[Part]) -> Shapes:
    return np.array([shape for _, shape in parts], dtype=object)


def _cut(land: Land, rng: np.random.Generator) -> tuple[Shapes, dict[str, Array]]:
    """Return the faces of a village, and the middles of its parcels by zone."""
    strips = shapely.union_all(list(land.roads.values()))
    areas, left = {}, land.outline.difference(land.river)
    for zone, reach in (("core", land.cores), ("fringe", land.fringe), ("field", land.fields)):
        areas[zone], left = left.intersection(reach), left.difference(reach)
    areas["wood"] = left
    seeds = {zone: scattered(area, _APART[zone], rng) for zone, area in areas.items()}
    seeds["core"] = thinned(np.concatenate([p.houses for p in land.places]), _APART["core"])
    middles = np.array([place.middle for place in land.places])
    lines = cells(middles, strips.intersection(land.outline))
    for zone, area in areas.items():
        lines += cells(seeds[zone], area.difference(strips))
    # Outlines come as they are: cut by each other, they would run side by side by a hair.
    drawn = (land.outline, land.river, land.cores, land.fringe, land.fields, *land.roads.values())
    return faces([*lines, *map(shapely.boundary, drawn)], land.outline), seeds


#: Zone, class of road or nothing, hamlet, number of the cell.
Label = tuple[str, str, int, int]
Part = tuple[Label, Polygon]


def _labels(land: Land, cut: Shapes, seeds: Mapping[str, Array]) -> list[Label]:
    """Return of each face: its zone, road class, hamlet, and the number of its cell."""
    middle = shapely.point_on_surface(cut)
    places = shapely.STRtree(points_of(np.array([p.middle for p in land.places])))
    near = places.query_nearest(middle, all_matches=False)[1]
    zones = np.full(len(cut), "wood", dtype=object)
    for zone, area in (
        ("field", land.fields),
        ("fringe", land.fringe),
        ("core", land.cores),
        ("river", land.river),
    ):
        shapely.prepare(area)
        zones[shapely.covers(area, middle)] = zone
    roads = np.full(len(cut), "", dtype=object)
    for name, strip in reversed(land.roads.items()):
        shapely.prepare(strip)
        roads[shapely.covers(strip, middle)] = name
    cell = np.zeros(len(cut), dtype=np.int64)
    for zone, points in seeds.items():
        own = (zones == zone) & (roads == "")
        if len(points) and own.any():
            tree = shapely.STRtree(points_of(points))
            cell[own] = tree.query_nearest(middle[own], all_matches=False)[1]
    built = np.isin(zones, ("core", "fringe"))
    zones[(roads != "") & ~built] = "open"
    zones[(roads != "") & built] = "core"
    # A cell knows its hamlet by its zone; rivers and roads are told hamlet by hamlet.
    hamlet = np.where((roads == "") & ~np.isin(zones, ("core", "fringe")), -1, near)
    return list(zip(zones.tolist(), roads.tolist(), hamlet.tolist(), cell.tolist(), strict=True))


def _from_north(part: Part) -> tuple[float, float]:
    place = part[1].representative_point()
    return -round(place.y, 2), round(place.x, 2)


def _used(land: Land, parts: Sequence[Part], rng: np.random.Generator) -> list[Piece]:
    middle = shapely.point_on_surface(_shapes(parts))
    places = shapely.STRtree(points_of(np.array([p.middle for p in land.places])))
    near = places.query_nearest(middle, all_matches=False)[1].tolist()
    zones = _grounds(land, [label[0] for label, _ in parts], middle)
    homes = _homes(land, parts)
    codes = [
        _code(zone, label[1], count, rng)
        for (label, _), zone, count in zip(parts, zones, homes, strict=True)
    ]
    return [
        Piece(_parcel(number + 1, code, shape, land.places[place].name, count), zone, place)
        for number, ((_, shape), zone, code, place, count) in enumerate(
            zip(parts, zones, codes, near, homes, strict=True)
        )
    ]


def _parcel(number: int, code: str, shape: Polygon, place: str, homes: int) -> Parcel:
    named = {"0703": f"{place}宅基地", "0704": "村委会"}
    return Parcel(f"X{number:04d}", code, shape, name=named.get(code, ""), households=max(homes, 1))


def _grounds(land: Land, zones: Sequence[str], middle: Shapes) -> list[str]:
    """Tell fields on low ground from slopes and from woods."""
    heights = land.height(shapely.get_coordinates(middle))
    own = [heights[n] for n, zone in enumerate(zones) if zone == "field"]
    if not own:
        return list(zones)
    low, slope = np.quantile(own, (_LOW, _SLOPE))
    kinds = np.where(heights <= low, "low", np.where(heights <= slope, "slope", "wood"))
    return [str(kinds[n]) if zone == "field" else zone for n, zone in enumerate(zones)]


def _homes(land: Land, parts: Sequence[Part]) -> list[int]:
    """Return the households of each parcel, -1 for the village committee's."""
    yards = np.array([n for n, (label, _) in enumerate(parts) if label[:2] == ("core", "")])
    tree = shapely.STRtree(np.array([parts[n][1] for n in yards], dtype=object))
    seat = shapely.Point(land.places[0].middle)
    office = yards[int(tree.nearest(seat))]
    yards = yards[yards != office]
    tree = shapely.STRtree(np.array([parts[n][1] for n in yards], dtype=object))
    houses = points_of(np.concatenate([place.houses for place in land.places]))
    found = yards[tree.query_nearest(houses, all_matches=False)[1]]
    homes = np.bincount(found, minlength=len(parts))
    homes[office] = -1
    return [int(count) for count in homes]


def _code(zone: str, road: str, homes: int, rng: np.random.Generator) -> str:
    if road:
        return "1207" if zone == "core" else _ROADS[road]
    if zone == "river":
        return "1701"
    if homes:
        return "0703" if homes > 0 else "0704"
    shares = _USES[zone]
    return str(rng.choice(list(shares), p=list(shares.values())))


def _lines(land: Land, pieces: Sequence[Piece], rng: np.random.Generator) -> list[ControlLine]:
    paddies = [p for p in pieces if p.zone == "low" and p.parcel.code == "0101"]
    farmland = [p for p in paddies if rng.uniform() < _FARMLAND]
    woods = [p for p in pieces if p.zone == "wood" and p.parcel.code.startswith("03")]
    tops = land.height(np.array([p.parcel.geom.representative_point().coords[0] for p in woods]))
    high = [p for p, top in zip(woods, tops, strict=True) if top >= np.quantile(tops, 1 - _REDLINE)]
    order = sorted(range(len(land.places)), key=lambda n: -len(land.places[n].houses))
    elastic = {n for n in order[1:3] if n != 0}
    built = [
        p for p in pieces if p.zone == "core" or (p.zone == "fringe" and p.place not in elastic)
    ]
    spare = [p for p in pieces if p.zone == "fringe" and p.place in elastic]
    drawn = (
        ("YJ", "0202", "永久基本农田", farmland),
        ("HX", "0102", "生态保护红线", high),
        ("JS", "0301", "村庄集中建设区", built),
        ("TX", "0302", "村庄弹性发展区", spare),
    )
    return [
        ControlLine(f"{key}-1", code, _united(chosen), f"{name}（虚构）")
        for key, code, name, chosen in drawn
        if chosen
    ]


def _united(pieces: Sequence[Piece]) -> BaseGeometry:
    return shapely.coverage_union_all(np.array([p.parcel.geom for p in pieces], dtype=object))
