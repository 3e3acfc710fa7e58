"""The connectivity report: islands, dead one-ways, far locations, each counted where it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import numpy as np
import pytest
from shapely import LineString
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from fuliang_gis.cli.roads import app
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.errors import Invalid
from fuliang_gis.locations.registry import layer
from fuliang_gis.roads import connectivity
from fuliang_gis.roads.connectivity import Cut
from fuliang_gis.roads.hanging import ISLAND, MAIN, TRAP, Hanging
from fuliang_gis.roads.operations import bring_in
from fuliang_gis.roads.taken import Taken, TakenEdge
from fuliang_gis.routing.graph import Turn, road_graph
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_TOWN, FULIANG_VILLAGE, make_actor, make_location, point
from tests.roads.osm_files import place
from tests.routing.test_travel import SQUARE, edge, square


def road(a: int, b: int, *, oneway: bool = False) -> TakenEdge:
    """Return a road between two places of the small extracts."""
    line = LineString([place(a), place(b)])
    named = f"{a}–{b}"
    return TakenEdge(named, "tertiary", 30.0, oneway, None, None, a, b, line)


#: A triangle, a one-way road out of it that leads nowhere, and an island.
ROADS = [road(0, 10), road(10, 11), road(11, 0), road(11, 12, oneway=True), road(40, 41)]


def test_a_network_in_one_piece() -> None:
    """Everything is the main network; restrictions that leave a way round change nothing."""
    for graph in (square(), square(Turn(23, 3, 35)), square(oneway=True)):
        hanging = Hanging(graph)
        assert (hanging.standing == MAIN).all()
        assert (hanging.components, hanging.share) == (1, 1.0)
        assert hanging.islands() == hanging.traps() == []


@pytest.mark.parametrize("into", [True, False])
def test_dead_oneways(into: bool) -> None:  # noqa: FBT001
    """A one-way road that leads away from, or only to, the main network is told."""
    ends = (3, 5) if into else (5, 3)
    edges = [edge(n, a, b, SQUARE) for n, a, b in ((12, 1, 2), (23, 2, 3), (34, 3, 4), (41, 4, 1))]
    graph = road_graph([*edges, edge(35, *ends, SQUARE, oneway=True, name="断头路")])
    hanging = Hanging(graph)
    assert hanging.standing.tolist() == [MAIN] * 4 + [TRAP]
    assert (hanging.components, hanging.islands()) == (1, [])
    (trap,) = hanging.traps()
    assert (trap.edges, trap.names) == (1, ("断头路",))
    assert trap.kilometres == pytest.approx(1.0)
    assert hanging.share == pytest.approx(0.8)


def test_islands_are_told_with_a_place_to_look_at() -> None:
    """Pieces that no road joins, the longest first; the longer piece is the main network."""
    at = {**SQUARE, 6: (5000.0, 0.0), 7: (5000.0, 400.0), 8: (9000.0, 0.0), 9: (9000.0, 700.0)}
    edges = [edge(n, a, b, at) for n, a, b in ((1, 1, 2), (2, 2, 3), (3, 6, 7), (4, 8, 9))]
    hanging = Hanging(road_graph(edges))
    assert hanging.standing.tolist() == [MAIN, MAIN, ISLAND, ISLAND]
    assert hanging.components == 3
    assert [part.kilometres for part in hanging.islands()] == pytest.approx([0.7, 0.4])
    assert hanging.islands()[0].place == pytest.approx(tuple(edges[3].line[1]), abs=1e-6)


def test_one_road_and_a_oneway_alone() -> None:
    """The smallest networks have a main part or none that can be left, and no division by zero."""
    assert Hanging(road_graph([edge(1, 1, 2, SQUARE)])).share == 1.0
    alone = Hanging(road_graph([edge(1, 1, 2, SQUARE, oneway=True)]))
    assert alone.share == 0.0
    assert [part.edges for part in alone.traps()] == [1]


def test_places_know_their_nearest_road() -> None:
    """Metres on the plane, the road, and what that road is."""
    graph = square()
    found = Hanging(graph).nearest(
        np.array([graph.lonlat[0], graph.lonlat[0] + [0.0, -0.01]], dtype=float)
    )
    assert found.metres == pytest.approx([0, 1108.5], abs=0.5)
    assert (found.standing == MAIN).all()
    assert len(Hanging(graph).nearest(np.empty((0, 2))).metres) == 0


def lay_out(session: Session) -> None:
    """Bring in the roads, and a location at each kind of road and far from any."""
    bring_in(session, Taken(ROADS), "test")
    actor = make_actor(session)
    for number, code in ((0, "AT-MAIN"), (12, "AT-TRAP"), (41, "AT-ISLAND"), (20, "FAR")):
        make_location(
            session,
            actor,
            layer("pv_stations"),
            code=code,
            name=f"点位{code}",
            geometry=point(*place(number)),
        )
    session.flush()


def test_the_report_tells_what_is_not_reached(session: Session) -> None:
    """Far, beside an island, at the end of a dead one-way: in the list, the farthest first."""
    lay_out(session)
    found = connectivity.report(session, "")
    assert (len(found.ids), found.hanging.components) == (4, 2)
    assert [part.names for part in found.islands] == [("40–41",)]
    assert [part.names for part in found.traps] == [("11–12",)]
    page = connectivity.unreached(session, found, 500)
    assert [(row.code, row.why) for row in page.rows] == [
        ("FAR", "far"),
        ("AT-TRAP", "trap"),
        ("AT-ISLAND", "island"),
    ]
    far = page.rows[0]
    assert far.metres == pytest.approx(970, abs=2)
    assert (far.name, far.township, far.layer) == ("点位FAR", "浮梁镇", "pv_stations")
    assert page.total == 3
    assert found.cuts(500) == {(FULIANG_TOWN, "pv_stations"): Cut(1, 2)}
    assert [row.code for row in connectivity.unreached(session, found, 5000).rows] == [
        "AT-TRAP",
        "AT-ISLAND",
    ]
    second = connectivity.unreached(session, found, 500, page=2, size=2)
    assert ([row.code for row in second.rows], second.total) == (["AT-ISLAND"], 3)


@pytest.mark.parametrize(
    ("narrowed", "count"),
    [
        ({"township": FULIANG_TOWN}, 3),
        ({"township": FULIANG_VILLAGE}, 3),
        ({"township": "360222101"}, 0),
        ({"layer": "pv_stations"}, 3),
        ({"layer": "villages"}, 0),
    ],
)
def test_the_list_is_narrowed(session: Session, narrowed: Mapping[str, str], count: int) -> None:
    """By township and by layer."""
    lay_out(session)
    found = connectivity.report(session, "")
    assert connectivity.unreached(session, found, 500, **narrowed).total == count  # type: ignore[arg-type]


def test_a_township_sees_its_own(session: Session) -> None:
    """The network is the county's, the locations are the scope's."""
    lay_out(session)
    assert len(connectivity.report(session, FULIANG_TOWN).ids) == 4
    other = connectivity.report(session, "360222105")
    assert len(other.ids) == 0
    assert other.cuts(500) == {}
    assert connectivity.unreached(session, other, 500).total == 0
    assert len(other.graph.edges) == len(ROADS)


def test_it_is_made_anew_only_after_changes(
    session: Session,
    connection: Connection,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """Asked again it costs the versions alone; other roads or locations make it new."""
    lay_out(session)
    connectivity.report(session, "")
    with count_queries(connection) as seen:
        again = connectivity.report(session, "")
    assert len(seen) <= 3
    assert len(again.ids) == 4
    session.execute(
        text("update location set deleted_at = now(), delete_reason = '错录' where code = 'FAR'")
    )
    assert len(connectivity.report(session, "").ids) == 3
    bring_in(session, Taken(ROADS[:3]), "test")
    assert connectivity.report(session, "").hanging.components == 1


def test_without_locations_and_without_roads(session: Session) -> None:
    """No location is no fault; no road is refused with what to do."""
    with pytest.raises(Invalid, match="1 value"):
        connectivity.report(session, "")
    bring_in(session, Taken(ROADS), "test")
    found = connectivity.report(session, "")
    assert (len(found.ids), found.cuts(0)) == (0, {})


def test_the_command_reports(
    monkeypatch: pytest.MonkeyPatch,
    cluster: Cluster,
    fresh_database: str,
    owner_session: Session,
    settings: Settings,
) -> None:
    """Figures, islands with their place, and the table, at the terminal."""
    lay_out(owner_session)
    owner_session.commit()
    monkeypatch.setenv("FULIANG_DATABASE_URL", cluster.owner_url(fresh_database))
    monkeypatch.setenv("FULIANG_STATE", str(settings.state_dir))
    told = CliRunner().invoke(app, ["report", "--farther", "800"])
    assert told.exit_code == 0, told.output
    assert "分成 2 片" in told.output
    assert "40–41" in told.output
    assert "离路 800 米以上 1 处，最近的路到不了 2 处" in told.output
    assert "浮梁镇 光伏电站：离路远 1 处，到不了 2 处" in told.output
