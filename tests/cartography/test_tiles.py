"""Every location is in one tile of a level, counted or by itself, for who may see it."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.tiles import (
    CELL_DEPTH,
    EXTENT,
    SHAPES_FROM,
    SINGLES_FROM,
    LocationFilter,
    location_filter,
    location_statement,
    location_tile,
)
from fuliang_gis.errors import BadRequest
from fuliang_gis.locations import operations
from fuliang_gis.locations.registry import Layer, layers
from tests.cartography.decoding import Drawn, decode
from tests.cartography.places import position, tile_at
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    PLACE,
    YAOLI_TOWN,
    make_actor,
    make_location,
    point,
    sample_values,
)

EVERYTHING = LocationFilter(COUNTY)
#: A level at which the whole county lies in one tile or a few.
FAR = 7
#: Where bare locations are scattered: west, south, east, north [degrees].
SCATTERED = (117.1, 29.2, 117.6, 29.7)


@pytest.fixture
def clerk(session: Session) -> Actor:
    """Somebody of the county who may edit everywhere."""
    return make_actor(session)


@pytest.fixture(params=layers().values(), ids=lambda layer: layer.name)
def layer(request: pytest.FixtureRequest) -> Layer:
    """Each layer in turn."""
    found: Layer = request.param
    return found


@pytest.fixture
def water() -> Layer:
    """A layer of points alone."""
    return layers()["water_projects"]


def drawn(
    session: Session,
    layer: Layer,
    address: TileAddress,
    wanted: LocationFilter = EVERYTHING,
    part: str = "locations",
) -> list[Drawn]:
    """Return what a tile shows."""
    return decode(location_tile(session, layer, address, wanted), part)


def counted(features: list[Drawn]) -> int:
    """Return how many locations the features stand for."""
    return sum(feature.properties["count"] for feature in features)


def children(address: TileAddress) -> list[TileAddress]:
    """Return the four tiles of the next level in a tile."""
    corner = (2 * address.x, 2 * address.y)
    return [
        TileAddress(address.z + 1, corner[0] + i, corner[1] + j) for i in (0, 1) for j in (0, 1)
    ]


def test_lone_location_is_told_in_full(session: Session, clerk: Actor, layer: Layer) -> None:
    """A symbol must carry what a click needs, for every layer."""
    made = make_location(session, clerk, layer, use_status="idle")
    [seen] = drawn(session, layer, tile_at(*PLACE, FAR))
    kind = layer.sheet.kinds[0].value if layer.sheet.kinds else None
    assert seen.id == made.id
    assert seen.properties == {
        "count": 1,
        "code": made.code,
        "name": made.name,
        "status": "idle",
        **({"kind": kind} if kind else {}),
    }


@pytest.mark.parametrize("z", [0, FAR, SINGLES_FROM, 18])
def test_place_is_true_to_the_unit(session: Session, clerk: Actor, water: Layer, z: int) -> None:
    """A symbol must stand where the location is, within half a unit of the tile."""
    make_location(session, clerk, water)
    address = tile_at(*PLACE, z)
    [seen] = drawn(session, water, address)
    across, down = position(*PLACE, z)
    expected = ((across - address.x) * EXTENT, (down - address.y) * EXTENT)
    assert seen.coordinates == pytest.approx([float(each) for each in expected], abs=0.51)


def test_neighbours_are_counted_together(session: Session, clerk: Actor, water: Layer) -> None:
    """Locations in one cell must be one circle with their number, and no name."""
    for step in range(5):
        make_location(session, clerk, water, geometry=point(PLACE[0] + step * 1e-5, PLACE[1]))
    [seen] = drawn(session, water, tile_at(*PLACE, FAR))
    assert seen.properties == {"count": 5}
    assert seen.id is None


def test_singles_stand_alone_when_close(session: Session, clerk: Actor, water: Layer) -> None:
    """From a level on, each location must be a symbol of its own, however close to another."""
    for step in range(5):
        make_location(session, clerk, water, geometry=point(PLACE[0] + step * 1e-6, PLACE[1]))
    assert len(drawn(session, water, tile_at(*PLACE, SINGLES_FROM - 1))) == 1
    assert len(drawn(session, water, tile_at(*PLACE, SINGLES_FROM))) == 5


def test_each_location_is_in_one_tile(session: Session, clerk: Actor, water: Layer) -> None:
    """The four tiles of the next level must hold together what one holds, on their edges too."""
    parent = tile_at(*PLACE, 9)
    draw = random.Random(1)
    places = [(draw.uniform(117.1, 117.4), draw.uniform(29.3, 29.6)) for _ in range(150)]
    # The edge between four tiles: the middle of the parent, exact in longitude.
    places.append(((parent.x + 0.5) / 2**parent.z * 360 - 180, 29.4))
    for place in places:
        make_location(session, clerk, water, geometry=point(*place))
    inside = counted(drawn(session, water, parent))
    assert inside == sum(counted(drawn(session, water, child)) for child in children(parent))
    assert inside > 100


def test_tile_never_holds_more_than_its_cells(session: Session, water: Layer) -> None:
    """What a view shows must be bounded by the server, however many locations there are."""
    _scatter(session, water, 5000)
    corners = [(lon, lat) for lon in SCATTERED[::2] for lat in SCATTERED[1::2]]
    tiles = [drawn(session, water, each) for each in {tile_at(*place, 8) for place in corners}]
    assert sum(map(counted, tiles)) == 5000
    assert all(0 < len(tile) <= 4**CELL_DEPTH for tile in tiles)


def test_other_divisions_are_not_shown(session: Session, clerk: Actor, water: Layer) -> None:
    """A reader must see their own division only, whatever they ask for."""
    make_location(session, clerk, water)
    address = tile_at(*PLACE, FAR)
    assert drawn(session, water, address, LocationFilter(YAOLI_TOWN)) == []
    assert drawn(session, water, address, LocationFilter(YAOLI_TOWN, division=FULIANG_TOWN)) == []
    assert counted(drawn(session, water, address, LocationFilter(FULIANG_TOWN))) == 1


def test_deleted_locations_are_not_shown(session: Session, clerk: Actor, water: Layer) -> None:
    """A deleted location must vanish from the map."""
    made = make_location(session, clerk, water)
    operations.delete(
        session, clerk, water.name, made.code, "重复登记", expected_version=made.version
    )
    assert drawn(session, water, tile_at(*PLACE, FAR)) == []


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({}, 2),
        ({"division": FULIANG_VILLAGE}, 2),
        ({"division": YAOLI_TOWN}, 0),
        ({"use_status": "idle"}, 1),
        ({"kind": "small"}, 1),
        ({"kind": "small", "use_status": "in_use"}, 0),
        ({"kind": ""}, 2),
    ],
)
def test_filters_narrow(
    session: Session, clerk: Actor, water: Layer, given: dict[str, str], number: int
) -> None:
    """Division, use status and every choice field must narrow what is shown."""
    make_location(session, clerk, water, kind="small", use_status="idle")
    make_location(session, clerk, water, kind="integrated", use_status="in_use")
    wanted = location_filter(water, COUNTY, given)
    assert counted(drawn(session, water, tile_at(*PLACE, FAR), wanted)) == number


@pytest.mark.parametrize(
    "given",
    [
        {"division": "36022"},
        {"division": "360222%"},
        {"use_status": "broken"},
        {"kind": "no_such_kind"},
        {"name": "x"},
        {"deleted_at": "x"},
        {"kind) or true --": "small"},
    ],
)
def test_unknown_filters_are_refused(water: Layer, given: dict[str, str]) -> None:
    """A filter that means nothing must be refused, not passed over."""
    with pytest.raises(BadRequest):
        location_filter(water, COUNTY, given)


@pytest.mark.parametrize(
    ("geometry", "kind"),
    [
        (
            {
                "type": "LineString",
                "coordinates": [list(PLACE), [PLACE[0] + 0.002, PLACE[1] + 0.001]],
            },
            "LineString",
        ),
        (
            {
                "type": "Polygon",
                "coordinates": [
                    [
                        list(PLACE),
                        [PLACE[0] + 0.002, PLACE[1]],
                        [PLACE[0], PLACE[1] + 0.002],
                        list(PLACE),
                    ]
                ],
            },
            "Polygon",
        ),
    ],
)
def test_lines_and_polygons_show_their_shape(
    session: Session, clerk: Actor, geometry: dict[str, object], kind: str
) -> None:
    """A water body must be a symbol from afar, and also its own shape when close."""
    found = layers()["sanitation_facilities"]
    values = sample_values(found, kind="black_water")
    made = operations.create(session, clerk, found.name, values, geometry)
    far, close = (
        tile_at(PLACE[0] + 0.0005, PLACE[1] + 0.0002, z) for z in (SHAPES_FROM - 1, SHAPES_FROM)
    )
    assert counted(drawn(session, found, far)) == 1
    assert drawn(session, found, far, part="shapes") == []
    [shape] = drawn(session, found, close, part="shapes")
    assert (shape.kind, shape.id, shape.properties["code"]) == (kind, made.id, made.code)


def test_empty_tile_has_no_bytes(session: Session, layer: Layer) -> None:
    """A tile where nothing lies must be empty."""
    assert location_tile(session, layer, TileAddress(5, 0, 0), EVERYTHING) == b""


@pytest.mark.parametrize("z", [SINGLES_FROM - 4, SINGLES_FROM])
def test_tile_is_one_stretch_of_its_index(session: Session, water: Layer, z: int) -> None:
    """A tile must cost what lies in it, not what lies in the county."""
    _scatter(session, water, 5000)
    session.execute(text("analyze location"))
    plan = _plan(session, water, tile_at(*PLACE, z))
    assert "ix_location_tile" in plan
    assert "Seq Scan on location" not in plan


def test_shapes_are_found_without_looking_at_the_points(session: Session) -> None:
    """Lines and polygons must be found by an index of their own, however many points lie there."""
    sanitation = layers()["sanitation_facilities"]
    _scatter(session, sanitation, 5000)
    session.execute(text("analyze location"))
    assert "ix_location_shape" in _plan(session, sanitation, tile_at(*PLACE, SHAPES_FROM))


def test_moved_location_is_drawn_at_its_new_place(
    session: Session, clerk: Actor, water: Layer
) -> None:
    """The place on the grid must follow the geometry."""
    made = make_location(session, clerk, water)
    there = (PLACE[0] + 0.05, PLACE[1] + 0.05)
    session.execute(
        text(
            "update location set geom = ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) where id = :id"
        ),
        {"lon": there[0], "lat": there[1], "id": made.id},
    )
    assert drawn(session, water, tile_at(*PLACE, SINGLES_FROM)) == []
    assert [seen.id for seen in drawn(session, water, tile_at(*there, SINGLES_FROM))] == [made.id]


def _scatter(session: Session, layer: Layer, number: int) -> None:
    """Add bare locations over the county; tiles need no typed row to count them."""
    session.execute(
        text(
            "insert into location (layer, code, name, initials, division_code, geom, asset_class,"
            " use_status, review_state, data_source, invented, version)"
            " select :layer, 'S' || n, 'x', 'x', :division,"
            "  ST_SetSRID(ST_MakePoint(117.1 + (n % 71) * 0.007, 29.2 + (n / 71) * 0.007), 4490),"
            "  'public_welfare', 'in_use', 'draft', 'x', false, 1"
            " from generate_series(1, :number) n"
        ),
        {"layer": layer.name, "division": FULIANG_VILLAGE, "number": number},
    )


def _plan(session: Session, layer: Layer, address: TileAddress) -> str:
    statement = location_statement(layer, address, EVERYTHING)
    connection = session.connection()
    rows = connection.exec_driver_sql(f"explain {statement.sql}", dict(statement.params))
    return "\n".join(line for (line,) in rows)
