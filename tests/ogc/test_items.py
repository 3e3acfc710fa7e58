"""Items over HTTP: pages by key, boxes, dates, properties, systems, forms, readers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.locations import operations
from fuliang_gis.locations.registry import layer
from fuliang_gis.ogc import queries
from fuliang_gis.ogc.collections import collection
from fuliang_gis.ogc.crs import CRS84
from fuliang_gis.ogc.requests import cursor, read_items_request
from tests.factories import COUNTY, FULIANG_VILLAGE, make_actor, make_location, point
from tests.ogc.conftest import IN_YAOLI, STATIONS, place
from tests.ogc.geojson import require_collection, require_feature
from tests.web.conftest import World

ITEMS = "/ogc/collections/pv_stations/items"
Counted = Callable[[Engine], AbstractContextManager[list[str]]]


def ask(client: FlaskClient, address: str = ITEMS, **query: str | int) -> dict[str, Any]:
    """Ask for features; return the collection."""
    answer = client.get(address, query_string=query or None)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.get_json()
    require_collection(document)
    return document


def codes(document: dict[str, Any]) -> list[str]:
    """Return the features' codes in order."""
    return [feature["id"] for feature in document["features"]]


def following(document: dict[str, Any]) -> str | None:
    """Return path and query of the next page."""
    found = [link["href"] for link in document["links"] if link["rel"] == "next"]
    if not found:
        return None
    parts = urlsplit(found[0])
    return f"{parts.path}?{parts.query}"


def test_pages_follow_each_other_to_the_end(stations: World) -> None:
    """Every feature once, in one order; the last page has no next, a whole one is counted."""
    client = stations.browser("county")
    seen, page = [], ask(client, limit=5)
    assert "numberMatched" not in page
    while True:
        assert page["numberReturned"] == len(page["features"])
        seen += codes(page)
        if (address := following(page)) is None:
            break
        page = ask(client, address)
    assert seen == [f"S-{number:02}" for number in range(STATIONS)]
    assert ask(client, limit=STATIONS)["numberMatched"] == STATIONS
    assert following(ask(client, limit=STATIONS)) is None


def test_rows_added_meanwhile_neither_repeat_nor_hide_others(stations: World) -> None:
    """A page goes on after a key, not at an offset."""
    client, clerk = stations.browser("county"), stations.actors["county"]
    first = ask(client, limit=10)
    with Session(stations.owner, expire_on_commit=False) as session, session.begin():
        added = make_location(session, clerk, layer("pv_stations"), code="NEW-1").code
        operations.delete(session, clerk, "pv_stations", "S-03", "测试", expected_version=1)
    seen = codes(first)
    address = following(first)
    while address:
        page = ask(client, address)
        seen += codes(page)
        address = following(page)
    with Session(stations.owner, expire_on_commit=False) as session, session.begin():
        operations.restore(session, clerk, "pv_stations", "S-03", expected_version=2)
        operations.delete(session, clerk, "pv_stations", added, "测试", expected_version=1)
    assert len(seen) == len(set(seen))
    assert set(seen) == {f"S-{number:02}" for number in range(STATIONS)} | {added}


def test_hits_count_without_features(stations: World) -> None:
    """Asked for the number alone, the number alone comes, whatever the page."""
    counted = ask(stations.browser("county"), resultType="hits", filter="use_status = 'idle'")
    assert (counted["numberMatched"], counted["numberReturned"]) == (STATIONS // 2, 0)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"bbox": "117.195,29,117.225,30"}, [0, 1, 2]),
        ({"bbox": "117.195,29,0,117.225,30,9"}, [0, 1, 2]),
        ({"bbox": "29,117.195,30,117.225", "bbox-crs": "EPSG:4490"}, [0, 1, 2]),
        ({"bbox": "117.2,29.376,117.2,29.376"}, [0]),
        ({"bbox": "170,29,-170,30"}, []),
        ({"bbox": "117.215,29,-170,30", "limit": 1}, [2]),
        ({"datetime": "2022-10-04"}, [3]),
        ({"datetime": "2022-10-04T10:00:00+08:00"}, [3]),
        ({"datetime": "../2022-10-02"}, [0, 1]),
        ({"datetime": "2022-10-22/"}, [21, 22]),
        ({"datetime": "2022-10-03/2022-10-04", "use_status": "idle"}, [3]),
        ({"capacity_kwp": "20"}, [1]),
        ({"capacity_kwp": "20.0", "code": "S-01"}, [1]),
        ({"revenue_use": "awards"}, [0, 1, 2]),
        ({"survey_date": "2022-10-04"}, [3]),
        ({"in_subsidy_catalogue": "false"}, []),
        ({"division_code": "360222105200"}, [0, 1, 2]),
        ({"name": "'; drop table location"}, []),
    ],
    ids=str,
)
def test_parameters_narrow(stations: World, query: dict[str, str], expected: list[int]) -> None:
    """Box, date and properties each keep what they say and nothing else."""
    found = codes(ask(stations.browser("county"), **query))
    assert found == [f"S-{number:02}" for number in expected]


