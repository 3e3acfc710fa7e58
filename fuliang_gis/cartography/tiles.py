"""Vector tiles of the locations: one statement a tile builds the bytes (Mapbox Vector Tile 2).

A tile of a layer holds the vector layer ``locations``: points, gathered by a 16 × 16 grid a tile so
that a view never holds more than about 2,000 symbols, and from ``SINGLES_FROM`` on each location by
itself; and from ``SHAPES_FROM`` on ``shapes``, locations that are lines or polygons. ``status`` is
the use status, ``inspection`` the status of inspection; clusters tell the gravest when asked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.cartography.grid import TileAddress, cell_shift
from fuliang_gis.cartography.sql import Fragment, all_of, fetch_tile, identifier
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import BadRequest
from fuliang_gis.inspections.status.queries import status_case
from fuliang_gis.inspections.status.rules import StatusCode
from fuliang_gis.locations.models import USE_STATUSES
from fuliang_gis.locations.registry import Layer

#: Levels that the cells in which points are counted together lie below their tile: 16 a side.
CELL_DEPTH = 4
#: Zoom level from which every location is a symbol of its own.
SINGLES_FROM = 13
#: Zoom level from which lines and polygons are drawn as shapes.
SHAPES_FROM = 12
#: Units along each side of a tile.
EXTENT = 4096

#: A scope that is not known yet: the division of who asks, read as ``known`` by one statement.
ASKERS = "known.division_code"

_SINGLE_CODE_LENGTHS = (6, 9, 12)


@dataclass(frozen=True)
class LocationFilter:
    """Which locations a tile holds: ``scope`` bounds reading, the rest narrows it.

    A ``scope`` of ``ASKERS`` bounds by the column of that name, beside which the tile is then read.

    ``choices`` maps choice fields of the sheet (``kind``, ``key_level``, …) to the wanted value.
    ``today`` is the day that the statuses of inspection are told for; without it none is told.
    ``graded`` asks for the gravest status of each cluster.

    Raises:
        BadRequest: The division is no code of 6, 9 or 12 digits, or a status is unknown.
    """

    scope: str
    division: str | None = None
    use_status: str | None = None
    inspection: str | None = None
    today: date | None = None
    graded: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.division is not None and not _is_division_code(self.division):
            raise BadRequest(reason=f"“{self.division}”不是 6、9 或 12 位行政区划代码")
        if self.use_status is not None and self.use_status not in USE_STATUSES:
            raise BadRequest(reason=f"没有使用状态“{self.use_status}”")
        if self.inspection is not None and (
            self.today is None or self.inspection not in list(StatusCode)
        ):
            raise BadRequest(reason=f"没有巡查状态“{self.inspection}”")

    @property
    def digest(self) -> str:
        """A text that differs whenever the filter does, and from day to day."""
        chosen = sorted(self.choices.items())
        narrowed = (self.scope, self.division, self.use_status, self.inspection, chosen)
        return repr((*narrowed, self.graded, self.today and self.today.isoformat()))


def location_filter(
    layer: Layer, scope: str, given: Mapping[str, str], *, public: bool = False
) -> LocationFilter:
    """Read a filter from request parameters; the ``public`` is told no status of inspection.

    Raises:
        BadRequest: A parameter is unknown to the layer, or its value is.
    """
    rest = {name: value for name, value in given.items() if value}
    division, use_status = rest.pop("division", None), rest.pop("use_status", None)
    inspection, asked = rest.pop("inspection", None), rest.pop("graded", None)
    for name, value in rest.items():
        item = layer.sheet.field(name)
        if item is None or item.type != "choice":
            raise BadRequest(reason=f"图层“{layer.sheet.title.zh}”不能按“{name}”筛选")
        if value not in item.choice_labels:
            raise BadRequest(reason=f"“{item.label.zh}”没有值“{value}”")
    today = None if public else clock.today()
    graded = asked == "1" and not public
    return LocationFilter(scope, division, use_status, inspection, today, graded, rest)


def location_tile(
    session: Session, layer: Layer, address: TileAddress, wanted: LocationFilter
) -> bytes:
    """Return one tile of a layer; empty bytes where nothing lies."""
    return fetch_tile(session, location_statement(layer, address, wanted))


def location_statement(layer: Layer, address: TileAddress, wanted: LocationFilter) -> Fragment:
    """Compose the statement that builds one tile."""
    drawing = _Drawing(layer, wanted, _chosen(layer, wanted))
    points = _clusters if address.z < SINGLES_FROM else _singles
    sql = f"select {_mvt('locations', points(drawing))}"
    if address.z >= SHAPES_FROM and set(layer.sheet.geometry) != {"Point"}:
        sql += f" || {_mvt('shapes', _shapes(drawing))}"
    return Fragment(f"{sql} as tile", {**_place(address), **drawing.chosen.params})


@dataclass(frozen=True)
class _Drawing:
    """What the parts of a tile's statement are composed from."""

    layer: Layer
    wanted: LocationFilter
    chosen: Fragment

    @property
    def source(self) -> str:
        """The locations, with the tables that decide which are shown."""
        return f"location l {self.typed if self.wanted.choices else ''} {self.narrowing}"

    @property
    def narrowing(self) -> str:
        """The table that the status is told from, where the status decides."""
        return _STATE if self.wanted.inspection else ""

    @property
    def typed(self) -> str:
        """The join of the layer's own table."""
        return _typed(self.layer)

    @property
    def kind(self) -> str:
        """The join that the kind is told from."""
        if self.wanted.choices:
            return self.typed
        return _typed(self.layer, "left join") if self.layer.sheet.kind_field else ""

    @property
    def told(self) -> str:
        """The columns of a location that stands by itself."""
        status = f", {_STATUS} as inspection" if self.wanted.today else ""
        return f"{_told(self.layer)}{status}"

    @property
    def state(self) -> str:
        """The join that the told status needs."""
        return _STATE if self.wanted.today else ""


