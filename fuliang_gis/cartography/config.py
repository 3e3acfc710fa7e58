"""What the map modules in the browser need: layers, symbols, extent, divisions, addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.cartography.raster_basemap import Pictures, pictures_of
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.status.rules import styles
from fuliang_gis.locations.models import USE_STATUSES
from fuliang_gis.locations.registry import Layer, layers

BASE_TILES = "/tiles/base/{z}/{x}/{y}.mvt"
LOCATION_TILES = "/tiles/locations/%s/{z}/{x}/{y}.mvt"
CARD = "/locations/%s/{code}/card"


class Extent(NamedTuple):
    """A box (EPSG:4490, lon/lat) [degrees]."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class KindSymbol:
    """One kind of a layer in the legend."""

    value: str
    title: str
    colour: str | None


@dataclass(frozen=True)
class LayerSymbol:
    """One layer in the legend; ``count`` is the number of locations that the reader may see."""

    name: str
    title: str
    colour: str
    icon: str
    count: int
    tiles: str
    card: str
    kind_field: str | None
    kind_title: str | None
    kinds: tuple[KindSymbol, ...]


@dataclass(frozen=True)
class StatusSymbol:
    """One status of inspection in the legend; ``shape`` is an SVG path (evenodd) on 24 × 24."""

    value: str
    title: str
    colour: str
    shape: str
    marked: bool


@dataclass(frozen=True)
class MapDivision:
    """A division that the reader may go to."""

    code: str
    name: str
    extent: Extent


@dataclass(frozen=True)
class MapConfig:
    """The configuration of the home page's map; ``invented`` says that demo data is shown.

    ``statuses`` are the use statuses, ``inspection`` the statuses of inspection, the gravest first;
    ``pictures`` are the tiles of a basemap that the office set, the lowest first.
    """

    extent: Extent
    invented: bool
    base_tiles: str
    layers: tuple[LayerSymbol, ...]
    divisions: tuple[MapDivision, ...]
    statuses: dict[str, str]
    inspection: tuple[StatusSymbol, ...]
    pictures: tuple[Pictures, ...] = ()


def map_config(session: Session, actor: Actor, basemap: str = "") -> MapConfig:
    """Return the map's configuration as one reader sees it.

    Raises:
        NotFound: The reader's division has no boundary yet.
    """
    counts, invented = _counts(session, actor.scope)
    divisions = _divisions(session, actor.scope)
    own = divisions.pop(actor.scope, None)
    if own is None:
        raise NotFound(what="行政区划边界", key=actor.scope)
    return MapConfig(
        extent=own.extent,
        invented=invented,
        base_tiles=BASE_TILES,
        layers=tuple(_symbol(layer, counts.get(layer.name, 0)) for layer in layers().values()),
        divisions=tuple(divisions.values()),
        statuses=dict(USE_STATUSES),
        inspection=tuple(
            StatusSymbol(each.code.value, each.zh, each.colour, each.shape, each.marked)
            for each in styles().values()
        ),
        pictures=pictures_of(basemap),
    )


def _symbol(layer: Layer, count: int) -> LayerSymbol:
    sheet = layer.sheet
    kind_field = sheet.field(sheet.kind_field) if sheet.kind_field else None
    return LayerSymbol(
        name=layer.name,
        title=sheet.title.zh,
        colour=sheet.colour,
        icon=sheet.icon,
        count=count,
        tiles=LOCATION_TILES % layer.name,
        card=CARD % layer.name,
        kind_field=sheet.kind_field,
        kind_title=kind_field.label.zh if kind_field else None,
        kinds=tuple(KindSymbol(kind.value, kind.zh, kind.colour) for kind in sheet.kinds),
    )


_COUNTS = """
select layer, count(*), bool_or(invented) from location
where deleted_at is null and starts_with(division_code, %(scope)s) group by layer
"""


def _counts(session: Session, scope: str) -> tuple[dict[str, int], bool]:
    rows = session.connection().exec_driver_sql(_COUNTS, {"scope": scope}).all()
    return {name: count for name, count, _ in rows}, any(invented for *_, invented in rows)


# The reader's own division and its children.
_DIVISIONS = """
select code, short_name, round(ST_XMin(boundary)::numeric, 5), round(ST_YMin(boundary)::numeric, 5),
       round(ST_XMax(boundary)::numeric, 5), round(ST_YMax(boundary)::numeric, 5)
from division
where boundary is not null and (code = %(scope)s or parent_code = %(scope)s) order by code
"""


def _divisions(session: Session, scope: str) -> dict[str, MapDivision]:
    rows = session.connection().exec_driver_sql(_DIVISIONS, {"scope": scope}).all()
    return {
        code: MapDivision(code, name, Extent(*map(float, bounds))) for code, name, *bounds in rows
    }


_CHANGES = """
select subject, sum(changes)::bigint from data_version
where subject = any(%(subjects)s) group by subject
"""


def layer_changes(session: Session) -> dict[str, int]:
    """Return how many changes of each layer are committed: an open map asks whether it is old."""
    subjects = list(layers())
    rows = session.connection().exec_driver_sql(_CHANGES, {"subjects": subjects}).all()
    return dict.fromkeys(subjects, 0) | {subject: int(changes) for subject, changes in rows}