def test_projected_boxes_bend_with_the_ellipsoid(stations: World) -> None:
    """A box in plane coordinates, northing first, keeps what lies in it on the plane."""
    client = stations.browser("county")
    plane = ask(client, crs="EPSG:4548", limit=3)["features"]
    north, east = zip(*(feature["geometry"]["coordinates"] for feature in plane), strict=True)
    box = f"{min(north) - 1},{min(east) - 1},{max(north) + 1},{max(east) + 1}"
    assert len(codes(ask(client, bbox=box, **{"bbox-crs": "EPSG:4548"}))) == 3
    mercator = ask(client, crs="EPSG:3857", limit=1)["features"][0]["geometry"]["coordinates"]
    x, y = mercator
    box = f"{x - 1},{y - 1},{x + 1},{y + 1}"
    assert codes(ask(client, bbox=box, **{"bbox-crs": "EPSG:3857"})) == ["S-00"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": "１０"}, "limit"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "a,b,c,d"}, "bbox"),
        ({"bbox": "117,30,118,29"}, "bbox"),
        ({"bbox": "nan,29,118,30"}, "bbox"),
        ({"bbox": "117,29,118,30", "bbox-crs": "EPSG:1"}, "bbox-crs"),
        ({"crs": "EPSG:1"}, "crs"),
        ({"filter": "code='x'", "filter-crs": "EPSG:1"}, "filter-crs"),
        ({"filter": "code='x'", "filter-lang": "sql"}, "filter"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": ".."}, "datetime"),
        ({"datetime": "2022-10-02/2022-10-01"}, "datetime"),
        ({"datetime": "2022-10-01/2022-10-02/2022-10-03"}, "datetime"),
        ({"properties": "name,secret"}, "properties"),
        ({"cursor": "!!!"}, "cursor"),
        ({"cursor": "MSBvciAxPTE"}, "cursor"),
        ({"resultType": "all"}, "resultType"),
        ({"skipGeometry": "yes"}, "skipGeometry"),
        ({"capacity_kwp": "ten"}, "capacity_kwp"),
        ({"capacity_kwp": "1e999"}, "capacity_kwp"),
        ({"in_subsidy_catalogue": "maybe"}, "in_subsidy_catalogue"),
        ({"survey_date": "soon"}, "survey_date"),
        ({"name": "a\0b"}, "name"),
        ({"f": "csv", "crs": "EPSG:4548"}, "crs"),
    ],
    ids=str,
)
def test_refusals_name_the_parameter(stations: World, query: dict[str, str], field: str) -> None:
    """400, the parameter's name, and both languages."""
    answer = stations.browser("county").get(ITEMS, query_string=query)
    assert answer.status_code == 400, answer.text
    assert answer.json is not None
    assert answer.json["field"] == field
    assert answer.json["code"] in ("bad_parameter", "bad_filter")
    assert answer.json["detail"] != answer.json["detail_en"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ogc/collections/none", 404),
        ("/ogc/collections/none/items", 404),
        (f"{ITEMS}/none", 404),
        (f"{ITEMS}/%00", 404),
        ("/ogc/collections/roads/items/x", 404),
        ("/ogc/collections/roads/tiles", 404),
        (f"{ITEMS}?f=shp", 406),
        ("/ogc/collections/pv_stations/tiles/WebMercatorQuad/3/9/1", 400),
        ("/ogc/collections/pv_stations/tiles/WorldCRS84Quad/3/1/1", 404),
    ],
)
def test_what_is_not_there_is_refused(stations: World, path: str, status: int) -> None:
    """Unknown collections, features, forms and tiles each have their status."""
    assert stations.browser("county").get(path).status_code == status


