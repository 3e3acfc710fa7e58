"""Lines become a network: nothing lost, nothing crossing without a junction, loose ends joined."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from fuliang_gis.roads.noding import GRID, Noded, node

LINES = st.lists(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=5, unique=True
    ),
    min_size=1,
    max_size=12,
)


def _lines(drawn: list[list[tuple[int, int]]]) -> list[LineString]:
    # A third of a metre keeps crossings off the grid.
    return [LineString([(x / 3, y / 3) for x, y in points]) for points in drawn]


def _ends(noded: Noded) -> np.ndarray:
    return shapely.get_coordinates(shapely.get_point(noded.pieces[:, None], [0, -1])).reshape(
        -1, 2, 2
    )


#: Ways of a few steps in eight directions: where two lie on each other, they do so exactly.
WALKS = st.lists(
    st.tuples(
        st.tuples(st.integers(0, 60), st.integers(0, 60)),
        st.lists(st.tuples(st.integers(0, 7), st.integers(1, 30)), min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=10,
)
STEPS = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]


@settings(max_examples=60, deadline=None)
@given(WALKS)
def test_all_length_is_kept(walks: list[tuple[tuple[int, int], list[tuple[int, int]]]]) -> None:
    """The pieces together are as long as all that was drawn, each stretch counted once."""
    lines = []
    for start, walk in walks:
        moves = np.array([[STEPS[way][0] * far, STEPS[way][1] * far] for way, far in walk])
        lines.append(LineString((np.vstack([[0, 0], np.cumsum(moves, axis=0)]) + start) / 2))
    noded = node(lines, 0)
    whole = shapely.union_all(lines).length
    places = len(shapely.get_coordinates(noded.pieces))
    assert shapely.length(noded.pieces).sum() == pytest.approx(whole, abs=GRID * places)
    drawn = sum(line.length for line in lines)
    assert noded.doubled == pytest.approx(drawn - whole, abs=1 + GRID * places)


@settings(max_examples=60, deadline=None)
@given(LINES)
def test_nothing_crosses(drawn: list[list[tuple[int, int]]]) -> None:
    """Pieces cover what was drawn, meet at their ends alone, and keep to their line."""
    lines = _lines(drawn)
    noded = node(lines, 0)
    pieces = noded.pieces
    whole = shapely.union_all(lines)
    assert shapely.hausdorff_distance(shapely.union_all(pieces), whole) < 2 * GRID
    assert shapely.length(pieces).sum() < whole.length + GRID * len(shapely.get_coordinates(pieces))
    ends = _ends(noded)
    for a, b in zip(*shapely.STRtree(pieces).query(pieces, predicate="intersects"), strict=True):
        if a < b:
            shared = shapely.get_coordinates(shapely.intersection(pieces[a], pieces[b]))
            for place in shared:
                assert min(np.hypot(*(ends[a] - place).T)) < GRID
                assert min(np.hypot(*(ends[b] - place).T)) < GRID
    lying = np.array([lines[i] for i in noded.source], dtype=object)
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    assert (shapely.distance(middles, lying) < 2 * GRID).all()


@settings(max_examples=60, deadline=None)
@given(LINES, st.sampled_from([0.0, 2.0, 10.0]))
def test_junction_numbers_stand_for_places(
    drawn: list[list[tuple[int, int]]], tolerance: float
) -> None:
    """One number one place, no piece ends where it begins, and every piece has some length."""
    noded = node(_lines(drawn), tolerance)
    where: dict[int, tuple[float, float]] = {}
    for numbers, places in zip(noded.ends.tolist(), _ends(noded).tolist(), strict=True):
        assert numbers[0] != numbers[1]
        for number, place in zip(numbers, places, strict=True):
            assert np.allclose(where.setdefault(number, place), place, atol=GRID / 10)
    assert (shapely.length(noded.pieces) >= GRID / 2).all()
    assert len(set(where)) == len(where)


def test_a_crossing_becomes_a_junction() -> None:
    """Two roads that cross are four pieces that meet, each in the direction it was drawn."""
    noded = node([LineString([(0, 0), (100, 0)]), LineString([(50, 50), (50, -50)])], 5)
    assert len(noded.pieces) == 4
    assert sorted(noded.source.tolist()) == [0, 0, 1, 1]
    middle = np.bincount(noded.ends.ravel()).argmax()
    assert (noded.ends == middle).sum() == 4
    for piece, source in zip(noded.pieces, noded.source, strict=True):
        (x, y), (to_x, to_y) = piece.coords
        assert (to_x > x) if source == 0 else (to_y < y)


@pytest.mark.parametrize(
    ("other", "metres"),
    [
        # Short of the side of a road, of its end, beyond reach, already there.
        (LineString([(50, 3), (50, 60)]), 3.0),
        (LineString([(103, 4), (150, 60)]), 5.0),
        (LineString([(50, 6), (50, 60)]), None),
        (LineString([(50, 0), (50, 60)]), None),
    ],
)
def test_loose_ends_are_joined(other: LineString, metres: float | None) -> None:
    """An end within the tolerance of another road meets it; how far it was is told."""
    noded = node([LineString([(0, 0), (100, 0)]), other], 5)
    assert [each.metres for each in noded.joined] == pytest.approx([metres] if metres else [])
    if metres:
        assert np.bincount(noded.ends.ravel()).max() >= 2
        assert len(np.unique(noded.ends)) == len(noded.pieces) + 1


def test_two_loose_ends_meet_and_do_not_swap() -> None:
    """Ends that face each other across a gap become one junction."""
    noded = node([LineString([(0, 0), (50, 0)]), LineString([(53, 0), (100, 0)])], 5)
    assert len(noded.joined) == 1
    assert len(np.unique(noded.ends)) == 3


def test_three_ends_about_a_place_become_one_junction() -> None:
    """However they are ordered, three ends within reach of each other meet once."""
    lines = [
        LineString([(0, 1), (-60, 0)]),
        LineString([(1, 0), (60, 0)]),
        LineString([(0, -1), (0, -60)]),
    ]
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        noded = node([lines[i] for i in order], 3)
        assert len(np.unique(noded.ends)) == 4


def test_spikes_are_cut_and_short_roads_stay() -> None:
    """An end that goes 2 m beyond a crossing is cut; a road of 3 m of its own is not."""
    lines = [
        LineString([(0, 0), (100, 0)]),
        LineString([(50, 60), (50, -2)]),
        LineString([(20, 0), (20, 3)]),
    ]
    noded = node(lines, 5)
    assert noded.spikes == 1
    assert sorted(noded.source.tolist()) == [0, 0, 0, 1, 2]


def test_what_is_drawn_twice_is_kept_once() -> None:
    """Where two roads lie on each other, the one named first gives the piece; it is told."""
    noded = node([LineString([(20, 0), (70, 0)]), LineString([(0, 0), (100, 0)])], 0)
    assert noded.doubled == pytest.approx(50, abs=0.5)
    by_source = {int(s): float(p.length) for s, p in zip(noded.source, noded.pieces, strict=True)}
    assert by_source[0] == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize(
    "points",
    [
        [(0, 0), (50, 0), (50, 50), (0, 0)],
        [(-50, 0), (0, 0), (50, 0), (50, 50), (0, 0)],
        [(0, 0), (50, 0), (50, 50), (20, -30)],
    ],
)
def test_loops_are_opened(points: list[tuple[int, int]]) -> None:
    """A loop, a lasso and a road that crosses itself have no piece that ends where it begins."""
    noded = node([LineString(points)], 0)
    assert noded.rings == 1
    assert (noded.ends[:, 0] != noded.ends[:, 1]).all()
    assert shapely.length(noded.pieces).sum() == pytest.approx(LineString(points).length, abs=0.5)
