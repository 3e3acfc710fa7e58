"""CQL2 filters find exactly the features they describe, or are refused with a reason."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from fuliang_gis.errors import FilterRefused
from fuliang_gis.ogc import cql2, filters
from fuliang_gis.ogc.collections import collection
from fuliang_gis.ogc.crs import find
from tests.ogc.conftest import STATIONS, place
from tests.web.conftest import World

ALL = set(range(STATIONS))
BOX = "BBOX(117.195, 29, 117.225, 30)"

FOUND = [
    ("code = 'S-03'", {3}),
    ("code <> 'S-03'", ALL - {3}),
    ("capacity_kwp > 220", {22}),
    ("capacity_kwp >= 220 AND capacity_kwp <= 225.5", {21}),
    ("capacity_kwp BETWEEN 20 AND 40", {1, 2, 3}),
    ("capacity_kwp NOT BETWEEN 20 AND 220", {0, 22}),
    ("capacity_kwp * 2 + 1 = 41", {1}),
    ("capacity_kwp / 0 = 1", set()),
    ("capacity_kwp ^ 2 = 400 OR capacity_kwp DIV 100 = 2 AND capacity_kwp % 100 = 20", {1, 21}),
    ("code IN ('S-01', 'S-02', 'S-99')", {1, 2}),
    ("code NOT IN ('S-01')", ALL - {1}),
    ("code LIKE 'S-0%' AND capacity_kwp < 30", {0, 1}),
    ("CASEI(code) = CASEI('s-04')", {4}),
    ("CASEI(code) LIKE CASEI('s-_4')", {4, 14}),
    ("name = '第5站' OR name = '第6站'", {5, 6}),
    ("NOT (use_status = 'idle')", {n for n in ALL if n % 2 == 0}),
    ("note IS NULL", set()),
    ("note IS NOT NULL", ALL),
    ("geom IS NULL", set()),
    ("in_subsidy_catalogue = TRUE AND code = 'S-07'", {7}),
    ("in_subsidy_catalogue AND code = 'S-07'", {7}),
    (f"S_INTERSECTS(geom, {BOX})", {0, 1, 2}),
    (f"NOT S_INTERSECTS(geom, {BOX})", ALL - {0, 1, 2}),
    ("S_WITHIN(geom, POLYGON((117.195 29, 117.205 29, 117.205 30, 117.195 30, 117.195 29)))", {0}),
    ("S_EQUALS(geom, POINT(117.21 29.376))", {1}),
    ("S_DISJOINT(geom, POINT(117.21 29.376))", ALL - {1}),
    ("survey_date = DATE('2022-10-04')", {3}),
    ("survey_date < '2022-10-03'", {0, 1}),
    ("T_AFTER(survey_date, DATE('2022-10-22'))", {22}),
    ("T_BEFORE(survey_date, DATE('2022-10-02'))", {0}),
    ("T_DURING(survey_date, INTERVAL('2022-10-02', '2022-10-03'))", {1, 2}),
    ("T_INTERSECTS(survey_date, INTERVAL('..', '2022-10-02'))", {0, 1}),
    ("T_AFTER(updated_at, TIMESTAMP('2022-10-22T00:00:00Z'))", ALL),
    ("T_BEFORE(updated_at, DATE('2022-10-22'))", set()),
    ("A_OVERLAPS(revenue_use, ('awards'))", {0, 1, 2}),
    ("A_CONTAINS(revenue_use, ('public_works'))", ALL - {0, 1, 2}),
    ("name = 'x'' or 1=1; drop table location; --'", set()),
    ("name LIKE '%''%'", set()),
]

REFUSED = [
    ("password_hash = 'x'", "没有字段"),
    ("l.code = 'x'", "没有字段"),
    ("code = 5", "不能与"),
    ("capacity_kwp = 'ten'", "不能与"),
    ("capacity_kwp LIKE '1%'", "应为文字"),
    ("code LIKE name", "应为文字"),
    ("revenue_use > 'a'", "不能与"),
    ("in_subsidy_catalogue > TRUE", "大小"),
    ("pg_sleep(10) = 1", "不支持"),
    ("code = upper('x')", "不支持"),
    ("ACCENTI(code) = 'x'", "不支持"),
    ("survey_date > 'gestern'", "不是日期"),
    ("T_AFTER(code, DATE('2022-10-22'))", "日期或时间"),
    ("T_DURING(survey_date, INTERVAL('2022-10-03', '2022-10-02'))", "不是时间"),
    ("S_INTERSECTS(geom, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))", "几何"),
    ("S_INTERSECTS(code, POINT(1 1))", "空间条件"),
    ("code =", "语法"),
    ("", "语法"),
    ("code", "应为"),
    ("NOT " * 40 + "code = 'x'", "嵌套"),
    ("(" * 2000 + "code = 'x'" + ")" * 2000, "括号"),
    (" OR ".join(["code = 'x'"] * 900), "部分"),
    ("code = '" + "x" * 20_000 + "'", "字符"),
    ("capacity_kwp = 1e999", "超出范围"),
]


def numbers(client: FlaskClient, **query: str | int) -> set[int]:
    """Ask for stations; return their numbers."""
    answer = client.get("/ogc/collections/pv_stations/items", query_string={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    return {int(feature["id"].removeprefix("S-")) for feature in answer.json["features"]}


@pytest.mark.parametrize(("text", "expected"), FOUND, ids=[text for text, _ in FOUND])
def test_text_finds_what_it_says(stations: World, text: str, expected: set[int]) -> None:
    """As text and as JSON a filter finds the same, and what it says."""
    client = stations.browser("county")
    assert numbers(client, filter=text) == expected
    tree = json.dumps(cql2.read(text, "cql2-text"))
    assert numbers(client, filter=tree, **{"filter-lang": "cql2-json"}) == expected


@pytest.mark.parametrize(("text", "reason"), REFUSED, ids=[text[:40] for text, _ in REFUSED])
def test_unusable_filters_are_refused(stations: World, text: str, reason: str) -> None:
    """400, with a code, both languages, and the parameter's name; the database is not asked."""
    answer = stations.browser("county").get(
        "/ogc/collections/pv_stations/items", query_string={"filter": text}
    )
    assert answer.status_code == 400
    assert answer.json is not None
    assert (answer.json["code"], answer.json["field"]) == ("bad_filter", "filter")
    assert reason in answer.json["detail"]
    assert answer.json["detail_en"]