def test_a_large_limit_is_capped(stations: World) -> None:
    """The standard asks for the most there is rather than for a refusal."""
    wanted = read_items_request(collection("pv_stations"), {"limit": "99999999"})
    assert wanted.limit == 10_000
    assert len(codes(ask(stations.browser("county"), limit=99_999_999))) == STATIONS


def test_properties_are_chosen(stations: World) -> None:
    """Only what is asked for, in the order of the schema; the geometry can be left out."""
    client = stations.browser("county")
    chosen = ask(client, limit=1, properties="capacity_kwp,code")["features"][0]
    assert chosen["properties"] == {"code": "S-00", "capacity_kwp": 10}
    bare = ask(client, limit=1, properties="", skipGeometry="true")["features"][0]
    assert (bare["properties"], bare["geometry"]) == ({}, None)


def test_one_feature_by_code(stations: World) -> None:
    """The same feature as in the list, with links, in the system asked for."""
    client = stations.browser("county")
    listed = ask(client, limit=1)["features"][0]
    one = client.get(f"{ITEMS}/S-00")
    assert one.json is not None
    require_feature(one.json)
    assert {**one.json, "links": None} == {**listed, "links": None}
    assert one.headers["Content-Crs"] == f"<{CRS84}>"
    flipped = client.get(f"{ITEMS}/S-00", query_string={"crs": "EPSG:4490"})
    assert flipped.get_json()["geometry"]["coordinates"] == list(reversed(place(0)))
    assert flipped.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/4490>"


def test_roads_and_divisions_are_collections_too(stations: World) -> None:
    """The base map's own features can be read, one by one as well."""
    client = stations.browser("county")
    divisions = ask(client, "/ogc/collections/divisions/items", level="township", limit=50)
    assert len(divisions["features"]) == 18
    page = ask(client, "/ogc/collections/divisions/items", limit=100)
    more = ask(client, following(page) or "")
    assert not set(codes(page)) & set(codes(more))
    assert client.get("/ogc/collections/divisions/items/360222").get_json()["id"] == "360222"
    assert ask(client, "/ogc/collections/roads/items")["features"] == []


# --- who reads ---


def test_nobody_reads_without_signing_in(stations: World) -> None:
    """Programs are challenged for Basic, people are led to the sign-in page."""
    paths = ("/ogc", "/ogc/", "/ogc/conformance", "/ogc/api", "/ogc/collections", ITEMS,
             "/ogc/collections/pv_stations/tiles/WebMercatorQuad/0/0/0",
             f"{ITEMS}/S-00")  # fmt: skip
    for path in paths:
        refused = stations.browser().get(path)
        assert refused.status_code == 401, path
        assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
        led = stations.browser().get(path, headers={"Accept": "text/html"})
        if "tiles" not in path:
            assert led.status_code == 302
            assert "/sign-in" in led.location


def test_each_reads_their_own_division(stations: World) -> None:
    """A township sees its own stations, in lists, alone, counted and as a table."""
    client = stations.browser("yaoli")
    own = [f"S-{number:02}" for number in range(IN_YAOLI)]
    assert codes(ask(client)) == own
    assert ask(client, resultType="hits")["numberMatched"] == IN_YAOLI
    assert client.get(f"{ITEMS}/S-00").status_code == 200
    assert client.get(f"{ITEMS}/S-{IN_YAOLI:02}").status_code == 404
    assert client.get(ITEMS, query_string={"f": "csv"}).text.count("\n") == IN_YAOLI + 1
    assert codes(ask(client, filter="code = 'S-09' OR TRUE")) == own


def test_entity_tags_are_not_shared_between_readers(stations: World) -> None:
    """What one reader holds never passes for another's."""
    held = stations.browser("county").get(ITEMS).headers["ETag"]
    answer = stations.browser("yaoli").get(ITEMS, headers={"If-None-Match": held})
    assert answer.status_code == 200


# --- forms ---


@pytest.mark.parametrize(
    ("accept", "form", "media"),
    [
        ("*/*", None, "application/geo+json"),
        ("application/geo+json", None, "application/geo+json"),
        ("application/json", None, "application/geo+json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", None, "text/html; charset=utf-8"),
        ("text/csv", None, "text/csv; charset=utf-8"),
        ("image/png", None, "application/geo+json"),
        ("text/html", "json", "application/geo+json"),
        ("application/json", "html", "text/html; charset=utf-8"),
        ("application/json", "csv", "text/csv; charset=utf-8"),
    ],
)
def test_forms_are_negotiated(stations: World, accept: str, form: str | None, media: str) -> None:
    """``f`` decides before ``Accept``."""
    query = {"f": form} if form else {}
    answer = stations.browser("county").get(ITEMS, query_string=query, headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, media)


