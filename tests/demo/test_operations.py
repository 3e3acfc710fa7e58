"""Loading and dropping: the same seed gives the same rows; dropping leaves everything real."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString, Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.areas.operations import stored_polygon
from fuliang_gis.areas.reference import reference
from fuliang_gis.demo import operations
from fuliang_gis.demo.rows import Row, Survey
from fuliang_gis.demo.settlements import Site, peopled
from fuliang_gis.errors import DemoPresent, NotFound
from fuliang_gis.locations.models import HouseholdSurvey
from fuliang_gis.locations.registry import layers
from fuliang_gis.roads.edges import Edge
from fuliang_gis.roads.models import Road

TABLES = ("location", "water_project", "household_survey", "road", "sanitation_facility")


def _described(edge: Edge) -> tuple[object, ...]:
    ends = edge.from_node, edge.to_node
    return edge.name, edge.road_class, edge.speed_kmh, edge.length_m, *ends


def _days(survey: Survey) -> tuple[date, date]:
    return survey.surveyed_on, survey.entered_on


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _line(layer: str, values: Iterable[object]) -> str:
    return "|".join([layer, *map(str, values)])


def _columns(name: str) -> list[str]:
    return [c.name for c in layers()[name].cls.__table__.columns if c.name != "location_id"]


def _invented(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        typed = [row.fields.get(column) for column in _columns(row.layer)]
        shared = (row.code, row.name, row.initials, row.division_code, row.geom.wkb_hex)
        state = (row.use_status, row.review_state, row.custodian, row.survey_date)
        yield _line(row.layer, [*shared, *state, *typed])


def _stored(demo: Session) -> Iterator[str]:
    for name, layer in layers().items():
        typed = ", ".join(f"t.{column}" for column in _columns(name))
        query = text(
            "select code, l.name, initials, division_code, upper(encode(st_asbinary(geom), 'hex')),"  # noqa: S608
            f" use_status, review_state, custodian, survey_date, {typed}"
            f" from location l join {layer.cls.__tablename__} t on t.location_id = l.id"
        )
        for row in demo.execute(query):
            yield _line(name, row)


def test_same_seed_same_rows(demo: Session) -> None:
    """Invented anew from the same seed, every location must equal the stored one byte for byte."""
    world = operations.world_of(demo, 1)
    rows, surveys = operations.invent(world)
    assert _digest(_invented(rows)) == _digest(_stored(demo))
    stored = demo.execute(
        text(
            "select s.division_code, household_no, code, s.review_state, surveyed_on, entered_on"
            " from household_survey s left join location l on l.id = toilet_id"
        )
    )
    made = (
        _line("", (s.division_code, s.household_no, s.toilet, s.review_state, *_days(s)))
        for s in surveys
    )
    assert _digest(made) == _digest(_line("", row) for row in stored)
    roads = demo.execute(
        text(
            "select name, road_class, speed_kmh, length_m, from_node, to_node,"
            " upper(encode(st_asbinary(geom), 'hex')) from road"
        )
    )
    edges = (_line("", (*_described(e), e.geom.wkb_hex)) for e in world.edges)
    assert _digest(edges) == _digest(_line("", row) for row in roads)


def test_another_seed_gives_another_county() -> None:
    """Another seed must give other numbers that add up to the same total."""
    sites = [
        Site(r.code, r.name, r.kind, r.code[:9], "", r.seat.x, r.seat.y, r.boundary)
        for r in reference()
        if r.level == "village"
    ]
    one, two = (peopled(sites, 76_304, 262_000, np.random.default_rng(seed)) for seed in (1, 2))
    assert sum(site.households for site in one) == sum(site.households for site in two) == 76_304
    assert [site.households for site in one] != [site.households for site in two]


def test_a_second_load_is_refused(demo: Session) -> None:
    """With a demo county in place, loading must refuse and change nothing."""
    with pytest.raises(DemoPresent):
        operations.load(demo, seed=2)
    assert demo.scalar(text("select count(*) from water_project")) == 626


def test_the_world_needs_divisions(session: Session) -> None:
    """Without a county, or without a boundary, there must be a refusal that names it."""
    village = session.get_one(Division, "360222101200")
    village.boundary = None
    session.flush()
    with pytest.raises(NotFound, match="360222101200"):
        operations.world_of(session, 1)
    session.execute(text("delete from account"))
    session.execute(text("delete from division"))
    with pytest.raises(NotFound, match="county"):
        operations.world_of(session, 1)


def test_drop_removes_the_invented_and_nothing_else(demo: Session) -> None:
    """Real rows, real boundaries and all divisions must outlive the demo county."""
    surveyed = box(117.2, 29.4, 117.21, 29.41)
    division = demo.get_one(Division, "360222101200")
    division.boundary, division.invented = stored_polygon(surveyed), False
    division.boundary_source = "测绘"
    _make_real_rows(demo)
    before = demo.scalar(text("select count(*) from division"))
    gone = operations.drop(demo)
    assert gone.locations > 56_000
    assert gone.surveys == 63_518
    left = {
        table: demo.scalar(text(f"select count(*) from {table}"))  # noqa: S608
        for table in TABLES
    }
    assert left == {
        "location": 1,
        "water_project": 1,
        "household_survey": 1,
        "road": 1,
        "sanitation_facility": 0,
    }
    assert demo.scalar(text("select count(*) from division")) == before
    demo.expire_all()
    kept = demo.get_one(Division, "360222101200")
    assert (kept.invented, kept.boundary_source) == (False, "测绘")


def _make_real_rows(demo: Session) -> None:
    place = from_shape(Point(117.43, 29.46), 4490)
    toilet = demo.scalar(text("select max(toilet_id) from household_survey"))
    demo.add(
        layers()["water_projects"].cls(
            code="真-1",
            name="真实供水站",
            initials="zsgsz",
            division_code="360222101200",
            geom=place,
            asset_class="public_welfare",
            data_source="台账",
            kind="small",
            design_m3d=20,
            source_type="spring",
            served_population=100,
            run_status="normal",
        )
    )
    demo.add(
        HouseholdSurvey(
            division_code="360222101200",
            household_no="真-1",
            toilet_id=toilet,
            review_state="draft",
            surveyed_on=date(2022, 5, 1),
        )
    )
    _make_real_road(demo)


def _make_real_road(demo: Session) -> None:
    line = LineString([(117.3, 29.5), (117.31, 29.5)])
    demo.add(
        Road(
            road_class="primary",
            speed_kmh=60,
            length_m=100,
            from_node=900_001,
            to_node=900_002,
            geom=from_shape(line, 4490),
        )
    )
    demo.flush()


def test_junctions_follow_those_already_there(demo: Session) -> None:
    """After surveyed roads, invented junctions must take numbers of their own."""
    operations.drop(demo)
    _make_real_road(demo)
    operations.load(demo, seed=1)
    lowest = demo.scalar(text("select min(least(from_node, to_node)) from road where invented"))
    assert lowest == 900_003
