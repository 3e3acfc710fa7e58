"""OSM extracts: every rule on a few roads written by hand."""

from __future__ import annotations

from pathlib import Path

import osmium
import pytest

from fuliang_gis.errors import ImportRefused
from fuliang_gis.roads.norms import road_norms
from fuliang_gis.roads.osm import read_osm
from fuliang_gis.roads.osm_tags import speed
from fuliang_gis.roads.taken import Taken, TakenEdge
from tests.roads.osm_files import Member, Tags, osm_file, place

ROAD = {"highway": "tertiary"}


def _one(folder: Path, tags: Tags, nodes: list[int] | None = None) -> list[TakenEdge]:
    """Read one way beside another that is always taken."""
    ways = {1: (nodes or [0, 10, 20], tags), 2: ([90, 91], ROAD)}
    return [e for e in read_osm(osm_file(folder, ways)).edges if e.source_ref == "way/1"]


def _counts(taken: Taken) -> dict[str, int]:
    return {note.code: note.count for note in taken.notes}


@pytest.mark.parametrize(
    ("kind", "road_class"),
    [
        ("motorway", "trunk"),
        ("trunk_link", "trunk"),
        ("primary", "primary"),
        ("secondary", "secondary"),
        ("tertiary", "tertiary"),
        ("residential", "unclassified"),
        ("service", "unclassified"),
        ("track", "track"),
    ],
)
def test_classes(tmp_path: Path, kind: str, road_class: str) -> None:
    """A kind of OSM road becomes the class that the norms name, at their speed."""
    (edge,) = _one(tmp_path, {"highway": kind, "name": "瓷都大道"})
    norm = road_norms().highway[kind]
    assert (edge.road_class, edge.speed_kmh, edge.name) == (road_class, norm.speed, "瓷都大道")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "secondary"}, 45),
        ({"highway": "secondary", "maxspeed": "60"}, 54),
        ({"highway": "secondary", "maxspeed": "60 km/h"}, 54),
        ({"highway": "secondary", "maxspeed": "30 mph"}, 43.5),
        ({"highway": "secondary", "maxspeed": "60;40"}, 36),
        ({"highway": "secondary", "maxspeed": "CN:rural"}, 45),
        ({"highway": "secondary", "maxspeed": "none"}, 45),
        ({"highway": "secondary", "maxspeed": "0"}, 45),
        ({"highway": "secondary", "maxspeed:forward": "60", "maxspeed:backward": "50"}, 45),
        ({"highway": "secondary", "maxspeed:forward": "30"}, 27),
        ({"highway": "motorway", "maxspeed": "200"}, 110),
        ({"highway": "living_street", "maxspeed": "walk"}, 5.4),
        ({"highway": "tertiary", "surface": "asphalt"}, 35),
        ({"highway": "tertiary", "surface": "gravel"}, 25),
        ({"highway": "tertiary", "surface": "gravel", "maxspeed": "80"}, 25),
        ({"highway": "tertiary", "surface": "asphalt;mud"}, 8),
        ({"highway": "track"}, 12),
        ({"highway": "track", "tracktype": "grade1"}, 25),
        ({"highway": "track", "tracktype": "grade5"}, 8),
        ({"highway": "track", "tracktype": "grade1", "surface": "dirt"}, 18),
    ],
)
def test_speeds(tags: Tags, expected: float) -> None:
    """Limits in any unit, surfaces and kinds of track decide the usual speed [km/h]."""
    assert speed(tags, road_norms()) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"highway": "footway"}, "no_car_road"),
        ({"highway": "construction", "construction": "primary"}, "no_car_road"),
        ({"highway": "service", "area": "yes"}, "area"),
        (ROAD | {"access": "private"}, "no_access"),
        (ROAD | {"motor_vehicle": "no"}, "no_access"),
        (ROAD | {"vehicle": "no"}, "no_access"),
        (ROAD | {"motor_vehicle": "agricultural"}, "no_access"),
        ({"route": "ferry"}, "ferry_without_cars"),
        ({"route": "ferry", "foot": "yes", "access": "yes"}, "ferry_without_cars"),
        ({"waterway": "river"}, None),
        (ROAD | {"access": "no", "motor_vehicle": "yes"}, ""),
        (ROAD | {"access": "destination"}, ""),
        (ROAD | {"bicycle": "no"}, ""),
        ({"route": "bus", "highway": "tertiary"}, ""),
    ],
)
def test_access(tmp_path: Path, tags: Tags, code: str | None) -> None:
    """The most specific tag decides; what is left out is counted by reason; "" is taken."""
    ways = {1: ([0, 10], tags), 2: ([90, 91], ROAD)}
    taken = read_osm(osm_file(tmp_path, ways))
    assert len(taken.edges) == (2 if code == "" else 1)
    assert _counts(taken) == ({code: 1} if code else {})