def test_hostile_texts_stay_texts(stations: World) -> None:
    """No script in HTML, no formula in CSV, no broken JSON."""
    name = "=cmd|' /C calc'!A0<img src=x onerror=alert(1)>\"\\\u2028%s{0}"
    clerk = stations.actors["county"]
    with Session(stations.owner, expire_on_commit=False) as session, session.begin():
        make_location(session, clerk, layer("water_projects"), code="H-1", name=name, note="-1+1")
    client, path = stations.browser("county"), "/ogc/collections/water_projects/items"
    assert ask(client, path)["features"][0]["properties"]["name"] == name
    for address in (path, f"{path}/H-1"):
        page = client.get(address, query_string={"f": "html"}).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page
    body = client.get(path, query_string={"f": "csv"}).data
    assert body.startswith("\ufeff".encode())
    (row,) = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
    assert (row["name"], row["note"]) == (f"'{name}", "'-1+1")
    assert float(row["lon"]) == pytest.approx(117.247)
    assert row["invented"] == "false"


def test_tables_are_paged_like_features(stations: World) -> None:
    """The next page of a table is in its Link header, and in the page's pager."""
    client = stations.browser("county")
    first = client.get(ITEMS, query_string={"f": "csv", "limit": 20})
    address = first.headers["Link"].partition("<")[2].partition(">")[0]
    rest = client.get(address.removeprefix("http://localhost"))
    assert first.text.count("\n") + rest.text.count("\n") == STATIONS + 2
    assert "Link" not in rest.headers
    page = client.get(ITEMS, query_string={"f": "html", "limit": 20}).text
    assert 'rel="next"' in page


# --- cost ---


def test_a_held_copy_costs_no_rows(stations: World) -> None:
    """304 without the page's statement; any change to the layer makes the tag worthless."""
    client = stations.browser("county")
    first = client.get(ITEMS)
    held = {"If-None-Match": first.headers["ETag"]}
    assert client.get(ITEMS, headers=held).status_code == 304
    assert client.get(ITEMS, query_string={"limit": 3}, headers=held).status_code == 200
    clerk = stations.actors["county"]
    with Session(stations.owner, expire_on_commit=False) as session, session.begin():
        made = make_location(session, clerk, layer("pv_stations"), code="T-1").code
        operations.delete(session, clerk, "pv_stations", made, "测试", expected_version=1)
    assert client.get(ITEMS, headers=held).status_code == 200


def test_statements_do_not_grow_with_the_page(stations: World, count_queries: Counted) -> None:
    """One page is one statement, however long it is."""
    client = stations.browser("county")
    client.get(ITEMS)
    numbers = []
    for limit in (1, STATIONS):
        with count_queries(stations.database.engine) as seen:
            looks = _looks(stations)
            client.get(ITEMS, query_string={"limit": limit})
        numbers.append((len(seen), _looks(stations) - looks))
    assert numbers[0] == numbers[1]
    # Who asks, the version, and the page.
    assert numbers[0] == (0, 3)


def _looks(stations: World) -> int:
    """Return how many statements the service has looked by."""
    return stations.database.glances.looks


@pytest.fixture
def many(session: Session) -> Session:
    """A session in which a layer has some thousands of rows all over the county."""
    session.execute(
        text("""
with placed as (
    insert into location (layer, code, name, initials, division_code, geom, asset_class, use_status,
                          review_state, data_source, invented, version)
    select 'pv_stations', 'M-' || n, 'M', 'm', '360222100201',
           ST_SetSRID(ST_MakePoint(117.0 + (n % 70) / 100.0, 29.2 + (n / 70) / 200.0), 4490),
           'operating', 'in_use', 'draft', 'test', false, 1
    from generate_series(0, 6999) as n returning id)
insert into pv_station (location_id, kind, capacity_kwp, online_state, revenue_use)
select id, 'village', 10, 'online', '{}' from placed""")
    )
    session.execute(text("analyze location"))
    session.execute(text("analyze pv_station"))
    return session


