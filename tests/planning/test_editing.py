"""Edits and repairs keep a coverage, and lose no land."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import shapely
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from shapely import LineString, affinity

from fuliang_gis.errors import Invalid
from fuliang_gis.planning.checks import Checker
from fuliang_gis.planning.editing import applied, split
from fuliang_gis.planning.parcels import Draft, Parcel, on_grid
from fuliang_gis.planning.repair import repair
from tests.planning.edits import NoEdit, cut_hole, merge, move_corner, recode
from tests.planning.village import BOUNDARY, cells, draft, found, parcel

WEST = parcel("w", "0101", 0, 0, 100, 100)
EAST = parcel("e", "0301", 100, 0, 200, 100)


def is_coverage(plan: Draft) -> bool:
    """Tell whether parcels share their edges node by node and fill the village."""
    shapes = np.array([each.geom for each in plan.parcels.values()], dtype=object)
    area = math.fsum(each.geom.area for each in plan.parcels.values())
    # Half a tenth of a millimetre along the boundary is what rounding may take.
    slack = 0.0001 * plan.boundary.length
    return bool(shapely.coverage_is_valid(shapes)) and abs(area - plan.boundary.area) < slack


# --- edits ---


def test_a_split_gives_the_neighbour_its_nodes() -> None:
    """The line ends on the shared edge; the neighbour has a node there afterwards."""
    plan = draft(WEST, EAST)
    changes = split(plan, "w", LineString([(-10, 40), (110, 40)]), iter(["n"]))
    after = applied(plan, changes)
    assert set(changes) == {"w", "n", "e"}
    assert {name: each.geom.area for name, each in after.parcels.items()} == {
        "w": 6000.0,
        "n": 4000.0,
        "e": 10000.0,
    }
    assert is_coverage(after)
    assert Checker(after).findings() == []


def test_a_line_that_does_not_cross_splits_nothing() -> None:
    """It has to begin and end outside."""
    with pytest.raises(Invalid):
        split(draft(WEST, EAST), "w", LineString([(10, 40), (50, 40)]), iter(["n"]))


def _one_edit(plan: Draft, kind: str, number: int, sizes: tuple[float, float]) -> Draft:
    """Make an edit somewhere, or leave the plan as it is when it is refused."""
    names = sorted(plan.parcels)
    name = names[number % len(names)]
    centre = plan.parcels[name].geom.representative_point()
    along, across = sizes
    try:
        if kind == "split":
            far = 1000 * math.cos(along), 1000 * math.sin(along)
            line = LineString(
                [(centre.x - far[0], centre.y - far[1]), (centre.x + far[0], centre.y + far[1])]
            )
            fresh = (f"n{i}" for i in count() if f"n{i}" not in plan.parcels)
            return applied(plan, split(plan, name, line, fresh))
        if kind == "merge":
            touching = [n for n in names if plan.parcels[n].geom.touches(plan.parcels[name].geom)]
            return applied(plan, merge(plan, [name, touching[0]], name)) if touching else plan
        if kind == "move":
            corners = shapely.get_coordinates(plan.parcels[name].geom)
            x, y = corners[number % len(corners)].tolist()
            return applied(plan, move_corner(plan, (x, y), (x + along, y + across)))
        if kind == "hole":
            piece = centre.buffer(0.5 + abs(across))
            fresh_id = next(f"h{i}" for i in count() if f"h{i}" not in plan.parcels)
            return applied(plan, cut_hole(plan, name, piece, fresh_id))
        return applied(plan, recode(plan, name, ("0101", "0301", "0801")[number % 3]))
    except (Invalid, NoEdit):
        return plan


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["split", "merge", "move", "hole", "code"]),
        st.integers(0, 1000),
        st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    ),
    min_size=200,
    max_size=200,
)


# Two hundred steps are not worth hours of looking for a shorter case.
@settings(max_examples=4, phases=[Phase.generate])
@given(st.integers(0, 100), _STEPS)
def test_two_hundred_edits_leave_a_coverage(
    seed: int, steps: list[tuple[str, int, tuple[float, float]]]
) -> None:
    """Whatever is done, parcels share their edges and fill the village."""
    plan = draft(*(Parcel(f"p{i:02}", "0101", cell) for i, cell in enumerate(cells(12, seed))))
    assert is_coverage(plan)
    for kind, number, sizes in steps:
        plan = _one_edit(plan, kind, number, sizes)
        assert is_coverage(plan), (kind, number, sizes)


# --- repairs ---


@pytest.mark.parametrize(
    "east",
    [
        parcel("e", "0301", 100.1, 0, 200, 100),
        parcel("e", "0301", 99.9, 0, 200, 100),
        parcel("e", "0301", 100, 0, 200.1, 100),
        parcel("e", "0301", 100, 0, 199.9, 100),
        parcel("e", "0301", 100.05, -0.05, 200.1, 100.1),
    ],
)
def test_small_misfits_are_repaired_and_told(east: Parcel) -> None:
    """A decimetre of gap, of overlap, beyond or short of the boundary."""
    plan = draft(WEST, east)
    mended = repair(plan, ["e"])
    assert not mended.refused
    after = applied(plan, mended.parcels)
    assert is_coverage(after)
    assert Checker(after).findings() == []
    assert after.parcels["w"].geom.equals(WEST.geom)
    assert mended.moved
    assert all(each.parcel == "e" and each.width_m <= 0.2 for each in mended.moved)


@pytest.mark.parametrize(
    ("east", "code"),
    [
        (parcel("e", "0301", 98, 0, 200, 100), "repair_refused"),
        (parcel("e", "0301", 100, 0, 203, 100), "repair_refused"),
        (parcel("e", "0301", 10, 10, 20, 20), "parcel_covered"),
        (Parcel("e", "0301", shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])), "invalid"),
    ],
)
def test_large_misfits_are_refused_with_their_place(east: Parcel, code: str) -> None:
    """Nothing is kept; the places are told."""
    mended = repair(draft(WEST, east), ["e"])
    assert mended.parcels == {}
    assert found(mended.refused) == [(code, ("e",))]
    assert all(each.place is not None for each in mended.refused)


def test_a_wide_gap_is_left_for_the_planner() -> None:
    """It is no misfit but missing land; the check tells of it."""
    east = parcel("e", "0301", 103, 0, 200, 100)
    plan = draft(WEST, east)
    mended = repair(plan, ["e"])
    assert not mended.moved
    assert all(each.geom.equals(east.geom) for each in mended.parcels.values())
    assert [each.code for each in Checker(plan).findings()] == ["gap"]


@settings(max_examples=60)
@given(
    st.integers(0, 100),
    st.integers(0, 19),
    st.floats(-0.12, 0.12),
    st.floats(-0.12, 0.12),
)
# A millimetre off the boundary, all along it.
@example(1, 0, 0.001, 0.0)
def test_a_cell_drawn_a_little_off_is_fitted(seed: int, number: int, dx: float, dy: float) -> None:
    """Wherever it lies; the others keep their land but for narrow gaps beside it."""
    shapes = cells(20, seed)
    number %= len(shapes)
    moved = on_grid(affinity.translate(shapes[number], dx, dy))
    parcels = [Parcel(f"p{i}", "0101", shape) for i, shape in enumerate(shapes)]
    parcels[number] = replace(parcels[number], geom=moved)
    plan = draft(*parcels)
    mended = repair(plan, [f"p{number}"])
    assert not mended.refused
    after = applied(plan, mended.parcels)
    assert is_coverage(after)
    assert (
        BOUNDARY.symmetric_difference(
            shapely.union_all([each.geom for each in after.parcels.values()])
        ).area
        < 0.0001 * BOUNDARY.length
    )
