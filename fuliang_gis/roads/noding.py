"""Make lines on the plane (EPSG:4548) a network: loose ends joined, crossings cut, spikes gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from fuliang_gis.roads.taken import opened

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Lines = NDArray[np.object_]

#: Places closer than this are one [m]; coarser than what degrees are stored to.
GRID = 0.05
#: A piece belongs to the line that it lies on within so much [m].
_NEAR = GRID * 2
#: Edges below this are told of [m].
SHORT = 1.0


@dataclass(frozen=True)
class Joined:
    """Where a loose end was joined to a road (EPSG:4548), and by how far [m]."""

    place: tuple[float, float]
    metres: float


@dataclass(frozen=True)
class Noded:
    """Pieces between junctions, as drawn: the line each came from, and its junctions' numbers.

    ``joined`` are loose ends that were moved, ``spikes`` ends beyond a junction that were cut,
    ``rings`` loops that were opened, ``doubled`` metres that were drawn more than once.
    """

    pieces: Lines
    source: Ints
    ends: Ints
    joined: Sequence[Joined]
    spikes: int
    rings: int
    short: int
    doubled: float


def node(lines: Sequence[shapely.LineString], tolerance: float) -> Noded:
    """Node lines [m]; where lines lie on each other, the one named first gives the piece.

    Args:
        lines: Lines of some length, most important first.
        tolerance: Loose ends are joined to roads within this [m]; ends that go beyond a crossing
            by less are cut off.
    """
    given = np.array(lines, dtype=object)
    snapped, joined = _join_loose_ends(given, tolerance)
    snapped = np.array(
        [line if line.length > GRID else shapely.LineString() for line in snapped], dtype=object
    )
    pieces = shapely.get_parts(shapely.union_all(snapped, grid_size=GRID))
    pieces = pieces[shapely.length(pieces) > 0]
    pieces, spikes = _without_spikes(pieces, given, tolerance)
    source = _sources(pieces, snapped)
    pieces = _as_drawn(pieces, snapped, source)
    cut, owner, rings = _open_rings(pieces)
    lengths = shapely.length(cut)
    doubled = float(shapely.length(snapped).sum() - lengths.sum()) - spikes.metres
    return Noded(
        cut,
        source[owner],
        _junctions(cut),
        joined,
        spikes.count,
        rings,
        int((lengths < SHORT).sum()),
        doubled if doubled > SHORT else 0.0,
    )


def _end_points(lines: Lines) -> Floats:
    """Return the first and last place of each line, shape (lines, 2, 2)."""
    ends = shapely.get_point(lines[:, None], [0, -1])
    return shapely.get_coordinates(ends).reshape(-1, 2, 2)


def _cells(points: Floats) -> Ints:
    return np.round(points / GRID).astype(np.int64)


def _join_loose_ends(lines: Lines, tolerance: float) -> tuple[Lines, list[Joined]]:
    """Move ends that meet no road onto the nearest one within the tolerance."""
    if tolerance <= 0 or not len(lines):
        return lines, []
    ends = _end_points(lines)
    tree = shapely.STRtree(lines)
    flat = ends.reshape(-1, 2)
    loose, near = tree.query(shapely.points(flat), predicate="dwithin", distance=tolerance)
    others: dict[int, list[int]] = {}
    for end, line in zip(loose.tolist(), near.tolist(), strict=True):
        if end // 2 != line:
            others.setdefault(end, []).append(line)
    moves = _Moves(lines, ends)
    for end, candidates in sorted(others.items()):
        moves.consider(end, candidates, tolerance)
    return moves.carried_out(), moves.joined


class _Moves:
    """Ends that move, and the places that other lines get for them."""

    def __init__(self, lines: Lines, ends: Floats) -> None:
        self._lines = lines
        self._ends = ends
        self._moved: dict[int, Floats] = {}
        self._fixed: set[int] = set()
        self._added: dict[int, list[tuple[float, Floats]]] = {}
        self.joined: list[Joined] = []

    def consider(self, end: int, candidates: Sequence[int], tolerance: float) -> None:
        """Join an end to the nearest end of the candidates, else to the nearest of them."""
        place = self._ends[end // 2, end % 2]
        if end in self._fixed or self._meets(end, candidates, 2 * tolerance):
            return
        others = [(line * 2 + side) for line in candidates for side in (0, 1)]
        near = [(self._apart(place, other), other) for other in others]
        distance, other = min(near)
        if distance <= tolerance:
            self._fixed.add(other)
            self._move(end, self._at(other), distance)
            return
        point = shapely.Point(place)
        line = min(candidates, key=lambda each: float(shapely.distance(self._lines[each], point)))
        along = float(self._lines[line].project(point))
        foot = shapely.get_coordinates(self._lines[line].interpolate(along))[0]
        self._added.setdefault(line, []).append((along, foot))
        self._move(end, foot, float(np.hypot(*(foot - place))))

    def _meets(self, end: int, candidates: Sequence[int], reach: float) -> bool:
        """Tell whether the line meets a candidate just before its end: then it is no loose end."""
        line = self._lines[end // 2]
        near = substring(line, 0, reach) if end % 2 == 0 else substring(line, -reach, line.length)
        return bool((shapely.distance(self._lines[list(candidates)], near) <= GRID).any())

    def _apart(self, place: Floats, other: int) -> float:
        return float(np.hypot(*(self._at(other) - place)))

    def _at(self, end: int) -> Floats:
        return self._moved[end] if end in self._moved else self._ends[end // 2, end % 2]

    def _move(self, end: int, target: Floats, metres: float) -> None:
        self._moved[end] = target
        self._fixed.add(end)
        self.joined.append(Joined((float(target[0]), float(target[1])), metres))

    def carried_out(self) -> Lines:
        """Return the lines with their new ends and places."""
        changed = self._lines.copy()
        for number in {end // 2 for end in self._moved} | self._added.keys():
            points = self._with_added(number)
            for side in (0, 1):
                if (target := self._moved.get(number * 2 + side)) is not None:
                    points[-side] = target
            changed[number] = shapely.LineString(points)
        return changed

    def _with_added(self, number: int) -> Floats:
        points = shapely.get_coordinates(self._lines[number])
        steps = np.hypot(*np.diff(points, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        for at, place in sorted(self._added.get(number, ()), key=lambda each: -each[0]):
            index = int(np.clip(np.searchsorted(along, at, side="right"), 1, len(points) - 1))
            points = np.insert(points, index, place, axis=0)
        return points


@dataclass
class _Spikes:
    count: int = 0
    metres: float = 0.0


def _without_spikes(pieces: Lines, given: Lines, tolerance: float) -> tuple[Lines, _Spikes]:
    """Cut ends that go beyond a crossing by less than the tolerance; short roads stay."""
    cut = _Spikes()
    if tolerance <= 0 or not len(pieces):
        return pieces, cut
    ends = _cells(_end_points(pieces))
    degree = Counter(map(tuple, ends.reshape(-1, 2).tolist()))
    whole = {_key(line) for line in given if line.length < tolerance}
    kept = np.ones(len(pieces), dtype=bool)
    for index in np.flatnonzero(shapely.length(pieces) < tolerance).tolist():
        loose = sum(degree[tuple(end)] == 1 for end in ends[index].tolist())
        if loose == 1 and _key(pieces[index]) not in whole:
            kept[index] = False
            cut.count += 1
            cut.metres += float(pieces[index].length)
    return pieces[kept], cut


def _key(line: shapely.LineString) -> tuple[tuple[int, ...], ...]:
    ends = _cells(shapely.get_coordinates(line)[[0, -1]])
    return tuple(sorted(map(tuple, ends.tolist())))


def _sources(pieces: Lines, lines: Lines) -> Ints:
    """Return the line that each piece lies on, the first of several."""
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    piece, line = shapely.STRtree(lines).query(middles, predicate="dwithin", distance=_NEAR)
    distance = shapely.distance(middles[piece], lines[line])
    # A piece lies on a line with all of itself; a road that only crosses near its middle does not.
    thirds = shapely.line_interpolate_point(pieces, [[0.25], [0.75]], normalized=True)
    for row in thirds:
        distance = np.maximum(distance, shapely.distance(row[piece], lines[line]))
    order = np.lexsort((line, distance > _NEAR, piece))
    first = np.unique(piece[order], return_index=True)[1]
    found = np.zeros(len(pieces), dtype=np.int64)
    found[piece[order][first]] = line[order][first]
    return found


def _as_drawn(pieces: Lines, lines: Lines, source: Ints) -> Lines:
    """Turn pieces round that run against the line that they came from."""
    a, b = (
        shapely.line_locate_point(
            lines[source], shapely.line_interpolate_point(pieces, share, normalized=True)
        )
        for share in (0.4, 0.6)
    )
    return np.where(a > b, shapely.reverse(pieces), pieces)


def _open_rings(pieces: Lines) -> tuple[Lines, Ints, int]:
    """Cut loops at their middle; return the pieces, which each came from, and how many were."""
    closed = shapely.is_closed(pieces)
    parts: list[shapely.LineString] = []
    owner: list[int] = []
    for index, (line, ring) in enumerate(zip(pieces, closed, strict=True)):
        halves = []
        if ring:
            points = shapely.get_coordinates(line)
            halves = [shapely.LineString(points[part]) for part in opened(len(points))]
        parts += halves or [line]
        owner += [index] * (len(halves) or 1)
    made = np.empty(len(parts), dtype=object)
    made[:] = parts
    return made, np.array(owner, dtype=np.int64), int(closed.sum())


def _junctions(pieces: Lines) -> Ints:
    """Number the places where pieces end, shape (pieces, 2), from 1."""
    cells = _cells(_end_points(pieces)).reshape(-1, 2)
    return np.asarray(np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1, 2) + 1)
