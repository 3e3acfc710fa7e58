"""A place is found by what a person types, and a box of the map by its index."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.locations.models import Location
from fuliang_gis.locations.queries import Filters, conditions, count, list_page
from fuliang_gis.locations.registry import layer
from fuliang_gis.locations.search import DIVISION, search
from tests.factories import PLACE, YAOLI_TOWN, make_actor, make_location


def test_divisions_and_every_layer_are_found(session: Session) -> None:
    """One search must find a township and the locations whose names hold the text."""
    clerk = make_actor(session)
    for name in ("pv_stations", "water_projects"):
        make_location(session, clerk, layer(name), name="瑶里样点")
    found = search(session, clerk, "瑶里")
    assert found[0].layer == DIVISION
    assert {each.layer for each in found} >= {"pv_stations", "water_projects", DIVISION}
    west, south, east, north = found[0].extent
    assert west < east
    assert south < north


@pytest.mark.parametrize("typed", ["高岭样", "glyd", "GLYD"])
def test_names_and_initials_are_found(session: Session, typed: str) -> None:
    """Part of a name, and the first pinyin letters in either case, must find a location."""
    clerk = make_actor(session)
    made = make_location(session, clerk, layer("pv_stations"), name="高岭样点")
    assert made.code in {each.code for each in search(session, clerk, typed)}


def test_whole_name_comes_before_others(session: Session) -> None:
    """The location that is named exactly so must come first."""
    clerk = make_actor(session)
    for name in ("甲乙丙二号", "又甲乙丙", "甲乙丙"):
        make_location(session, clerk, layer("pv_stations"), name=name)
    names = [each.name for each in search(session, clerk, "甲乙丙")]
    assert names == ["甲乙丙", "甲乙丙二号", "又甲乙丙"]


@pytest.mark.parametrize("typed", ["", "   ", "%", "_", "没有这个地方"])
def test_nothing_is_found_for_nothing(session: Session, typed: str) -> None:
    """Empty text and wildcards must find nothing."""
    clerk = make_actor(session)
    make_location(session, clerk, layer("pv_stations"))
    assert search(session, clerk, typed) == []


def test_search_is_bounded_to_the_readers_division(session: Session) -> None:
    """What lies elsewhere must not be found."""
    clerk = make_actor(session)
    make_location(session, clerk, layer("pv_stations"), name="高岭样点")
    assert search(session, make_actor(session, division=YAOLI_TOWN), "高岭样点") == []


def test_box_narrows_list_and_count(session: Session) -> None:
    """Only what lies in the box of the map may be listed and counted."""
    clerk = make_actor(session)
    make_location(session, clerk, layer("pv_stations"))
    lon, lat = PLACE
    here = Filters(bbox=(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01))
    elsewhere = Filters(bbox=(lon + 0.01, lat, lon + 0.02, lat + 0.01))
    assert list_page(session, clerk, "pv_stations", here).total == 1
    assert count(session, clerk, "pv_stations", here) == 1
    assert count(session, clerk, "pv_stations", elsewhere) == 0


def test_box_uses_the_index(session: Session) -> None:
    """The condition must reach the index on the stored geometry."""
    clerk = make_actor(session)
    filters = Filters(bbox=(117.4, 29.4, 117.5, 29.5))
    wanted = conditions(layer("pv_stations"), clerk, filters)
    statement = select(func.count()).select_from(Location).where(wanted[-1])
    compiled = statement.compile(
        dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
    )
    # On a small table any other way is cheaper; it is closed, so that a usable index is used.
    session.execute(text("set local enable_seqscan = off"))
    plan = "\n".join(session.scalars(text(f"explain {compiled}")))
    assert "ix_location_geom" in plan
