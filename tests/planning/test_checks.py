"""Checks of a plan on cases made by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from fuliang_gis.planning.checks import Checker, Severity
from fuliang_gis.planning.parcels import Goal, Parcel
from tests.planning.village import BOUNDARY, areas, draft, found, line, parcel

WEST = parcel("w", "0101", 0, 0, 100, 100)
EAST = parcel("e", "0301", 100, 0, 200, 100)


def test_a_sound_plan_has_no_findings() -> None:
    """Two parcels that fill the village and share their edge."""
    assert Checker(draft(WEST, EAST)).findings() == []


# --- shapes ---


def test_overlap_is_told_with_its_area_and_both_parcels() -> None:
    """A metre too far is 100 m² on each other."""
    checker = Checker(draft(WEST, parcel("e", "0301", 99, 0, 200, 100)))
    (overlap,) = [each for each in checker.findings() if each.code == "overlap"]
    assert overlap.parcels == ("e", "w")
    assert overlap.area_m2 == pytest.approx(100)
    assert overlap.place is not None
    assert overlap.place.bounds == (99, 0, 100, 100)


def test_a_parcel_inside_another_overlaps_it() -> None:
    """Nothing crosses, and yet the land is given twice."""
    checker = Checker(draft(WEST, EAST, parcel("x", "0703", 10, 10, 20, 20)))
    assert ("overlap", ("w", "x")) in found(checker.findings())


def test_a_gap_is_told_with_its_place() -> None:
    """Two metres without a parcel."""
    checker = Checker(draft(WEST, parcel("e", "0301", 102, 0, 200, 100)))
    findings = checker.findings()
    assert areas(findings, "gap") == [200.0]
    assert found(findings) == [("gap", ())]


def test_a_narrow_gap_is_also_an_edge_mismatch() -> None:
    """Edges ten centimetres apart were meant to be one."""
    checker = Checker(draft(WEST, parcel("e", "0301", 100.1, 0, 200, 100)))
    assert found(checker.findings()) == [
        ("edge_mismatch", ("e",)),
        ("edge_mismatch", ("w",)),
        ("gap", ()),
    ]


def test_what_lies_outside_the_village_is_told() -> None:
    """Five metres beyond the boundary."""
    findings = Checker(draft(WEST, parcel("e", "0301", 100, 0, 205, 100))).findings()
    assert found(findings) == [("outside", ("e",))]
    assert areas(findings, "outside") == [500.0]


def test_an_invalid_parcel_is_told_and_hinders_no_other_check() -> None:
    """A bow tie names its crossing; what it does not cover is a gap."""
    bow = Parcel("e", "0301", shapely.Polygon([(100, 0), (200, 100), (200, 0), (100, 100)]))
    findings = Checker(draft(WEST, bow)).findings()
    invalid = next(each for each in findings if each.code == "invalid")
    assert invalid.place is not None
    assert invalid.place.equals(shapely.Point(150, 50))
    assert areas(findings, "gap") == [10000.0]


def test_slivers_are_small_or_narrow() -> None:
    """Forty centimetres wide over the whole height."""
    narrow = parcel("s", "0401", 100, 0, 100.4, 100)
    rest = parcel("e", "0301", 100.4, 0, 200, 100)
    findings = Checker(draft(WEST, narrow, rest)).findings()
    assert [each.severity for each in findings if each.code == "sliver"] == [Severity.WARNING]


# --- codes ---


def test_codes_of_another_edition_are_refused() -> None:
    """0204 is 油料园地 in one edition and 其他园地 in the other."""
    mixed = replace(EAST, code="0204", edition="2020")
    assert found(Checker(draft(WEST, mixed)).findings()) == [("other_edition", ("e",))]


def test_unknown_codes_and_wrong_names_are_told() -> None:
    """A code that is none, and a name that is another code's."""
    wrong_name = replace(WEST, stated_name="旱地")
    findings = Checker(draft(wrong_name, replace(EAST, code="0399"))).findings()
    assert found(findings) == [("name_mismatch", ("w",)), ("unknown_code", ("e",))]


def test_stated_areas_are_compared_with_geometry() -> None:
    """Half a square metre is rounding, two are not."""
    near, far = replace(WEST, stated_m2=10000.4), replace(EAST, stated_m2=10002.0)
    findings = Checker(draft(near, far)).findings()
    assert found(findings) == [("stated_area", ("e",))]
    assert areas(findings, "stated_area") == [2.0]
    assert "登记面积 10,002.00 平方米" in findings[0].zh
    assert "相差 +2.00" in findings[0].zh


# --- control lines ---

FARMLAND = line("f", "0202", 100, 0, 200, 100)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("0101", []),
        ("0703", ["line_inside", "line_outside", "homestead_area"]),
        ("0301", ["line_inside"]),
        ("1704", ["line_inside"]),
    ],
)
def test_only_cropland_lies_in_permanent_farmland(code: str, told: list[str]) -> None:
    """Paddy is right there; a homestead, a forest and a pond are not."""
    built = line("b", "0301", 0, 0, 100, 100)
    plan = draft(WEST, replace(EAST, code=code), lines=(FARMLAND, built))
    findings = Checker(plan).findings()
    assert {each.code for each in findings} == set(told)
    inside = [each for each in findings if each.code == "line_inside"]
    assert all(each.severity is Severity.ERROR for each in inside)
    assert all(each.article and each.lines == ("f",) for each in inside)


