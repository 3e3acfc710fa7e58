"""What an edit re-checks is what a full check finds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from fuliang_gis.planning.checks import Checker, Finding
from fuliang_gis.planning.checks.ground import ROUNDING_M
from fuliang_gis.planning.parcels import Draft, Parcel, on_grid
from tests.planning.village import BOUNDARY, cells, draft, line

CODES = ("0101", "0301", "0703", "1704", "16")
LINES = (line("f", "0202", 20, 10, 120, 60), line("v", "0301", 90, 20, 180, 90))

_EDITS = st.lists(
    st.tuples(
        st.integers(0, 19),
        st.sampled_from(["move", "shrink", "code", "remove", "twist", "back"]),
        st.floats(-6, 6),
    ),
    min_size=1,
    max_size=12,
)


def _summary(findings: list[Finding]) -> list[tuple[object, ...]]:
    """Return what tells findings apart, with areas and places to the millimetre."""
    return sorted(
        (
            each.key,
            str(each.severity),
            round(each.area_m2 or 0.0, 3),
            () if each.place is None else tuple(round(value, 3) for value in each.place.bounds),
        )
        for each in findings
    )


def _village(seed: int) -> Draft:
    parcels = [Parcel(f"p{i}", CODES[i % 5], cell) for i, cell in enumerate(cells(20, seed))]
    return draft(*parcels, lines=LINES)


def _edited(first: Draft, now: Draft, name: str, act: str, size: float) -> Parcel | None:
    found = now.parcels.get(name)
    if act == "remove":
        return None
    if act == "back" or found is None:
        return first.parcels[name]
    if act == "move":
        return replace(found, geom=on_grid(affinity.translate(found.geom, size, -size / 2)))
    if act == "shrink":
        smaller = found.geom.buffer(-abs(size) / 3, join_style="mitre")
        return replace(found, geom=on_grid(smaller))
    if act == "code":
        return replace(found, code=CODES[int(abs(size)) % 5])
    left, bottom, right, top = found.geom.bounds if not found.geom.is_empty else (0, 0, 1, 1)
    bow = [(left, bottom), (right, top), (right, bottom), (left, top)]
    return replace(found, geom=shapely.Polygon(bow))


@settings(max_examples=40)
@given(st.integers(0, 50), _EDITS)
def test_edits_find_what_a_full_check_finds(seed: int, edits: list[tuple[int, str, float]]) -> None:
    """Whatever is moved, shrunk, recoded, removed, twisted or put back."""
    first = _village(seed)
    checker = Checker(first)
    for number, act, size in edits:
        name = f"p{number}"
        if name not in first.parcels:
            continue
        edited = _edited(first, checker.draft, name, act, size)
        if edited is not None or name in checker.draft.parcels:
            checker.edit({name: edited})
    assert _summary(checker.findings()) == _summary(Checker(checker.draft).findings())


@given(st.integers(0, 200), st.lists(st.tuples(st.integers(0, 19), st.floats(-5, 5)), max_size=4))
def test_overlaps_are_those_of_every_pair(seed: int, moves: list[tuple[int, float]]) -> None:
    """Laying every pair over each other finds the same areas; thinner ones are rounding."""
    shapes = cells(20, seed)
    for number, by in moves:
        if number < len(shapes):
            shapes[number] = on_grid(affinity.translate(shapes[number], by, by))
    plan = draft(*(Parcel(f"p{i:02}", "0101", shape) for i, shape in enumerate(shapes)))
    by_pair = {
        (a.id, b.id): a.geom.intersection(b.geom) for a, b in combinations(plan.parcels.values(), 2)
    }
    expected = {
        pair: round(both.area, 4)
        for pair, both in by_pair.items()
        if both.area > max(0.02, ROUNDING_M * both.length / 2)
    }
    told = {
        each.parcels: round(each.area_m2 or 0.0, 4)
        for each in Checker(plan).findings()
        if each.code == "overlap" and (each.area_m2 or 0.0) > 0.02
    }
    assert told == expected


@given(st.integers(0, 200))
def test_gaps_and_what_is_covered_make_up_the_village(seed: int) -> None:
    """Without two of its cells, a village lacks just their land."""
    shapes = cells(20, seed)
    plan = draft(*(Parcel(f"p{i}", "0101", shape) for i, shape in enumerate(shapes[2:])))
    gaps = [each.area_m2 or 0.0 for each in Checker(plan).findings() if each.code == "gap"]
    assert round(sum(gaps), 3) == round(shapes[0].area + shapes[1].area, 3)
    assert BOUNDARY.area > sum(gaps)
