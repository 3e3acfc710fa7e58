"""Vector tiles of the locations: one statement a tile builds the bytes (Mapbox Vector Tile 2).

A tile of a layer holds the vector layer ``locations``: points, gathered by a 16 × 16 grid a tile so
that a view never holds more than about 2,000 symbols, and from ``SINGLES_FROM`` on each location by
itself; and from ``SHAPES_FROM`` on ``shapes``, locations that are lines or polygons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.sql import Fragment, all_of, fetch_tile, identifier
from fuliang_gis.errors import BadRequest
from fuliang_gis.locations.models import USE_STATUSES
from fuliang_gis.locations.registry import Layer

#: Cells along each side of a tile in which points are counted together.
CELLS = 16
#: Zoom level from which every location is a symbol of its own.
SINGLES_FROM = 13
#: Zoom level from which lines and polygons are drawn as shapes.
SHAPES_FROM = 12
#: Units along each side of a tile.
EXTENT = 4096

_SINGLE_CODE_LENGTHS = (6, 9, 12)


@dataclass(frozen=True)
class LocationFilter:
    """Which locations a tile holds: ``scope`` bounds reading, the rest narrows it.

    ``choices`` maps choice fields of the sheet (``kind``, ``key_level``, …) to the wanted value.

    Raises:
        BadRequest: The division is no code of 6, 9 or 12 digits, or the use status is unknown.
    """

    scope: str
    division: str | None = None
    use_status: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.division is not None and not _is_division_code(self.division):
            raise BadRequest(reason=f"“{self.division}”不是 6、9 或 12 位行政区划代码")
        if self.use_status is not None and self.use_status not in USE_STATUSES:
            raise BadRequest(reason=f"没有使用状态“{self.use_status}”")

    @property
    def digest(self) -> str:
        """A text that differs whenever the filter does."""
        chosen = sorted(self.choices.items())
        return repr((self.scope, self.division, self.use_status, chosen))


def location_filter(layer: Layer, scope: str, given: Mapping[str, str]) -> LocationFilter:
    """Read a filter from request parameters.

    Raises:
        BadRequest: A parameter is unknown to the layer, or its value is.
    """
    rest = {name: value for name, value in given.items() if value}
    division, use_status = rest.pop("division", None), rest.pop("use_status", None)
    for name, value in rest.items():
        item = layer.sheet.field(name)
        if item is None or item.type != "choice":
            raise BadRequest(reason=f"图层“{layer.sheet.title.zh}”不能按“{name}”筛选")
        if value not in item.choice_labels:
            raise BadRequest(reason=f"“{item.label.zh}”没有值“{value}”")
    return LocationFilter(scope, division, use_status, rest)


def location_tile(
    session: Session, layer: Layer, address: TileAddress, wanted: LocationFilter
) -> bytes:
    """Return one tile of a layer; empty bytes where nothing lies."""
    return fetch_tile(session, location_statement(layer, address, wanted))


def location_statement(layer: Layer, address: TileAddress, wanted: LocationFilter) -> Fragment:
    """Compose the statement that builds one tile."""
    chosen = _chosen(layer, wanted)
    parts = [_mvt("points", "locations")]
    seen = _seen(layer, chosen, typed=bool(wanted.choices))
    tables = [_BOUNDS, seen, _cells(address), _points(layer)]
    if address.z >= SHAPES_FROM and set(layer.sheet.geometry) != {"Point"}:
        tables.append(_shapes(layer, chosen))
        parts.append(_mvt("shapes", "shapes"))
    sql = f"with {', '.join(tables)} select {' || '.join(parts)} as tile"  # No values.
    return Fragment(sql, {**address.params, **chosen.params})


# The box is a literal in EPSG:4490, made once, so that the index on the stored geometry is used.
_BOUNDS = """bounds as not materialized (
    select ST_TileEnvelope(%(z)s, %(x)s, %(y)s) as mercator,
           ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4490) as box,
           (2 ^ %(z)s::integer)::double precision as tiles
)"""


def _chosen(layer: Layer, wanted: LocationFilter) -> Fragment:
    conditions = [
        Fragment("l.layer = %(layer)s", {"layer": layer.name}),
        Fragment("l.deleted_at is null"),
        _within("scope", wanted.scope),
    ]
    if wanted.division is not None:
        conditions.append(_within("division", wanted.division))
    if wanted.use_status is not None:
        conditions.append(
            Fragment("l.use_status = %(use_status)s", {"use_status": wanted.use_status})
        )
    for name, value in sorted(wanted.choices.items()):
        conditions.append(_choice(name, value))
    return all_of(conditions)


def _within(parameter: str, code: str) -> Fragment:
    if not _is_division_code(code):
        raise ValueError(f"not a division code: {code!r}")
    return Fragment(f"l.division_code like %({parameter})s", {parameter: f"{code}%"})


def _choice(name: str, value: str) -> Fragment:
    return Fragment(f"t.{identifier(name)} = %(choice_{name})s", {f"choice_{name}": value})


def _is_division_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in _SINGLE_CODE_LENGTHS


def _typed(layer: Layer, join: str = "join") -> str:
    table = layer.cls.__table__.name  # type: ignore[attr-defined]
    return f"{join} {identifier(table)} t on t.location_id = l.id"


def _source(layer: Layer, *, typed: bool) -> str:
    # Joined only where a field of its own decides: the join costs more than all the rest.
    return f"location l {_typed(layer)}" if typed else "location l"


def _seen(layer: Layer, chosen: Fragment, *, typed: bool) -> str:
    """Compose the rows in the tile with their place, right and down from its corner [tiles].

    A place is inside from 0 up to, not including, 1, so that each is counted in one tile only.
    """
    # Materialized, because the planner would otherwise work the place out for every comparison.
    return f"""placed as materialized (
    select l.id,
           (ST_X(place) + 180) / 360 * tiles - %(x)s as across,
           (1 - asinh(tan(radians(ST_Y(place)))) / pi()) / 2 * tiles - %(y)s as down
    from bounds, {_source(layer, typed=typed)},
         lateral (select {_place(layer)} as place) as p
    where {chosen.sql} and l.geom && bounds.box
), seen as (
    select * from placed where across >= 0 and across < 1 and down >= 0 and down < 1
)"""  # noqa: S608  # Values are bound; names come from the registry.


def _place(layer: Layer) -> str:
    if set(layer.sheet.geometry) == {"Point"}:
        return "l.geom"
    return "case when ST_Dimension(l.geom) = 0 then l.geom else ST_PointOnSurface(l.geom) end"


def _cells(address: TileAddress) -> str:
    if address.z >= SINGLES_FROM:
        return "cells as (select 1::bigint as count, id, across, down from seen)"
    return f"""cells as (
    select count(*) as count, min(id) as id, avg(across) as across, avg(down) as down
    from seen group by floor(across * {CELLS})::integer, floor(down * {CELLS})::integer
)"""  # noqa: S608  # A constant of this module.


def _points(layer: Layer) -> str:
    return f"""points as (
    select ST_MakePoint(round(across * {EXTENT}), round(down * {EXTENT})) as geom, count,
           {_told(layer)}
    from cells left join location l on cells.count = 1 and l.id = cells.id
         {_typed(layer, "left join")}
)"""  # noqa: S608  # Names come from the registry.


def _told(layer: Layer) -> str:
    kind = layer.sheet.kind_field
    kind_column = f"t.{identifier(kind)}" if kind else "null::text"
    return f"l.id, l.code, l.name, l.use_status as status, {kind_column} as kind"


def _shapes(layer: Layer, chosen: Fragment) -> str:
    return f"""shapes as (
    select ST_AsMVTGeom(ST_Transform(l.geom, 3857), bounds.mercator, {EXTENT}, 64, true) as geom,
           {_told(layer)}
    from bounds, location l {_typed(layer)}
    where {chosen.sql} and l.geom && bounds.box and ST_Dimension(l.geom) > 0
)"""  # noqa: S608  # Values are bound; names come from the registry.


def _mvt(table: str, name: str) -> str:
    encoded = f"ST_AsMVT({table}, '{name}', {EXTENT}, 'geom', 'id')"
    return f"(select coalesce({encoded}, '') from {table})"  # noqa: S608  # Constants of this module.
