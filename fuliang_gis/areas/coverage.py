"""Judge whether the divisions in the database cover the county without gap or overlap."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from sqlalchemy.orm import Session

from fuliang_gis.areas.queries import boundaries
from fuliang_gis.geo.measures import ellipsoid_area
from fuliang_gis.geo.validity import CoverageFault, coverage_faults, coverage_valid

#: Rounded coordinates let a level and its parent differ by a few centimetres along the border.
TOLERANCE = 10.0


@dataclass(frozen=True)
class LevelReport:
    """One level: how many polygons, their faults, and how far they are from the county [m²]."""

    level: str
    count: int
    exact: bool
    faults: tuple[CoverageFault, ...]
    differs: float


def report(session: Session) -> list[LevelReport]:
    """Check townships and villages."""
    county = shapely.union_all(list(boundaries(session, "county").values()))
    found = []
    for level in ("township", "village"):
        polygons = boundaries(session, level)
        rest = shapely.symmetric_difference(county, shapely.union_all(list(polygons.values())))
        area = sum(ellipsoid_area(part) for part in shapely.get_parts(rest) if part.area)
        faults = tuple(coverage_faults(polygons, TOLERANCE))
        exact = coverage_valid(polygons)
        found.append(LevelReport(level, len(polygons), exact, faults, area))
    return found