def _place(address: TileAddress) -> dict[str, object]:
    first, behind = address.cells
    west, south, east, north = address.box
    return {
        **address.params,
        "tiles": float(2**address.z),
        "first": first,
        "behind": behind,
        "shift": cell_shift(address.z) - 2 * CELL_DEPTH,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
    }


def _chosen(layer: Layer, wanted: LocationFilter) -> Fragment:
    conditions = [
        # Written out, not bound: a prepared statement is then planned for this layer's rows.
        Fragment(f"l.layer = '{layer.name}'"),
        Fragment("l.deleted_at is null"),
        _within("scope", wanted.scope),
    ]
    if wanted.division is not None:
        conditions.append(_within("division", wanted.division))
    if wanted.use_status is not None:
        conditions.append(
            Fragment("l.use_status = %(use_status)s", {"use_status": wanted.use_status})
        )
    if wanted.inspection is not None:
        conditions.append(
            Fragment(f"{_STATUS} = %(inspection)s", {"inspection": wanted.inspection})
        )
    for name, value in sorted(wanted.choices.items()):
        conditions.append(_choice(name, value))
    # Bound though it decides nothing: what is told depends on it.
    return all_of([*conditions, Fragment("true", {"today": wanted.today})])


def _within(parameter: str, code: str) -> Fragment:
    if code == ASKERS and parameter == "scope":
        return Fragment(f"starts_with(l.division_code, {ASKERS})")
    if not _is_division_code(code):
        raise ValueError(f"not a division code: {code!r}")
    # Not in the form of ``policies.inside``: a plan made for any value would take its index, and
    # look at the county's rows for every tile.
    return Fragment(f"starts_with(l.division_code, %({parameter})s)", {parameter: code})


def _choice(name: str, value: str) -> Fragment:
    return Fragment(f"t.{identifier(name)} = %(choice_{name})s", {f"choice_{name}": value})


def _is_division_code(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) in _SINGLE_CODE_LENGTHS


def _typed(layer: Layer, join: str = "join") -> str:
    table = layer.cls.__table__.name  # type: ignore[attr-defined]
    return f"{join} {identifier(table)} t on t.location_id = l.id"


# A tile's locations are one stretch of ``ix_location_tile``; since each lies in one cell, each is
# in one tile only, on the edges too.
_INSIDE = "l.tile_cell >= %(first)s and l.tile_cell < %(behind)s"