def explained(session: Session, actor: Actor, **query: str) -> str:
    """Return the plan of a page, with the rows each step really read."""
    wanted = read_items_request(collection("pv_stations"), query)
    statement = queries.page_statement(actor, wanted)
    analysed = f"explain (analyze, costs off, timing off, summary off) {statement.sql}"
    lines = session.connection().exec_driver_sql(analysed, dict(statement.params)).scalars()
    return "\n".join(lines)


def test_a_deep_page_reads_as_little_as_the_first(many: Session, clerk: Actor) -> None:
    """The plan goes straight to the key by an index: nothing is skipped, nothing sorted."""
    newest = many.scalar(text("select max(id) from location"))
    first = explained(many, clerk, limit="100")
    deep = explained(many, clerk, limit="100", cursor=cursor(newest - 200))
    # Larger layers are joined by merging, which must not read the other table from its beginning.
    many.execute(text("set local enable_nestloop = off"))
    many.execute(text("set local enable_hashjoin = off"))
    merged = explained(many, clerk, limit="100", cursor=cursor(newest - 200))
    assert "Merge Join" in merged
    for plan in (first, deep, merged):
        assert "Index Scan" in plan
        assert "Seq Scan" not in plan
        assert "Sort" not in plan
        assert "OFFSET" not in plan.upper()
        read = [int(part.split()[0]) for part in plan.split("actual rows=")[1:]]
        assert max(read) <= 102, plan


@pytest.mark.parametrize(
    ("role", "division"),
    [(Role.COUNTY_STAFF, COUNTY), (Role.TOWNSHIP_STAFF, FULIANG_VILLAGE[:9])],
)
def test_a_kept_plan_reads_no_more_than_its_page(many: Session, role: Role, division: str) -> None:
    """The plan that serves every key knows limit and division, so it looks at nothing else."""
    actor = make_actor(many, role, division)
    wanted = read_items_request(collection("pv_stations"), {"limit": "100", "cursor": cursor(1)})
    statement = queries.page_statement(actor, wanted)
    assert set(statement.params) == {"after"}
    many.execute(text("set local plan_cache_mode = force_generic_plan"))
    kept = many.connection().exec_driver_sql
    kept(f"prepare kept (bigint) as {statement.sql.replace('%(after)s', '$1')}")
    middle = many.scalar(text("select max(id) - 3000 from location"))
    lines = kept(f"explain (analyze, costs off, timing off, summary off) execute kept ({middle})")
    plan = "\n".join(lines.scalars())
    kept("deallocate kept")
    read = [int(part.split()[0]) for part in plan.split("actual rows=")[1:]]
    assert "$1" in plan
    assert "Sort" not in plan
    assert "Removed by Filter" not in plan, plan
    assert max(read) <= 102, plan


def test_numbers_without_end_are_null(stations: World) -> None:
    """JSON has no word for them, and one of them must not make a page unreadable."""
    for written in ("NaN", "Infinity", "-Infinity", "12.50"):
        with stations.owner.begin() as connection:
            connection.execute(
                text("update pv_station set tilt_deg = cast(:given as numeric)"),
                {"given": written},
            )
        page = ask(stations.browser("county"), limit=2)
        shown = [feature["properties"]["tilt_deg"] for feature in page["features"]]
        assert shown == [12.5 if written == "12.50" else None] * 2
    with stations.owner.begin() as connection:
        connection.execute(text("update pv_station set tilt_deg = null"))


def test_boxes_use_the_spatial_index(many: Session, clerk: Actor) -> None:
    """The box is turned into the stored system, so that the index is used."""
    for crs, box in (
        ("EPSG:4490", "29.2,117.0,29.21,117.02"),
        ("EPSG:3857", "13024380,3400000,13026000,3401500"),
        ("EPSG:4548", "3231000,499000,3232500,500500"),
    ):
        assert "ix_location_geom" in explained(many, clerk, bbox=box, **{"bbox-crs": crs})
    text_filter = "S_INTERSECTS(geom, BBOX(117.0, 29.2, 117.02, 29.21))"
    assert "ix_location_geom" in explained(many, clerk, filter=text_filter)


def test_stations_lie_where_they_were_put(stations: World) -> None:
    """The default system is CRS84, longitude first."""
    first = ask(stations.browser("county"), limit=1)["features"][0]
    assert first["geometry"] == point(*place(0))
