"""Read the roads of an OSM extract: what cars may drive, cut into edges at its junctions.

OSM's WGS-84 degrees count as CGCS2000's (EPSG:4490): they differ by centimetres.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import shapely
from osmium.filter import KeyFilter
from osmium.osm import Node, Relation, Way

from fuliang_gis.errors import ImportRefused
from fuliang_gis.geo.measures import line_lengths
from fuliang_gis.roads.norms import RoadNorms, road_norms
from fuliang_gis.roads.osm_tags import Driven, Refused, blocks, driven
from fuliang_gis.roads.osm_turns import Restriction, read_restriction, turns
from fuliang_gis.roads.taken import Extent, Notes, Taken, TakenEdge, opened

SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")

_TOLD = {
    "no_car_road": "不能行车的路（步道、台阶、自行车道、在建道路等），未导入",
    "area": "广场等面状要素，未导入",
    "no_access": "禁止或不对外通行的路，未导入",
    "ferry_without_cars": "没有注明载车的渡船，未导入",
    "ferry": "载车渡口，按村道导入",
    "blocked": "被障碍（石墩、锁闭的门等）隔断的位置",
    "outside": "超出县域范围的路段，已裁去",
    "missing_places": "缺少坐标的路段（提取文件时被截断），已裁去",
    "ring": "首尾相接的环路，已从中间断开",
    "turn": "转向限制，已导入",
    "via_way": "途经道路（而不是路口）的转向限制，未导入",
    "turn_incomplete": "所涉道路不在文件中或不能行车的转向限制，无需导入",
    "turn_ambiguous": "说不清是哪一段路的转向限制，未导入",
    "turn_conditional": "只在某些时段生效的转向限制，未导入",
    "turn_not_for_cars": "不限制汽车的转向限制，未导入",
}


@dataclass(frozen=True)
class _Line:
    """A run of a way's places: node references, and places lon/lat."""

    way: int
    kind: Driven
    refs: Sequence[int]
    places: Sequence[tuple[float, float]]


@dataclass
class _Read:
    """What is collected from the file."""

    notes: Notes
    lines: list[_Line] = field(default_factory=list)
    blocked: set[int] = field(default_factory=set)
    #: Nodes that lie where another one does, beside it on one way: the two are one junction.
    same: dict[int, int] = field(default_factory=dict)
    restrictions: list[Restriction] = field(default_factory=list)

    def node(self, ref: int) -> int:
        """Return the node that stands for all at its place."""
        while ref in self.same:
            ref = self.same[ref]
        return ref


def read_osm(path: Path, within: Extent | None = None) -> Taken:
    """Read an extract.

    Args:
        path: A ``.osm.pbf`` or ``.osm`` file.
        within: Roads are cut off where they leave this extent (EPSG:4490).

    Raises:
        ImportRefused: The file is no OSM file, is broken, or holds no road that a car may drive.
    """
    if not path.name.lower().endswith(SUFFIXES):
        reason = (
            f"不是 OSM 文件（应为 {'、'.join(SUFFIXES)}）。县级道路图层请加 --name 等字段选项。"
        )
        raise ImportRefused(file=path.name, reason=reason)
    notes = Notes(_TOLD)
    read = _Read(notes)
    try:
        _collect(path, read, road_norms(), within)
    except (RuntimeError, OSError, ValueError) as error:
        reason = f"文件损坏或不完整，无法读取（{error}）。请重新下载后再导入。"
        raise ImportRefused(file=path.name, reason=reason) from error
    if not read.lines:
        raise ImportRefused(file=path.name, reason=_nothing(notes))
    if read.same:
        read.lines = [replace(e, refs=[read.node(ref) for ref in e.refs]) for e in read.lines]
        read.blocked = {read.node(ref) for ref in read.blocked}
        read.restrictions = [replace(each, via=read.node(each.via)) for each in read.restrictions]
    edges, junctions = _edges(read)
    notes.add("ferry", count=len({line.way for line in read.lines if line.kind.ferry}))
    return Taken(edges, turns(read.restrictions, edges, junctions, notes), notes.list())


def _nothing(notes: Notes) -> str:
    counts = {note.code: note.count for note in notes.list()}
    if counts.get("missing_places"):
        return "道路都没有坐标。文件可能未按类型排序（节点应在道路之前），请先用 osmium sort 处理。"
    if counts.get("outside"):
        return "文件中的道路都在县域范围之外。请检查是否选错了地区。"
    return "文件中没有可以行车的道路。请检查是否选错了文件。"


def _collect(path: Path, read: _Read, norms: RoadNorms, within: Extent | None) -> None:
    wanted = KeyFilter(
        "highway", "barrier", "route", "restriction", "restriction:motorcar",
        "restriction:conditional", *norms.access_keys,
    )  # fmt: skip
    # In this order locations are kept before the filter lets untagged nodes go.
    for each in osmium.FileProcessor(str(path)).with_locations().with_filter(wanted):
        if isinstance(each, Node):
            if blocks(dict(each.tags), norms):
                read.blocked.add(each.id)
        elif isinstance(each, Way):
            _way(each, read, norms, within)
        elif isinstance(each, Relation) and each.tags.get("type") == "restriction":
            members = [(m.type, m.ref, m.role) for m in each.members]
            found = read_restriction(each.id, dict(each.tags), members, read.notes)
            if found is not None:
                read.restrictions.append(found)


