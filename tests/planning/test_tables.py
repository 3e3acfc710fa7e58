"""Tables of a plan: every number from parcels, to the last digit."""

from __future__ import annotations

import math
from dataclasses import replace

import shapely
from hypothesis import given
from hypothesis import strategies as st

from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Goal, Parcel
from fuliang_gis.planning.tables.apportion import apportion, percentages
from fuliang_gis.planning.tables.goals import reckon
from fuliang_gis.planning.tables.structure import structure
from fuliang_gis.planning.tables.transfers import transfers
from tests.planning.village import cells, draft, line, parcel

AREAS = st.lists(st.floats(0, 1e7), min_size=1, max_size=30)
CODES = ("0101", "0201", "0301", "0703", "0801", "1202", "1507", "1704", "2306", "0602", "0701")


@given(AREAS, st.integers(0, 4))
def test_rounded_parts_sum_to_the_rounded_whole(values: list[float], digits: int) -> None:
    """And none is off by a whole digit, nor is nothing made something."""
    parts = apportion(values, digits)
    assert round(math.fsum(parts), digits) == round(math.fsum(values), digits)
    assert all(abs(a - b) < 1.0001 * 10**-digits for a, b in zip(parts, values, strict=True))
    assert all(part == 0 for part, value in zip(parts, values, strict=True) if value == 0)


@given(AREAS)
def test_percentages_sum_to_a_hundred(values: list[float]) -> None:
    """Unless there is nothing at all."""
    total = round(math.fsum(percentages(values)), 2)
    assert total == (100.0 if math.fsum(values) > 0 else 0.0)


@given(st.integers(0, 100), st.lists(st.sampled_from(CODES), min_size=20, max_size=20))
def test_the_structure_table_sums_up(seed: int, codes: list[str]) -> None:
    """Rows sum to the total, groups to construction land, percentages to 100.00."""
    shapes = cells(20, seed)
    after = [
        Parcel(f"p{i}", code, s) for i, (code, s) in enumerate(zip(codes, shapes, strict=False))
    ]
    base = tuple(
        replace(each, code=code) for each, code in zip(after, reversed(codes), strict=False)
    )
    rows = {row.key: row for row in structure(draft(*after, base=base), profile())}
    top = [row for row in rows.values() if row.depth == 0 and row.key != "total"]
    for side in ("base", "target"):
        total = getattr(rows["total"], side)
        assert round(sum(getattr(row, side).ha for row in top), 2) == total.ha
        assert round(sum(getattr(row, side).percent for row in top), 2) == 100.0
        assert total.percent == 100.0
        assert sorted(total.parcels) == sorted(each.id for each in after)
    assert round(sum(row.change_ha for row in top), 2) == rows["total"].change_ha == 0.0
    built = [row for row in rows.values() if row.depth == 1]
    if built:
        assert round(sum(row.target.ha for row in built), 2) == rows["construction"].target.ha


def test_a_net_change_of_nothing_may_hide_two_transfers() -> None:
    """Cropland becomes forest in the west, forest cropland in the east."""
    west, east = parcel("w", "0301", 0, 0, 100, 100), parcel("e", "0101", 100, 0, 200, 100)
    base = (parcel("bw", "0101", 0, 0, 100, 100), parcel("be", "0301", 100, 0, 200, 100))
    plan = draft(west, east, base=base)
    assert [row.change_ha for row in structure(plan, profile())] == [0.0, 0.0, 0.0]
    assert [(t.before, t.after, t.m2, t.parcels) for t in transfers(plan, profile())] == [
        ("01", "03", 10000.0, ("w",)),
        ("03", "01", 10000.0, ("e",)),
    ]


@given(st.integers(0, 100))
def test_transfers_sum_to_the_structure_table(seed: int) -> None:
    """What leaves a row and stays is its base; what comes and stays its target."""
    after = [Parcel(f"p{i}", CODES[i % 7], s) for i, s in enumerate(cells(20, seed))]
    base = tuple(Parcel(f"b{i}", CODES[i % 5], s) for i, s in enumerate(cells(15, seed + 1000)))
    plan = draft(*after, base=base)
    moved = transfers(plan, profile(), least_m2=0.0)
    for row in structure(plan, profile()):
        if row.depth == 0 and row.key not in ("construction", "total"):
            out = math.fsum(t.m2 for t in moved if t.before == row.key)
            into = math.fsum(t.m2 for t in moved if t.after == row.key)
            assert abs(out - row.base.m2) < 0.01
            assert abs(into - row.target.m2) < 0.01


def test_a_broken_parcel_transfers_nothing() -> None:
    """The others do; the checks tell of it."""
    west = parcel("w", "0301", 0, 0, 100, 100)
    bow = Parcel("e", "0101", shapely.Polygon([(100, 0), (200, 100), (200, 0), (100, 100)]))
    moved = transfers(draft(west, bow), profile())
    assert [(each.before, each.after, each.m2) for each in moved] == [("01", "03", 10000.0)]


def test_goals_are_reckoned_from_parcels_lines_and_people() -> None:
    """Hectares of uses and lines, square metres a head."""
    west, east = parcel("w", "0101", 0, 0, 100, 100), parcel("e", "0703", 100, 0, 200, 100)
    goals = (
        Goal("construction", "村域建设用地", "公顷", None, 1.0),
        Goal("basic_farmland", "永久基本农田", "公顷", None, 0.5, at_least=True),
        Goal("per_head", "人均村庄建设用地", "平方米/人", None, 100.0, at_least=False),
        Goal("roads", "道路长度", "千米", None, 3.0),
    )
    lines = (line("f", "0202", 0, 0, 50, 100), line("g", "0202", 40, 0, 50, 200))
    plan = draft(west, east, goals=goals, lines=lines, population=80)
    assert [(each.target, each.kept) for each in reckon(plan, profile())] == [
        (1.0, True),
        (0.5, True),
        (125.0, False),
        (None, None),
    ]
    told = [each.verdict for each in reckon(plan, profile())]
    assert told == ["达到", "达到", "超出", "须另行核对"]
    assert reckon(plan, profile())[0].parcels == ("e",)
    assert shapely.equals(plan.boundary, shapely.box(0, 0, 200, 100))
