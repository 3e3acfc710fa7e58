"""Roads come in: in place of what there is or beside it, all or nothing, and routes follow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from shapely import LineString
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.cli.roads import app
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.errors import ImportRefused, Invalid
from fuliang_gis.roads.models import Road, RoadTurn
from fuliang_gis.roads.network import network
from fuliang_gis.roads.operations import bring_in
from fuliang_gis.roads.osm import read_osm
from fuliang_gis.roads.taken import Taken, TakenEdge
from fuliang_gis.routing.travel import Travel
from fuliang_gis.settings import Settings
from tests.roads import test_lines
from tests.roads.osm_files import osm_file, place
from tests.roads.test_osm import CROSSING, ROAD, VIA
from tests.roads.test_real_extract import _extract


def road(a: int, b: int, *, at: Sequence[tuple[float, float]] | None = None) -> TakenEdge:
    """Return a road between two places of the small extracts."""
    line = LineString(at or [place(a), place(b)])
    number, name = f"way/{a}", f"{a}–{b}"
    return TakenEdge(
        name,
        "tertiary",
        30.0,
        oneway=False,
        surface=None,
        source_ref=number,
        from_node=a,
        to_node=b,
        geom=line,
    )


def test_a_network_takes_the_place_of_another(session: Session, tmp_path: Path) -> None:
    """All former roads and restrictions go, the new ones are there with length and number."""
    bring_in(session, Taken([road(0, 10)]), "former.osm")
    former = network(session)
    relation = {5: (VIA, {"type": "restriction", "restriction": "no_left_turn"})}
    ways = {**CROSSING, 1: ([0, 10], ROAD | {"name": "浮景线", "surface": "asphalt"})}
    done = bring_in(session, read_osm(osm_file(tmp_path, ways, relations=relation)), "new.osm")
    assert (done.edges, done.turns, done.removed) == (3, 1, 1)
    roads = session.scalars(select(Road).order_by(Road.id)).all()
    assert [each.source_ref for each in roads] == ["way/1", "way/2", "way/3"]
    first = roads[0]
    assert (first.name, first.surface, first.invented) == ("浮景线", "asphalt", False)
    assert first.length_m == pytest.approx(970.6, abs=0.5)
    (turn,) = session.scalars(select(RoadTurn)).all()
    assert (turn.from_road, turn.to_road) == (roads[0].id, roads[2].id)
    assert turn.via_node == roads[0].to_node
    graph = network(session)
    assert graph is not former
    assert graph.nodes == 5
    (event,) = session.scalars(
        select(AuditEvent).where(
            AuditEvent.action == "import_roads", AuditEvent.subject == "roads/new.osm"
        )
    ).all()
    assert event.detail == {"edges": 3, "turns": 1, "removed": 1, "added": False}


def test_the_same_import_again_changes_the_version(session: Session) -> None:
    """A graph that was kept is renewed by every import, even of the same number of roads."""
    bring_in(session, Taken([road(0, 10)]), "a")
    former = network(session)
    bring_in(session, Taken([road(0, 10)]), "a")
    assert network(session) is not former


def test_added_roads_join_those_there_are(session: Session) -> None:
    """Junctions within a metre become one; what is there already is not doubled."""
    bring_in(session, Taken([road(0, 10), road(10, 20)]), "a")
    lon, lat = place(20)
    near = road(1, 2, at=[(lon + 5e-6, lat), place(30)])
    done = bring_in(session, Taken([near, road(0, 10)]), "b", add=True)
    assert (done.edges, done.there, done.joined, done.removed) == (1, 1, 3, 0)
    graph = network(session)
    assert graph.nodes == 4
    assert len(set(graph.parts().tolist())) == 1
    apart = bring_in(session, Taken([road(50, 51)]), "c", add=True)
    assert (apart.edges, apart.joined) == (1, 0)
    assert len(set(network(session).parts().tolist())) == 2


def test_what_shrinks_to_nothing_is_left_out(session: Session) -> None:
    """A stub whose two ends join one junction would end where it begins."""
    bring_in(session, Taken([road(0, 10)]), "a")
    lon, lat = place(10)
    stub = road(1, 2, at=[(lon + 2e-6, lat), (lon + 4e-6, lat)])
    done = bring_in(session, Taken([stub, road(3, 4, at=[place(20), place(30)])]), "b", add=True)
    assert (done.edges, done.there) == (1, 1)


@pytest.mark.parametrize(
    ("taken", "code"),
    [
        (Taken([]), "no_roads"),
        (Taken([road(0, 10), road(1, 2, at=[(24.9, 60.1), (24.91, 60.1)])]), "outside_county"),
    ],
)
def test_refused_imports_change_nothing(session: Session, taken: Taken, code: str) -> None:
    """An empty network or roads elsewhere are refused before anything goes."""
    bring_in(session, Taken([road(0, 10)]), "a")
    with pytest.raises(Invalid) as refused:
        bring_in(session, taken, "b")
    assert [problem.code for problem in refused.value.problems] == [code]
    assert session.scalar(text("select count(*) from road")) == 1


def test_a_real_city_moved_into_the_county_can_be_driven(session: Session) -> None:
    """Helsinki's streets, laid down at 浮梁镇, are stored whole and answer routes."""
    city = read_osm(_extract())
    shift = np.array([117.24 - 24.94, 29.37 - 60.17])
    moved = [
        TakenEdge(**{**vars(e), "geom": shapely.transform(e.geom, lambda p: p + shift)})
        for e in city.edges
    ]
    done = bring_in(session, Taken(moved, city.turns, city.notes), "Helsinki.osm.pbf")
    assert done.edges == len(city.edges)
    assert done.turns == len(city.turns)
    graph = network(session)
    assert len(graph.edges) == done.edges
    travel = Travel(graph)
    a, b = travel.snap(graph.lonlat[[10, 200]])
    assert a is not None
    assert b is not None
    assert np.isfinite(travel.seconds([a], [b])).all()


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, fresh_database: str, settings: Settings
) -> CliRunner:
    """A terminal whose commands work on the test's own database."""
    monkeypatch.setenv("FULIANG_DATABASE_URL", cluster.owner_url(fresh_database))
    monkeypatch.setenv("FULIANG_STATE", str(settings.state_dir))
    return CliRunner()


