"""The matrix of control lines and land uses tells what lies where, and whether it may."""

from __future__ import annotations

import pytest

from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.tables.line_matrix import line_matrix
from tests.planning.village import draft, line, parcel


def test_a_homestead_on_farmland_is_forbidden_and_paddy_is_right() -> None:
    """The same line says one thing of paddy, another of a house, with its article."""
    plan = draft(
        parcel("paddy", "0101", 0, 0, 100, 100),
        parcel("house", "0703", 100, 0, 200, 100),
        lines=(line("f", "0202", 50, 0, 150, 100),),
    )
    found = line_matrix(plan, profile())
    assert found.lines == (("0202", "永久基本农田"),)
    assert [code for code, _ in found.uses] == ["01", "07"]
    paddy, house = found.cells
    assert (paddy.verdict, paddy.m2, paddy.against_m2) == ("free", 5000.0, 0.0)
    assert (house.verdict, house.m2, house.added_m2) == ("forbidden", 5000.0, 5000.0)
    assert house.parcels == ("house",)
    assert house.articles == ("土地管理法第三十五条",)
    assert found.total("0202") == 10_000.0
    assert found.cell("0202", "07") == house
    assert found.cell("0102", "07") is None


def test_what_stood_there_before_is_kept() -> None:
    """A house of the base year on an eco redline is told, yet not as new."""
    plan = draft(
        parcel("old", "0703", 0, 0, 50, 100),
        parcel("new", "0703", 50, 0, 60, 100),
        base=(parcel("b", "0703", 0, 0, 50, 100), parcel("c", "0301", 50, 0, 200, 100)),
        lines=(line("r", "0102", 0, 0, 200, 100),),
    )
    (cell,) = line_matrix(plan, profile()).cells
    assert (cell.verdict, cell.against_m2, cell.added_m2) == ("permit", 6000.0, 1000.0)
    only = draft(
        parcel("old", "0703", 0, 0, 50, 100),
        base=(parcel("b", "0703", 0, 0, 50, 100),),
        lines=(line("r", "0102", 0, 0, 200, 100),),
    )
    assert [each.verdict for each in line_matrix(only, profile()).cells] == ["kept"]


def test_lines_of_a_kind_count_once_where_they_overlap() -> None:
    """Two lines over the same field do not make it larger."""
    plan = draft(
        parcel("field", "0101", 0, 0, 200, 100),
        lines=(line("a", "0202", 0, 0, 60, 100), line("b", "0202", 40, 0, 100, 100)),
    )
    (cell,) = line_matrix(plan, profile()).cells
    assert cell.m2 == pytest.approx(10_000)


def test_without_lines_or_parcels_there_is_nothing() -> None:
    """An empty plan has an empty matrix."""
    assert line_matrix(draft(), profile()).cells == ()
    alone = draft(lines=(line("a", "0202", 0, 0, 60, 100),))
    found = line_matrix(alone, profile())
    assert (len(found.lines), found.uses, found.cells) == (1, (), ())
