"""The demo county's roads: about 4,000 km in one piece, reaching every village."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.roads.hanging import Hanging
from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.network import network


def test_network(demo: Session) -> None:
    """The network must be one, of the size that routing is tested on, in all classes."""
    graph = network(demo)
    assert Hanging(graph).components == 1
    assert 3_900 < sum(edge.metres for edge in graph.edges) / 1000 < 4_100
    assert 15_000 <= len(graph.edges) <= 40_000
    assert {edge.road_class for edge in graph.edges} == ROAD_CLASSES.keys()


def test_every_seat_is_on_a_road(demo: Session) -> None:
    """Every township and village seat must lie on the network (within a metre)."""
    far = text(
        "select code from division d where level <> 'county' and not exists"
        " (select from road r where st_dwithin(r.geom, d.seat, 0.00001))"
    )
    assert demo.scalars(far).all() == []


def test_roads_stay_in_the_county(demo: Session) -> None:
    """No road may leave the county."""
    outside = text(
        "select count(*) from road r join division d on d.level = 'county'"
        " where not st_covers(st_buffer(d.boundary, 0.0005), r.geom)"
    )
    assert demo.scalar(outside) == 0


def test_stored_lengths_are_measured(demo: Session) -> None:
    """The stored length must be the line's own on the ellipsoid, to a decimetre."""
    differing = text(
        "select count(*) from road where abs(length_m - st_length(geom::geography)) > 0.1"
    )
    assert demo.scalar(differing) == 0


def test_mountain_roads_wind(demo: Session) -> None:
    """Long stretches in the mountains must wind more than those in the lowland."""
    winding = text(
        "select avg(length_m / straight) from road, st_startpoint(geom) start,"
        " st_distance(start::geography, st_endpoint(geom)::geography) straight"
        " where length_m > 1200 and straight > 200 and st_y(start) between :south and :north"
    )
    low = demo.scalar(winding, {"south": 29.1, "north": 29.45}) or 0
    high = demo.scalar(winding, {"south": 29.6, "north": 30.0}) or 0
    assert 1.0 < low < high
    assert high < 1.8