@pytest.mark.parametrize(
    ("tags", "ends", "oneway"),
    [
        (ROAD, (0, 20), False),
        (ROAD | {"oneway": "yes"}, (0, 20), True),
        (ROAD | {"oneway": "-1"}, (20, 0), True),
        (ROAD | {"junction": "roundabout"}, (0, 20), True),
        (ROAD | {"junction": "roundabout", "oneway": "no"}, (0, 20), False),
        ({"highway": "motorway"}, (0, 20), True),
        ({"highway": "motorway", "oneway": "no"}, (0, 20), False),
        (ROAD | {"oneway": "yes", "oneway:motor_vehicle": "no"}, (0, 20), False),
    ],
)
def test_oneways(tmp_path: Path, tags: Tags, ends: tuple[int, int], oneway: bool) -> None:  # noqa: FBT001
    """One-way roads are drawn the way they are driven."""
    (edge,) = _one(tmp_path, tags)
    assert edge.oneway is oneway
    assert (edge.geom.coords[0], edge.geom.coords[-1]) == (place(ends[0]), place(ends[1]))


def test_roads_are_cut_where_they_meet(tmp_path: Path) -> None:
    """Ways that share a place are joined there; a footway's crossing is no junction."""
    ways = {
        1: ([0, 10, 20, 30], ROAD),
        2: ([10, 11], ROAD),
        3: ([20, 21], {"highway": "footway"}),
    }
    taken = read_osm(osm_file(tmp_path, ways))
    spans = [[(e.geom.coords[0]), (e.geom.coords[-1])] for e in taken.edges]
    assert spans == [[place(a), place(b)] for a, b in ((0, 10), (10, 30), (10, 11))]
    assert taken.edges[0].to_node == taken.edges[1].from_node == taken.edges[2].from_node
    assert taken.lengths()[0] == pytest.approx(970.6, abs=0.5)


def test_two_nodes_at_one_place_are_one_junction(tmp_path: Path) -> None:
    """A way that names both joins the roads that name either."""
    ways = {1: ([0, 10, 910, 20], ROAD), 2: ([10, 11], ROAD), 3: ([910, 12], ROAD)}
    path = osm_file(tmp_path, ways)
    lon, lat = place(10)
    far = 'lon="{}" lat="{}"'.format(*place(910))
    path.write_text(path.read_text("utf-8").replace(far, f'lon="{lon}" lat="{lat}"'), "utf-8")
    taken = read_osm(path)
    assert len(taken.edges) == 4
    assert len({node for e in taken.edges for node in (e.from_node, e.to_node)}) == 5


@pytest.mark.parametrize("refs", [[0, 10, 11, 1, 0], [0, 10, 0], [20, 0, 10, 11, 1, 0]])
def test_no_edge_ends_where_it_begins(tmp_path: Path, refs: list[int]) -> None:
    """Rings are opened, also where a way comes back to its own middle."""
    edges = _one(tmp_path, ROAD, refs)
    assert all(edge.from_node != edge.to_node for edge in edges)
    total = sum(len(edge.geom.coords) - 1 for edge in edges)
    assert total == len(refs) - 1


@pytest.mark.parametrize(
    ("tags", "joined"),
    [
        ({"barrier": "bollard"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "lift_gate", "motor_vehicle": "no", "access": "yes"}, False),
        ({"barrier": "toll_booth"}, True),
        ({"highway": "crossing", "access": "no"}, True),
        ({"access": "no"}, False),
    ],
)
def test_barriers(tmp_path: Path, tags: Tags, joined: bool) -> None:  # noqa: FBT001
    """A barrier that stops cars leaves the road in two pieces that do not meet."""
    path = osm_file(tmp_path, {1: ([0, 10, 20], ROAD)}, nodes={10: tags})
    taken = read_osm(path)
    if joined:
        assert len(taken.edges) == 1
    else:
        first, second = taken.edges
        assert first.to_node != second.from_node
        assert first.geom.coords[-1] == second.geom.coords[0] == place(10)
        assert _counts(taken) == {"blocked": 1}


@pytest.mark.parametrize(
    ("duration", "expected"), [("0:15", 7.8), ("15", 7.8), ("PT15M", 7.8), ("", 8.0), ("bad", 8.0)]
)
def test_ferries_take_the_time_they_state(tmp_path: Path, duration: str, expected: float) -> None:
    """A ferry of 1.94 km that takes a quarter of an hour runs at 7.8 km/h."""
    tags = {"route": "ferry", "motor_vehicle": "yes"}
    edges = _one(tmp_path, tags | ({"duration": duration} if duration else {}))
    assert {edge.speed_kmh for edge in edges} == {expected}
    assert {(e.road_class, e.surface, e.name) for e in edges} == {("unclassified", "ferry", "渡口")}


#: A road 0–10–20 with a side road at 10: three ways.
CROSSING = {1: ([0, 10], ROAD), 2: ([10, 20], ROAD), 3: ([10, 11], ROAD)}
VIA: list[Member] = [("w", 1, "from"), ("n", 10, "via"), ("w", 3, "to")]


