"""The demo county is plausible: everything in its place, within the layers' own rules."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from fuliang_gis.demo.rows import DATA_SOURCE
from fuliang_gis.locations.checks import check_values, writable_fields
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layers

#: Every location of small layers is checked; of toilets, one in so many.
EVERY = 23


def _count(demo: Session, condition: str) -> int:
    return int(demo.scalar(text(f"select count(*) from {condition}")) or 0)  # noqa: S608


@pytest.mark.parametrize("name", list(layers()))
def test_rows_pass_the_layers_checks(demo: Session, name: str) -> None:
    """What the demo writes must be what a person could have typed in: no problem may be found."""
    layer = layers()[name]
    rows = demo.query(layer.cls).filter(Location.id % (EVERY if "sanit" in name else 1) == 0).all()
    assert rows
    fields = [field.name for field in writable_fields(layer)]
    for row in rows:
        given = {field: getattr(row, field) for field in fields}
        assert check_values(layer, given, current=None).problems == [], row.name


def test_everything_lies_in_its_division(demo: Session) -> None:
    """No location may lie outside the division it names."""
    outside = "location l join division d on d.code = l.division_code where not st_covers"
    assert _count(demo, f"{outside}(d.boundary, l.geom)") == 0


@pytest.mark.parametrize("name", [*layers()])
def test_geometry_types(demo: Session, name: str) -> None:
    """Geometry must be of a type that the layer's sheet allows."""
    allowed = {f"ST_{kind}" for kind in layers()[name].sheet.geometry}
    kinds = text("select distinct st_geometrytype(geom) from location where layer = :layer")
    assert set(demo.scalars(kinds, {"layer": name})) <= allowed


def test_everything_is_marked_as_invented(demo: Session) -> None:
    """Every row must say that it is invented, and name that as its source."""
    for table in ("location", "household_survey", "road"):
        assert _count(demo, f"{table} where not invented") == 0
    assert set(demo.scalars(text("select distinct data_source from location"))) == {DATA_SOURCE}


def test_no_persons(demo: Session) -> None:
    """Custodians must be posts; no column may hold a phone or an identity number."""
    posts = "location where custodian not like '%管护员'"
    assert _count(demo, posts) == 0
    number = "'(1[3-9][0-9]{9}|[0-9]{17}[0-9X])'"
    assert _count(demo, f"location where concat_ws(' ', name, custodian, note) ~ {number}") == 0


def test_households_bound_surveys_and_toilets(demo: Session) -> None:
    """No village may have more surveyed households than households, or toilets than surveys."""
    rows = demo.execute(
        text(
            "select v.households, count(s.id), count(s.toilet_id), count(distinct s.toilet_id)"
            " from village v join location l on l.id = v.location_id"
            " left join household_survey s on s.division_code = l.division_code"
            " group by v.location_id"
        )
    ).all()
    assert len(rows) == 197
    for households, surveyed, toilets, distinct in rows:
        assert toilets == distinct <= surveyed <= households


def test_toilets_share_their_surveys_state(demo: Session) -> None:
    """A toilet must be where its survey is, in the same state of review."""
    differing = (
        "household_survey s join location l on l.id = s.toilet_id"
        " where l.division_code <> s.division_code or l.review_state <> s.review_state"
    )
    assert _count(demo, differing) == 0
    assert _count(demo, "household_survey where entered_on < surveyed_on") == 0


def test_problem_toilets_have_problems(demo: Session) -> None:
    """A problem toilet must name its problems and the way to mend them; another must not."""
    toilets = "sanitation_facility where kind = 'household_toilet' and"
    assert _count(demo, f"{toilets} is_problem and problem_types is null") == 0
    others = f"{toilets} not is_problem and num_nonnulls(problem_types, rectification) > 0"
    assert _count(demo, others) == 0


def test_toilets_stand_near_roads(demo: Session) -> None:
    """Nearly all houses must stand within 60 m of a road: people do not live in the woods."""
    near = (
        "location l where layer = 'sanitation_facilities' and id % 97 = 0 and exists"
        " (select from road r where st_dwithin(r.geom, l.geom, 0.0006))"
    )
    every = _count(demo, "location where layer = 'sanitation_facilities' and id % 97 = 0")
    assert _count(demo, near) > 0.98 * every


def test_stations_face_south(demo: Session) -> None:
    """Panels must face the south, and their capacity fit a yield of 249.05 万 kWh."""
    assert _count(demo, "pv_station where azimuth_deg not between 130 and 230") == 0
    capacity = demo.scalar(text("select sum(capacity_kwp) from pv_station")) or 0
    assert 900 < 2_490_500 / capacity < 1_150


def test_every_township_has_its_transfer_station(demo: Session) -> None:
    """Each of the 18 townships must have one transfer station."""
    query = text(
        "select left(division_code, 9), count(*) from location join sanitation_facility"
        " on location_id = id where kind = 'transfer_station' group by 1"
    )
    assert sorted(count for _, count in demo.execute(query)) == [1] * 18


def test_villages_differ(demo: Session) -> None:
    """Problem rates must vary between villages, so that maps show hot spots."""
    query = text(
        "select avg(is_problem::int) from sanitation_facility join location on id = location_id"
        " where kind = 'household_toilet' group by division_code having count(*) > 100"
    )
    rates = [float(rate) for rate in demo.scalars(query)]
    assert max(rates) - min(rates) > 0.2


def test_typed_halves_are_complete(demo: Session) -> None:
    """Every location must have its typed half, and the other way round."""
    for name, layer in layers().items():
        table = inspect(layer.cls).local_table.description
        assert _count(demo, f"location where layer = '{name}'") == _count(demo, table)
