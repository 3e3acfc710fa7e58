"""Invented boundaries: a valid coverage, nested exactly, around the seats, the same for a seed."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuliang_gis.geo.tessellation import Tessellation, Unit, tessellate

OUTLINE = shapely.Polygon(
    [(117.0, 29.2), (117.2, 29.15), (117.25, 29.3), (117.2, 29.26), (117.12, 29.4), (117.02, 29.36)]
)
SEATS = {"A": shapely.Point(117.06, 29.25), "B": shapely.Point(117.17, 29.22)}
UNITS = [
    *(Unit(f"A{n}", "A", urban=n > 4, at_seat=n == 0) for n in range(7)),
    *(Unit(f"B{n}", "B", urban=False) for n in range(5)),
]


def _tessellate(seed: int) -> Tessellation:
    return tessellate(OUTLINE, SEATS, UNITS, seed)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1))
def test_whatever_the_seed(seed: int) -> None:
    """Any seed must give a coverage that fills the outline, nests exactly and holds its centres."""
    made = _tessellate(seed)
    villages = [area.polygon for area in made.villages.values()]
    assert shapely.coverage_is_valid(np.array(villages))
    assert all(shape.is_valid and not shape.is_empty for shape in villages)
    assert shapely.symmetric_difference(made.county, OUTLINE).area < OUTLINE.area * 1e-5
    for code, town in made.townships.items():
        own = [area.polygon for unit, area in made.villages.items() if unit.startswith(code)]
        assert shapely.union_all(own).equals(town.polygon)
        assert town.polygon.contains(SEATS[code])
    assert all(area.polygon.contains(area.centre) for area in made.villages.values())


def test_same_seed_same_boundaries() -> None:
    """The same seed must give the same bytes, another seed others."""
    first, again, other = _tessellate(1), _tessellate(1), _tessellate(2)
    assert first.county.wkb == again.county.wkb
    for code, area in first.villages.items():
        assert area.polygon.wkb == again.villages[code].polygon.wkb
    assert first.villages["A0"].polygon.wkb != other.villages["A0"].polygon.wkb


def test_urban_units_are_small_and_near_the_seat() -> None:
    """Communities must lie at the seat and be smaller than any village."""
    made = _tessellate(3)
    villages = {unit.code: made.villages[unit.code] for unit in UNITS if unit.parent == "A"}
    urban = [villages[unit.code] for unit in UNITS if unit.urban]
    rural = [villages[unit.code] for unit in UNITS if unit.parent == "A" and not unit.urban]
    assert max(area.polygon.area for area in urban) < min(area.polygon.area for area in rural)
    assert max(area.centre.distance(SEATS["A"]) for area in urban) < 0.02


def test_borders_wind() -> None:
    """Borders between villages must not be straight lines."""
    made = _tessellate(4)
    shared = made.villages["B0"].polygon.boundary.intersection(
        shapely.union_all([made.villages[f"B{n}"].polygon.boundary for n in range(1, 5)])
    )
    line = max(shapely.get_parts(shapely.line_merge(shared)), key=shapely.length)
    ends = shapely.get_point(line, [0, -1])
    assert line.length > 1.05 * shapely.distance(*ends)
