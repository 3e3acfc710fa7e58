"""Every layer is a collection: described by its sheet, read as GeoJSON and CSV, filtered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.errors import NotFound
from fuliang_gis.locations import operations, read_layer
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import Layer
from fuliang_gis.ogc import documents, openapi, queries, tables
from fuliang_gis.ogc.collections import Collection, Property, collection, collections
from fuliang_gis.ogc.crs import find
from fuliang_gis.ogc.documents import Place
from fuliang_gis.ogc.requests import read_items_request
from tests.factories import YAOLI_TOWN, make_actor, make_location
from tests.ogc.geojson import require_feature

PLACE = Place("http://county.test/ogc")


@pytest.fixture
def found(layer: Layer) -> Collection:
    """The layer's collection."""
    return collection(layer.name)


def features(
    session: Session, actor: Actor, found: Collection, **query: str
) -> list[dict[str, Any]]:
    """Return the features of one page, each checked against the rules of GeoJSON."""
    page = queries.page(session, actor, read_items_request(found, query))
    listed: list[dict[str, Any]] = [json.loads(each) for each in page.features]
    for feature in listed:
        require_feature(feature)
    return listed


def test_features_carry_what_the_record_holds(
    layer: Layer, found: Collection, clerk: Actor, session: Session
) -> None:
    """Names are the sheet's, values the record's; a value that is missing is null, not left out."""
    location = make_location(session, clerk, layer)
    session.refresh(location)
    record = as_record(layer, location)
    (feature,) = features(session, clerk, found)
    assert feature["id"] == location.code
    assert feature["geometry"] == record["geom"] | {
        "coordinates": list(record["geom"]["coordinates"])
    }
    assert list(feature["properties"]) == [each.name for each in found.properties]
    for field in writable_fields(layer):
        assert feature["properties"][field.name] == record[field.name], field.name


def test_one_feature_is_the_same_as_in_the_list(
    layer: Layer, found: Collection, clerk: Actor, session: Session
) -> None:
    """By code comes what the list shows; an unknown code is not found."""
    location = make_location(session, clerk, layer)
    crs = find(None, "crs")
    one = queries.item(session, clerk, found, location.code, crs)
    assert json.loads(one) == features(session, clerk, found)[0]
    with pytest.raises(NotFound):
        queries.item(session, clerk, found, "none", crs)


def literal(item: Property, value: Any) -> tuple[str, str]:  # noqa: ANN401  # As JSON has it.
    """Return a condition that the value fulfils, as CQL2 text and as a plain parameter."""
    if item.type == "choices":
        listed = ", ".join(f"'{each}'" for each in value)
        return f"A_CONTAINS({item.name}, ({listed}))", value[0]
    if item.type in ("integer", "decimal", "boolean"):
        return f"{item.name} = {json.dumps(value)}", json.dumps(value)
    if item.type == "timestamp":
        return f"{item.name} = TIMESTAMP('{value}')", value
    if item.type == "date":
        return f"{item.name} = DATE('{value}')", value
    return f"{item.name} = '{value}'", value


def test_every_property_can_be_asked_for(
    layer: Layer, found: Collection, clerk: Actor, session: Session
) -> None:
    """Each declared queryable finds the location by its value, and does not by the contrary."""
    make_location(session, clerk, layer)
    properties = features(session, clerk, found)[0]["properties"]
    for item in found.properties:
        if (value := properties[item.name]) is None:
            assert features(session, clerk, found, filter=f"{item.name} IS NULL")
            continue
        condition, plain = literal(item, value)
        assert features(session, clerk, found, filter=condition), condition
        assert not features(session, clerk, found, filter=f"NOT ({condition})"), condition
        assert features(session, clerk, found, **{item.name: plain}), item.name


def test_the_schema_follows_the_sheet(layer: Layer, found: Collection) -> None:
    """Labels, units, choices and ranges of the sheet are what clients read."""
    described = documents.queryables(PLACE, found)["properties"]
    assert described["geom"]["x-ogc-role"] == "primary-geometry"
    for field in layer.sheet.fields:
        one = described[field.name]
        assert one["title"] == field.label.zh
        assert one.get("x-ogc-unit") == field.unit
        assert one.get("minimum") == field.minimum
        values = one.get("enum") or one.get("items", {}).get("enum") or []
        assert values == [choice.value for choice in field.choices]
    assert documents.schema(PLACE, found)["properties"] == described


def test_the_description_names_every_way_in(layer: Layer, found: Collection) -> None:
    """Items, queryables, schema and tiles are linked, and stand in the OpenAPI document."""
    document = documents.collection_document(PLACE, found)
    assert (document["id"], document["title"]) == (layer.name, layer.sheet.title.zh)
    reached = {link["href"].partition("?")[0] for link in document["links"]}
    path = f"{PLACE.root}/collections/{layer.name}"
    assert reached == {
        path,
        f"{path}/items",
        f"{path}/queryables",
        f"{path}/schema",
        f"{path}/tiles",
    }
    described = openapi.openapi(PLACE, collections().values())["paths"]
    assert {address.removeprefix(PLACE.root) for address in reached} <= described.keys()


def test_another_township_and_deleted_locations_stay_out(
    layer: Layer, found: Collection, clerk: Actor, session: Session
) -> None:
    """What lists hide, the OGC surface hides."""
    location = make_location(session, clerk, layer)
    other = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert features(session, other, found) == []
    assert queries.count(session, other, read_items_request(found, {})) == 0
    operations.delete(session, clerk, layer.name, location.code, "测试", expected_version=1)
    assert features(session, clerk, found) == []
    with pytest.raises(NotFound):
        queries.item(session, clerk, found, location.code, find(None, "crs"))


def test_tables_hold_the_same_as_features(
    layer: Layer, found: Collection, clerk: Actor, session: Session
) -> None:
    """One row a feature, a column a property, and longitude and latitude; formulas are disarmed."""
    make_location(session, clerk, layer, name="=1+1")
    table = queries.table(session, clerk, read_items_request(found, {"limit": "5"}))
    assert set(found.by_name) < set(table.header)
    row = dict(zip(table.header, table.rows[0], strict=True))
    assert [float(str(row[axis])) for axis in ("lon", "lat")] == [117.247, 29.376]
    lines = tables.as_csv(table).decode("utf-8-sig").splitlines()
    assert "'=1+1" in lines[1]
    narrow = queries.table(session, clerk, read_items_request(found, {"properties": "code"}))
    assert "invented" in narrow.header


def test_analysts_get_the_layer_as_a_frame(layer: Layer, clerk: Actor, session: Session) -> None:
    """Types are those of the sheet; labels are given on request."""
    location = make_location(session, clerk, layer)
    session.flush()
    frame = read_layer(layer.name, session.connection())
    assert list(frame.index) == [location.code]
    assert frame.crs == "EPSG:4490"
    for field in layer.sheet.fields:
        if field.type == "choice":
            assert list(frame[field.name].cat.categories) == [c.value for c in field.choices]
    labelled = read_layer(layer.name, session.connection(), labels=True)
    assert {field.label.zh for field in layer.sheet.fields} <= set(labelled.columns)
    assert len(read_layer(layer.name, session.connection(), division=YAOLI_TOWN)) == 0