@pytest.mark.parametrize(
    "tree",
    [
        "{", "[]", "5", "null", '"x"', "{}", '{"op":"and"}',
        '{"op":5,"args":[]}', '{"op":"and","args":[]}',
        '{"op":"=","args":[1]}', '{"op":"=","args":[{"property":"code"},null]}', "[" * 5000,
        '{"op":"=","args":[{"property":["code"]},"x"]}',
        '{"op":"in","args":[{"property":"code"},[]]}',
        '{"op":"=","args":[{"property":"capacity_kwp"},NaN]}',
        '{"op":"s_within","args":[{"property":"geom"},{"type":"Point"}]}',
        '{"op":"s_within","args":[{"property":"geom"},{"type":"Point","coordinates":[1e999,0]}]}',
        '{"op":"s_within","args":[{"property":"geom"},{"bbox":["a",1,2,3]}]}',
        '{"op":"a_contains","args":[{"property":"revenue_use"},[1]]}',
        '{"op":"t_after","args":[{"property":"survey_date"},{"interval":["2022-10-01"]}]}',
        '{"op":"=","args":[{"property":"name"},"a\\u0000b"]}',
    ],
)  # fmt: skip
def test_malformed_trees_are_refused(tree: str) -> None:
    """Whatever JSON comes, the answer is a refusal, not an error of ours."""
    with pytest.raises(FilterRefused):
        filters.condition(cql2.read(tree, "cql2-json"), collection("pv_stations"), find(None, "x"))


def test_other_languages_are_refused() -> None:
    """Only the two languages that conformance names."""
    with pytest.raises(FilterRefused):
        cql2.read("code = 'x'", "ecql")


def test_values_never_become_sql() -> None:
    """Whatever a literal holds is in the parameters, not in the statement."""
    hostile = "x' or '1'='1"
    tree = {"op": "=", "args": [{"property": "code"}, hostile]}
    made = filters.condition(tree, collection("pv_stations"), find(None, "filter-crs"))
    assert hostile not in made.sql
    assert hostile in made.params.values()


def test_literals_follow_filter_crs(stations: World) -> None:
    """The same box in CGCS2000 plane coordinates, northing first, finds the same stations."""
    plane = find("EPSG:4548", "crs")
    assert plane.flipped
    corners = "29.3 117.195, 29.4 117.195, 29.4 117.225, 29.3 117.225, 29.3 117.195"
    text = f"S_INTERSECTS(geom, POLYGON(({corners})))"
    assert numbers(stations.browser("county"), filter=text, **{"filter-crs": "EPSG:4490"}) == {
        0,
        1,
        2,
    }
    assert numbers(stations.browser("county"), filter=text) == set()


def test_overflow_is_the_filters_fault(stations: World) -> None:
    """A number beyond what the database computes is told as the filter's fault, not as ours."""
    huge = "*".join(["1e300"] * 500)
    answer = stations.browser("county").get(
        "/ogc/collections/pv_stations/items", query_string={"filter": f"capacity_kwp < {huge}"}
    )
    assert answer.status_code == 400


def test_places_are_in_a_row() -> None:
    """The expectations above rest on where the stations stand."""
    assert [place(number)[0] for number in (0, 1, 2)] == [117.20, 117.21, 117.22]
