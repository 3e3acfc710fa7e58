"""The map's configuration names what its reader may see, and nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.cartography.config import map_config
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.registry import layers
from fuliang_gis.material import MAPS
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location


def test_every_layer_has_its_symbol(session: Session) -> None:
    """The legend must list the layers in the order of their sheets, with colours and kinds."""
    shown = map_config(session, make_actor(session)).layers
    assert [each.name for each in shown] == list(layers())
    for each in shown:
        sheet = layers()[each.name].sheet
        assert (each.title, each.colour, each.icon) == (sheet.title.zh, sheet.colour, sheet.icon)
        assert [kind.value for kind in each.kinds] == [kind.value for kind in sheet.kinds]


def test_counts_are_the_readers(session: Session) -> None:
    """A count must leave out what lies outside the reader's division."""
    clerk = make_actor(session)
    make_location(session, clerk, layers()["villages"])
    for division, number in ((COUNTY, 1), (FULIANG_TOWN, 1), (YAOLI_TOWN, 0)):
        config = map_config(session, make_actor(session, division=division))
        assert {each.name: each.count for each in config.layers}["villages"] == number


@pytest.mark.parametrize(("division", "number"), [(COUNTY, 18), (FULIANG_TOWN, 17)])
def test_divisions_are_the_readers_own(session: Session, division: str, number: int) -> None:
    """A reader must be offered the divisions directly below their own, inside its extent."""
    config = map_config(session, make_actor(session, division=division))
    assert len(config.divisions) == number
    assert all(each.code.startswith(division) for each in config.divisions)
    west, south, east, north = config.extent
    for each in config.divisions:
        assert west <= each.extent.west < each.extent.east <= east
        assert south <= each.extent.south < each.extent.north <= north


def test_invented_data_is_told(session: Session) -> None:
    """The map must say that what it shows is invented when any of it is."""
    clerk = make_actor(session)
    make_location(session, clerk, layers()["villages"])
    assert not map_config(session, clerk).invented
    session.execute(text("update location set invented = true"))
    assert map_config(session, clerk).invented


def test_missing_boundary_is_told(session: Session) -> None:
    """A county without boundaries must be told so, not shown an empty map."""
    session.execute(text("update division set boundary = null"))
    with pytest.raises(NotFound):
        map_config(session, make_actor(session))


def test_document_is_json(session: Session) -> None:
    """What the browser reads must be plain JSON."""
    document = json.loads(json.dumps(asdict(map_config(session, make_actor(session)))))
    assert len(document["extent"]) == 4


def test_every_icon_has_its_file() -> None:
    """A symbol that names an icon must find it in maps/icons."""
    missing = {
        layer.sheet.icon
        for layer in layers().values()
        if not (MAPS / "icons" / f"{layer.sheet.icon}.svg").exists()
    }
    assert missing == set()
