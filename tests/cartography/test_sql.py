"""Fragments compose without ever writing a value into the statement."""

from __future__ import annotations

import pytest

from fuliang_gis.cartography.sql import Fragment, all_of, identifier
from fuliang_gis.cartography.tiles import LocationFilter, location_statement
from fuliang_gis.locations.registry import layers
from tests.cartography.places import tile_at
from tests.factories import COUNTY, PLACE, YAOLI_TOWN


def test_conditions_join() -> None:
    """Joined conditions must keep both texts and all values."""
    joined = Fragment("a = %(a)s", {"a": 1}) & Fragment("b = %(b)s", {"b": 2})
    assert joined == Fragment("a = %(a)s and b = %(b)s", {"a": 1, "b": 2})
    assert all_of([]) == Fragment("true")


@pytest.mark.parametrize("name", ["kind; drop table location", 'a"b', "", "1a", "a b"])
def test_only_names_become_identifiers(name: str) -> None:
    """What is no plain name must not reach a statement."""
    with pytest.raises(ValueError, match="not a name"):
        identifier(name)


def test_values_stay_parameters() -> None:
    """No value of a filter or an address may stand in the statement's text."""
    wanted = LocationFilter(COUNTY, YAOLI_TOWN, "idle", choices={"kind": "small"})
    statement = location_statement(layers()["water_projects"], tile_at(*PLACE, 12), wanted)
    for value in (COUNTY, YAOLI_TOWN, "idle", "small", str(tile_at(*PLACE, 12).x)):
        assert value not in statement.sql
    assert {"idle", "small", YAOLI_TOWN} <= set(map(str, statement.params.values()))