@pytest.mark.parametrize(
    ("members", "tags", "code"),
    [
        (VIA, {"restriction": "no_left_turn"}, "turn"),
        (VIA, {"restriction": "only_left_turn"}, "turn"),
        (VIA, {"restriction:motorcar": "no_left_turn"}, "turn"),
        (VIA, {"restriction": "no_left_turn", "except": "bus;motorcar"}, "turn_not_for_cars"),
        (VIA, {"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, "turn_conditional"),
        ([VIA[0], ("w", 2, "via"), VIA[2]], {"restriction": "no_u_turn"}, "via_way"),
        ([VIA[0], VIA[1], ("w", 77, "to")], {"restriction": "no_left_turn"}, "turn_incomplete"),
        ([VIA[0], ("n", 77, "via"), VIA[2]], {"restriction": "no_left_turn"}, "turn_incomplete"),
        (VIA[:2], {"restriction": "no_left_turn"}, "turn_ambiguous"),
        ([("w", 4, "from"), *VIA[1:]], {"restriction": "no_left_turn"}, "turn_ambiguous"),
        (VIA, {"restriction": "left"}, "turn_ambiguous"),
    ],
)
def test_turn_restrictions(tmp_path: Path, members: list[Member], tags: Tags, code: str) -> None:
    """What can be taken is; everything else is counted by reason."""
    ways = CROSSING | {4: ([9, 10, 19], ROAD)}
    path = osm_file(tmp_path, ways, relations={5: (members, {**tags, "type": "restriction"})})
    taken = read_osm(path)
    assert _counts(taken) == {code: 1}
    if code == "turn":
        (turn,) = taken.turns
        assert taken.edges[turn.from_edge].source_ref == "way/1"
        assert taken.edges[turn.to_edge].source_ref == "way/3"
        assert turn.via_node == taken.edges[turn.from_edge].to_node
        assert turn.only is next(iter(tags.values())).startswith("only_")


def test_no_entry_may_come_from_several_ways(tmp_path: Path) -> None:
    """Each way in is forbidden; a one-way road that leads away is none."""
    ways = CROSSING | {4: ([10, 19], ROAD | {"oneway": "yes"})}
    members = [*VIA, ("w", 2, "from"), ("w", 4, "from")]
    relation = {5: (members, {"type": "restriction", "restriction": "no_entry"})}
    taken = read_osm(osm_file(tmp_path, ways, relations=relation))
    froms = {taken.edges[turn.from_edge].source_ref for turn in taken.turns}
    assert froms == {"way/1", "way/2"}


def test_roads_end_at_the_extent(tmp_path: Path) -> None:
    """What leaves the extent is cut off, and comes back as another piece."""
    ways = {1: ([0, 10, 19, 20, 30], ROAD), 2: ([10, 11], ROAD)}
    path = osm_file(tmp_path, ways)
    inside = read_osm(path, (117.0, 29.3, 118.0, 29.4))
    assert [[*e.geom.coords] for e in inside.edges] == [
        [place(0), place(10)],
        [place(20), place(30)],
        [place(10), place(11)],
    ]
    assert _counts(inside) == {"outside": 1}
    with pytest.raises(ImportRefused, match="县域范围之外"):
        read_osm(path, (100.0, 20.0, 101.0, 21.0))


def test_places_that_the_extract_lacks(tmp_path: Path) -> None:
    """A road is cut where the extract holds no place; without any place it is refused."""
    ways = {1: ([0, 10, 20, 30, 40], ROAD)}
    taken = read_osm(osm_file(tmp_path, ways, without=[20]))
    assert [len(edge.geom.coords) for edge in taken.edges] == [2, 2]
    assert _counts(taken) == {"missing_places": 1}
    with pytest.raises(ImportRefused, match="没有坐标"):
        read_osm(osm_file(tmp_path, ways, without=[0, 10, 20, 30, 40]))


def test_a_pbf_gives_the_same(tmp_path: Path) -> None:
    """The two forms of one extract are read alike."""
    ways = CROSSING | {4: ([0, 1, 11, 10], ROAD | {"oneway": "-1"})}
    text = osm_file(tmp_path, ways, nodes={1: {"barrier": "block"}})
    packed = tmp_path / "roads.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for each in osmium.FileProcessor(str(text)):
            writer.add(each)
    assert read_osm(packed) == read_osm(text)


def test_files_that_are_none(tmp_path: Path) -> None:
    """Another suffix, a cut file, no file inside, and no road: refused with what to do."""
    text = osm_file(tmp_path, {1: ([0, 10], {"highway": "footway"})})
    with pytest.raises(ImportRefused, match="没有可以行车的道路"):
        read_osm(text)
    shape = tmp_path / "roads.shp"
    shape.write_bytes(b"")
    with pytest.raises(ImportRefused, match="不是 OSM 文件"):
        read_osm(shape)
    whole = osm_file(tmp_path, CROSSING)
    packed = tmp_path / "cut.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for each in osmium.FileProcessor(str(whole)):
            writer.add(each)
    packed.write_bytes(packed.read_bytes()[:-40])
    with pytest.raises(ImportRefused, match="损坏"):
        read_osm(packed)
    whole.write_text(whole.read_text("utf-8")[:-40], "utf-8")
    with pytest.raises(ImportRefused, match="损坏"):
        read_osm(whole)