def test_the_command_tells_asks_and_imports(
    command: CliRunner, owner_session: Session, tmp_path: Path
) -> None:
    """A trial writes nothing, no is heeded, yes brings the roads in."""
    path = osm_file(tmp_path, {**CROSSING, 7: ([30, 40], {"highway": "path"})})
    count = text("select count(*) from road")
    tried = command.invoke(app, ["import", str(path), "--dry-run"])
    assert tried.exit_code == 0, tried.output
    assert "读到 3 段道路" in tried.output
    assert "不能行车的路" in tried.output
    assert owner_session.scalar(count) == 0
    owner_session.rollback()
    declined = command.invoke(app, ["import", str(path)], input="n\n")
    assert declined.exit_code == 1
    assert owner_session.scalar(count) == 0
    owner_session.rollback()
    done = command.invoke(app, ["import", str(path)], input="y\n")
    assert done.exit_code == 0, done.output
    assert "写入 3 段道路" in done.output
    assert "分成 1 片" in done.output
    assert owner_session.scalar(count) == 3


def test_the_command_takes_a_county_layer(
    command: CliRunner, owner_session: Session, tmp_path: Path
) -> None:
    """Fields are named by file or option, what is wrong is listed, roads are added."""
    layer = test_lines.write(
        tmp_path / "roads.gpkg", values={"MC": ["甲", "乙", "丙"], "DJ": ["县道", "大路", "村道"]}
    )
    refused = command.invoke(app, ["import", str(layer), "--class", "DJ", "--yes"])
    assert isinstance(refused.exception, Invalid)
    assert "“大路”（1 条）" in refused.output
    mapping = tmp_path / "fields.toml"
    mapping.write_text('[fields]\nclass = "DJ"\n[classes]\n"大路" = "tertiary"\n', "utf-8")
    arguments = ["import", str(layer), "--fields", str(mapping), "--name", "MC", "--yes"]
    done = command.invoke(app, arguments)
    assert done.exit_code == 0, done.output
    added = command.invoke(app, [*arguments, "--add"])
    assert "5 段原已存在" in added.output
    names = owner_session.scalars(select(Road.name).distinct().order_by(Road.name)).all()
    assert sorted(str(name) for name in names) == ["丙", "乙", "甲"]
    elsewhere = command.invoke(app, ["import", str(_extract()), "--within-county", "--yes"])
    assert isinstance(elsewhere.exception, ImportRefused)
    assert owner_session.scalar(text("select count(*) from road")) == 5