_STATE = "left join location_state s on s.location_id = l.id"
_STATUS = f"({status_case()})"
_GRAVITIES = "array[" + ", ".join(f"'{code.value}'" for code in StatusCode) + "]"


def _clusters(drawing: _Drawing) -> str:
    """Compose the points counted together; what stands alone is told in full."""
    status = ""
    if drawing.wanted.today:
        graded = ", grave.inspection, 'no_duty'" if drawing.wanted.graded else ""
        status = f"coalesce(told.inspection{graded}) as inspection,"
    # The offset keeps the planner from joining all locations to the few that stand alone.
    return f"""
    select {_at("c")}, c.count, {status} told.id, told.code, told.name, told.status, told.kind
    from (
        select count(*) as count, min(l.id) as id, {_CELL} as cell,
               sum(l.tile_across) / count(*) as tile_across,
               sum(l.tile_down) / count(*) as tile_down
        from {drawing.source} where {drawing.chosen.sql} and {_INSIDE} group by {_CELL}
    ) as c left join lateral (
        select {drawing.told} from location l {drawing.kind} {drawing.state}
        where c.count = 1 and l.id = c.id offset 0
    ) as told on true {_gravest(drawing) if drawing.wanted.graded else ""}"""  # noqa: S608  # Values are bound; names come from the registry.


_CELL = "l.tile_cell >> %(shift)s::integer"


def _gravest(drawing: _Drawing) -> str:
    """Compose the join of the gravest status of each cell.

    Most locations are in use, owe nothing and have no defect: they are in neither of the two, and
    need not be looked at.
    """
    kind = drawing.typed if drawing.wanted.choices else ""
    where = f"{drawing.chosen.sql} and {_INSIDE}"
    gravity = f"array_position({_GRAVITIES}, {_STATUS})"
    return f"""left join (
        select cell, ({_GRAVITIES})[min(gravity)] as inspection
        from (
            select {_CELL} as cell, {gravity} as gravity
            from location_state s join location l on l.id = s.location_id {kind}
            where s.layer = '{drawing.layer.name}' and {where}
            union all
            select {_CELL}, {gravity} from location l {kind} {_STATE}
            where l.use_status <> 'in_use'
                and (l.asset_class <> 'household' or l.use_status = 'disposed') and {where}
        ) as graded group by cell
    ) as grave on grave.cell = c.cell"""  # noqa: S608  # Values are bound; names come from the registry.


def _singles(drawing: _Drawing) -> str:
    """Compose each point by itself."""
    return f"""
    select {_at("l")}, 1::bigint as count, {drawing.told}
    from location l {drawing.kind} {drawing.state}
    where {drawing.chosen.sql} and {_INSIDE}"""  # noqa: S608  # Values are bound; names come from the registry.


def _at(alias: str) -> str:
    across, down = (
        f"round(({alias}.tile_{way} * %(tiles)s - %({axis})s) * {EXTENT})"
        for way, axis in (("across", "x"), ("down", "y"))
    )
    return f"ST_MakePoint({across}, {down}) as geom"


def _told(layer: Layer) -> str:
    kind = layer.sheet.kind_field
    kind_column = f"t.{identifier(kind)}" if kind else "null::text"
    return f"l.id, l.code, l.name, l.use_status as status, {kind_column} as kind"


def _shapes(drawing: _Drawing) -> str:
    # The box is made of numbers, so that the index on the stored geometry is used.
    return f"""
    select ST_AsMVTGeom(ST_Transform(l.geom, 3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s),
                        {EXTENT}, 64, true) as geom,
           {drawing.told}
    from location l {drawing.typed} {drawing.state}
    where {drawing.chosen.sql} and ST_Dimension(l.geom) > 0
      and l.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, {SRID})"""  # noqa: S608  # Values are bound; names come from the registry.


def _mvt(name: str, rows: str) -> str:
    encoded = f"ST_AsMVT(drawn, '{name}', {EXTENT}, 'geom', 'id')"
    return f"(select coalesce({encoded}, '') from ({rows}) as drawn)"  # noqa: S608  # Constants of this module.