def _way(way: Way, read: _Read, norms: RoadNorms, within: Extent | None) -> None:
    judged = driven(dict(way.tags), norms)
    if judged is None:
        return
    if isinstance(judged, Refused):
        read.notes.add(judged.code, judged.said)
        return
    places = [(n.ref, n.lon, n.lat) if n.location.valid() else None for n in way.nodes]
    if judged.way == "backward":
        places.reverse()
    if judged.minutes:
        judged = _timed(judged, [each for each in places if each], norms)
    for run in _runs(places, within, read, way.id):
        # OSM counts in ten-millionths of a degree, which is as fine as places are kept.
        read.lines.append(_Line(way.id, judged, [e[0] for e in run], [e[1:] for e in run]))


def _timed(ferry: Driven, places: Sequence[tuple[int, float, float]], norms: RoadNorms) -> Driven:
    """Return a ferry at the speed that its stated time means [km/h]."""
    if len(places) < 2 or not ferry.minutes:
        return ferry
    metres = float(line_lengths([shapely.LineString([each[1:] for each in places])])[0])
    return replace(ferry, speed=norms.bounded(metres / 1000 / (ferry.minutes / 60)))


def _runs(
    places: Sequence[tuple[int, float, float] | None],
    within: Extent | None,
    read: _Read,
    way: int,
) -> Iterator[list[tuple[int, float, float]]]:
    """Yield the stretches whose places are known and inside, without doubled places."""
    run: list[tuple[int, float, float]] = []
    cut: set[str] = set()
    for place in places:
        if place is None or not _inside(place, within):
            cut.add("missing_places" if place is None else "outside")
            if len(run) > 1:
                yield run
            run = []
        elif not run or place[1:] != run[-1][1:]:
            run.append(place)
        elif (one := read.node(place[0])) != (other := read.node(run[-1][0])):
            read.same[one] = other
    if len(run) > 1:
        yield run
    for code in cut:
        read.notes.add(code, f"way/{way}")


def _inside(place: tuple[int, float, float], within: Extent | None) -> bool:
    if within is None:
        return True
    west, south, east, north = within
    return west <= place[1] <= east and south <= place[2] <= north


class _Numbers:
    """Numbers for junctions: one for each OSM node, a new one at each side of a barrier."""

    def __init__(self) -> None:
        self.known: dict[int, int] = {}
        self._last = 0

    def of(self, ref: int) -> int:
        if ref not in self.known:
            self.known[ref] = self.fresh()
        return self.known[ref]

    def fresh(self) -> int:
        self._last += 1
        return self._last


def _edges(read: _Read) -> tuple[list[TakenEdge], dict[int, int]]:
    """Return the edges, and the number of each OSM node that is a junction."""
    used = Counter(ref for line in read.lines for ref in line.refs)
    numbers = _Numbers()
    blocked = read.blocked & used.keys()
    cut = [(line, part) for line in read.lines for part in _parts(line, used, blocked, read.notes)]
    places = [place for line, part in cut for place in line.places[part]]
    owner = np.repeat(np.arange(len(cut)), [part.stop - part.start for _, part in cut])
    shapes = np.atleast_1d(np.asarray(shapely.linestrings(np.array(places), indices=owner)))
    edges = []
    for (line, part), shape in zip(cut, shapes, strict=True):
        ends = [
            numbers.fresh() if ref in blocked else numbers.of(ref)
            for ref in (line.refs[part.start], line.refs[part.stop - 1])
        ]
        edges.append(_edge(line, shape, ends))
    for node in sorted(blocked):
        read.notes.add("blocked", f"node/{node}")
    return edges, numbers.known


def _parts(line: _Line, used: Counter[int], blocked: set[int], notes: Notes) -> Iterator[slice]:
    """Yield the pieces of a line between junctions; none ends where it begins."""
    inner = range(1, len(line.refs) - 1)
    cuts = [0, *(i for i in inner if used[line.refs[i]] > 1 or line.refs[i] in blocked)]
    cuts.append(len(line.refs) - 1)
    for begin, end in pairwise(cuts):
        if line.refs[begin] != line.refs[end] or line.refs[begin] in blocked:
            yield slice(begin, end + 1)
            continue
        notes.add("ring", f"way/{line.way}")
        for part in opened(end + 1 - begin):
            yield slice(begin + part.start, begin + part.stop)


def _edge(line: _Line, shape: shapely.LineString, ends: Sequence[int]) -> TakenEdge:
    kind = line.kind
    return TakenEdge(
        kind.name,
        kind.road_class,
        kind.speed,
        kind.way != "both",
        kind.surface,
        f"way/{line.way}",
        ends[0],
        ends[1],
        shape,
    )
