"""The base map shows divisions, their names and roads, each from its own level on."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.cartography.basemap import (
    BOUNDARIES_FROM,
    EXTENT,
    LABELS_FROM,
    ROADS_FROM,
    base_statement,
    base_tile,
)
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.roads.models import ROAD_CLASSES
from tests.cartography.decoding import decode
from tests.cartography.places import tile_at
from tests.factories import PLACE


def add_road(session: Session, road_class: str, *steps: tuple[float, float]) -> None:
    """Add a road edge that starts at ``PLACE`` and goes by the steps [degrees]."""
    places = [PLACE, *((PLACE[0] + east, PLACE[1] + north) for east, north in steps)]
    line = ", ".join(f"{lon} {lat}" for lon, lat in places)
    session.execute(
        text(
            "insert into road (name, road_class, speed_kmh, length_m, oneway, from_node, to_node,"
            " geom, invented) values ('测试路', :road_class, 40, 1000, false, 1, 2,"
            " ST_GeomFromText(:line, 4490), false)"
        ),
        {"road_class": road_class, "line": f"LINESTRING({line})"},
    )


def test_every_road_class_has_a_level() -> None:
    """A class without a level would never be drawn."""
    assert set(ROADS_FROM) == set(ROAD_CLASSES)


@pytest.mark.parametrize("road_class", ROADS_FROM)
def test_roads_appear_by_class(session: Session, road_class: str) -> None:
    """A road must appear from its class's level on, and not before."""
    add_road(session, road_class, (0.02, 0.0))
    first = ROADS_FROM[road_class]
    before, after = (
        decode(base_tile(session, tile_at(*PLACE, z)), "road") for z in (first - 1, first)
    )
    assert before == []
    assert [road.properties for road in after] == [{"class": road_class, "name": "测试路"}]


def test_edges_of_one_road_are_one_line(session: Session) -> None:
    """Edges that follow each other must be joined, so that the road is drawn as one line."""
    add_road(session, "trunk", (0.001, 0.0))
    session.execute(
        text("update road set geom = ST_Reverse(ST_Translate(geom, 0.001, 0)) where id > 0")
    )
    add_road(session, "trunk", (0.001, 0.0))
    [road] = decode(base_tile(session, tile_at(*PLACE, 14)), "road")
    assert road.kind == "LineString"


@pytest.mark.parametrize("level", BOUNDARIES_FROM)
def test_divisions_appear_by_level(session: Session, level: str) -> None:
    """A division's area and name must appear from its level on."""
    z = max(BOUNDARIES_FROM[level], LABELS_FROM[level])
    tile = base_tile(session, tile_at(*PLACE, z))
    assert level in {each.properties["level"] for each in decode(tile, "division")}
    if z:
        tile = base_tile(session, tile_at(*PLACE, z - 1))
        assert level not in {each.properties["level"] for each in decode(tile, "division")}


def test_labels_name_their_division(session: Session) -> None:
    """A name must come with the code of what it names."""
    labels = decode(base_tile(session, tile_at(*PLACE, 8)), "label")
    named = {each.properties["code"]: each.properties["name"] for each in labels}
    assert named["360222100"] == "浮梁"


def test_neighbouring_tiles_overlap(session: Session) -> None:
    """Areas must reach beyond their tile, so that no seam shows its cut edge."""
    county = decode(base_tile(session, tile_at(*PLACE, 12)), "division")
    reach = [x for each in county for ring in _rings(each.coordinates) for x, _ in ring]
    assert min(reach) < 0
    assert max(reach) > EXTENT


def test_elsewhere_is_empty(session: Session) -> None:
    """A tile without the county must have no bytes."""
    assert base_tile(session, TileAddress(5, 0, 0)) == b""


def test_close_tile_is_found_by_the_spatial_indexes(session: Session) -> None:
    """The stored geometry must be searched by its indexes, not transformed row by row."""
    session.execute(text("set local enable_seqscan = off"))
    statement = base_statement(tile_at(*PLACE, 15))
    connection = session.connection()
    rows = connection.exec_driver_sql(f"explain {statement.sql}", dict(statement.params))
    plan = "\n".join(line for (line,) in rows)
    assert "ix_road_geom" in plan
    assert "idx_division_boundary" in plan


def _rings(coordinates: list[object]) -> list[list[tuple[float, float]]]:
    """Return the rings of a polygon or multipolygon."""
    if isinstance(coordinates[0][0][0], int | float):  # type: ignore[index]
        return coordinates  # type: ignore[return-value]
    return [ring for polygon in coordinates for ring in polygon]  # type: ignore[attr-defined]