def test_what_stood_in_the_redline_already_is_no_error() -> None:
    """A house of the base year stays; a new one needs a permit, a granted one is a warning."""
    redline = line("r", "0102", 100, 0, 200, 100)
    house = replace(EAST, code="0801")
    base = (replace(WEST, id="bw"), replace(EAST, id="be", code="0802"))
    kept = Checker(draft(WEST, house, base=base, lines=(redline,))).findings()
    assert [each.severity for each in kept] == [Severity.WARNING]
    new = Checker(draft(WEST, house, lines=(redline,))).findings()
    assert [(each.severity, each.area_m2) for each in new] == [(Severity.PERMIT, 10000.0)]
    waived = draft(WEST, house, lines=(redline,), waivers=frozenset({("e", new[0].article)}))
    assert [each.severity for each in Checker(waived).findings()] == [Severity.WARNING]


def test_only_the_part_inside_a_line_is_told() -> None:
    """A forest half in permanent farmland."""
    half = line("f", "0202", 150, 0, 250, 100)
    findings = Checker(draft(WEST, EAST, lines=(half,))).findings()
    assert areas(findings, "line_inside") == [5000.0]


def test_homesteads_belong_inside_the_village_construction_boundary() -> None:
    """0301 and 0302 together are the boundary; what reaches beyond needs a permit."""
    lines = (line("a", "0301", 100, 0, 150, 100), line("b", "0302", 150, 0, 190, 100))
    house = replace(EAST, code="0704")
    findings = Checker(draft(WEST, house, lines=lines)).findings()
    assert [(each.code, each.severity) for each in findings] == [("line_outside", Severity.PERMIT)]
    assert areas(findings, "line_outside") == [1000.0]


# --- the whole ---


def test_reserved_land_is_at_most_a_twentieth_of_construction_land() -> None:
    """Of 10,000 m² that are built on, 500 may be kept."""
    built = parcel("b", "0801", 100, 0, 195, 100)
    enough = Checker(draft(WEST, built, parcel("r", "16", 195, 0, 200, 100))).findings()
    assert enough == []
    built = replace(built, geom=shapely.box(100, 0, 194, 100))
    too_much = Checker(draft(WEST, built, parcel("r", "16", 194, 0, 200, 100))).findings()
    assert found(too_much) == [("reserve_share", ("r",))]
    assert areas(too_much, "reserve_share") == [100.0]


@pytest.mark.parametrize(
    ("prior", "side", "codes"),
    [
        ("0101", 10.9, []),
        ("0101", 11.0, ["homestead_area"]),
        ("0301", 15.4, []),
        ("0301", 15.6, ["homestead_area"]),
    ],
)
def test_homesteads_are_limited_by_what_the_land_was(
    prior: str, side: float, codes: list[str]
) -> None:
    """120 m² on cropland, 240 m² on hills."""
    house = parcel("h", "070301", 0, 0, side, side)
    rest = Parcel("w", "0101", BOUNDARY.difference(house.geom))
    findings = Checker(draft(house, rest, base=(Parcel("b", prior, BOUNDARY),))).findings()
    assert [each.code for each in findings] == codes


def test_a_homestead_of_several_households_is_shared_between_them() -> None:
    """Two households on 200 m² of cropland have 100 m² each."""
    house = parcel("h", "070301", 0, 0, 20, 10, households=2)
    rest = Parcel("w", "0101", BOUNDARY.difference(house.geom))
    assert Checker(draft(house, rest)).findings() == []


def test_goals_are_held_against_geometry_to_their_last_digit() -> None:
    """1.00 ha of cropland are kept by 1.00 ha; a base stated wrongly is told, too."""
    kept = Goal("cropland", "耕地保有量", "公顷", 2.0, 1.0, at_least=True)
    missed = Goal("village_construction", "村庄建设用地规模", "公顷", 0.0, 0.16, at_least=False)
    house = replace(EAST, code="0801")
    findings = Checker(draft(WEST, house, goals=(kept, missed))).findings()
    assert found(findings) == [("goal_missed/village_construction", ())]
    wrong = replace(kept, base=2.01)
    findings = Checker(draft(WEST, EAST, goals=(wrong,))).findings()
    assert found(findings) == [("goal_base/cropland", ())]


def test_a_base_year_that_does_not_fill_the_village_is_told() -> None:
    """Base and target would sum to different totals."""
    base = (parcel("b", "0101", 0, 0, 190, 100),)
    findings = Checker(draft(WEST, EAST, base=base)).findings()
    assert found(findings) == [("base_gap", ())]
    assert areas(findings, "base_gap") == [1000.0]
    assert found(Checker(draft(WEST, EAST, base=())).findings()) == [("base_missing", ())]
