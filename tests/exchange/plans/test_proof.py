"""A round trip proves itself: equal plans show no difference, and every change is found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.options import Format
from fuliang_gis.exchange.plans.proof import prove
from fuliang_gis.exchange.plans.writing import FORMATS, write_plan
from fuliang_gis.planning.parcels import Draft
from tests.exchange.plans.village import EAST, NORTH, village


@pytest.mark.parametrize("form", FORMATS)
def test_written_plans_prove_equal(tmp_path: Path, form: Format) -> None:
    """Nothing may differ after a round trip, in whichever format."""
    path = tmp_path / f"plan{FORMATS[form][1]}"
    write_plan(village(), path, form)
    assert prove(village(), path, form) == ()


def moved(draft: Draft) -> Draft:
    """Return the plan with one corner of one parcel 0.2 mm aside."""
    first = draft.parcels["T001"]
    points = shapely.get_coordinates(first.geom)
    points[[0, -1], 0] += 0.0002
    return replace(
        draft, parcels={**draft.parcels, "T001": replace(first, geom=shapely.Polygon(points))}
    )


CHANGES = {
    "corner": (moved, [(Role.PARCELS, "T001")]),
    "name": (
        lambda d: replace(d, base={**d.base, "T000": replace(d.base["T000"], name="x")}),
        [(Role.BASE, "T000")],
    ),
    "line": (
        lambda d: replace(d, lines={"L1": d.lines["L1"]}),
        [(Role.LINES, "L2")],
    ),
    "parcel": (
        lambda d: replace(d, parcels={**d.parcels, "new": replace(d.parcels["pond"], id="new")}),
        [(Role.PARCELS, "new")],
    ),
    "boundary": (
        lambda d: replace(d, boundary=shapely.box(EAST, NORTH, EAST + 600.1, NORTH + 400)),
        [(Role.BOUNDARY, "")],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(tmp_path: Path, change: str) -> None:
    """A plan that differs from its file in one thing must be told so, by that thing."""
    make, expected = CHANGES[change]
    write_plan(village(), tmp_path / "a.gpkg", "gpkg")
    found = prove(make(village()), tmp_path / "a.gpkg", "gpkg")
    assert [(each.role, each.id) for each in found] == expected
