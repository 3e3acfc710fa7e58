"""What lies in one village, as GeoJSON that PostgreSQL builds (EPSG:4490), in three queries.

For a public map whatever belongs to one household leaves the database only as counts of 100 m grid
cells, and cells with fewer than ``LEAST_PER_CELL`` are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fuliang_gis.db.fragments import identifier
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.fields import SHARED_FIELDS
from fuliang_gis.locations.households import HOUSEHOLD_KINDS
from fuliang_gis.locations.registry import Layer, layers
from fuliang_gis.locations.sheets import Field
from fuliang_gis.roads.models import ROAD_CLASSES

GeoJson = Mapping[str, Any]

#: Side of a cell in which households are counted on a public map [m, EPSG:4548].
CELL_M = 100
#: A cell with fewer is not drawn: it would point at a house.
LEAST_PER_CELL = 3

_DIGITS = 6
#: What simplifying may move a line [degrees, about 3 m].
_TOLERANCE = 0.00003
#: How far beyond the village its neighbours are drawn [degrees].
_AROUND = 0.012


@dataclass(frozen=True)
class FeatureGroup:
    """Features that are switched together.

    ``count`` counts all locations, also the ``hidden`` ones that a public map's grid leaves out.
    """

    layer: Layer
    household: bool
    grid: bool
    count: int
    hidden: int
    features: Sequence[GeoJson]

    @property
    def name(self) -> str:
        """An identifier within the map."""
        return f"{self.layer.name}_household" if self.household else self.layer.name

    @property
    def title(self) -> str:
        """What people call the group."""
        title = self.layer.sheet.title.zh
        if not self.household:
            return title
        kinds = [kind.zh for kind in self.layer.sheet.kinds if kind.value in HOUSEHOLD_KINDS]
        return kinds[0] if len(kinds) == 1 else f"{title}（到户）"


@dataclass(frozen=True)
class RoadLine:
    """The roads of one class inside the village [km]."""

    road_class: str
    title: str
    km: float
    geometry: GeoJson


@dataclass(frozen=True)
class Area:
    """A village's polygon, or a neighbour's lines, and where its name stands."""

    code: str
    name: str
    geometry: GeoJson
    label: GeoJson | None = None


@dataclass(frozen=True)
class VillageFeatures:
    """Everything on one village's map; ``bounds`` is west, south, east, north [degrees]."""

    area: Area
    bounds: tuple[float, float, float, float]
    neighbours: Sequence[Area]
    roads: Sequence[RoadLine]
    groups: Sequence[FeatureGroup]
    invented: bool


def popup_fields(one: Layer) -> list[Field]:
    """Return the fields that a pop-up shows."""
    return [field for field in (*one.sheet.fields, *SHARED_FIELDS) if field.popup]


def village_features(session: Session, code: str, *, public: bool) -> VillageFeatures:
    """Return what lies in the village of a 12-digit code; the caller has checked who may read it.

    Args:
        public: Give households only as counts of grid cells.

    Raises:
        NotFound: The village has no boundary.
    """
    asked = {"code": code, "tolerance": _TOLERANCE, "around": _AROUND, "cell": CELL_M,
             "least": LEAST_PER_CELL, "kinds": list(HOUSEHOLD_KINDS)}  # fmt: skip
    areas = _areas(session, asked)
    if code not in areas:
        raise NotFound(what="村界", key=code)
    area, bounds, invented_area = areas.pop(code)
    groups, invented = _groups(session, asked, public=public)
    return VillageFeatures(
        area,
        bounds,
        [neighbour for neighbour, _, _ in areas.values()],
        _roads(session, asked),
        groups,
        invented or invented_area,
    )


# Of the neighbours the lines near the village are drawn; its own polygon is whole.
_AREAS = f"""
select n.code, n.short_name, n.invented,
       ST_AsGeoJSON(ST_SimplifyPreserveTopology(shape, %(tolerance)s), {_DIGITS}),
       ST_AsGeoJSON(ST_PointOnSurface(
           ST_ClipByBox2D(n.boundary, ST_Expand(v.boundary, %(around)s)::box2d)), {_DIGITS}),
       ST_XMin(shape), ST_YMin(shape), ST_XMax(shape), ST_YMax(shape)
from division v
join division n on n.level = 'village' and n.boundary && ST_Expand(v.boundary, %(around)s),
     lateral (select case when n.code = v.code then n.boundary
                          else ST_ClipByBox2D(ST_Boundary(n.boundary),
                                              ST_Expand(v.boundary, %(around)s)::box2d)
                     end as shape) as s
where v.code = %(code)s and not ST_IsEmpty(shape) order by n.code
"""  # noqa: S608  # Constants of this module.

_Bounds = tuple[float, float, float, float]


def _areas(session: Session, asked: Mapping[str, object]) -> dict[str, tuple[Area, _Bounds, bool]]:
    rows = session.connection().exec_driver_sql(_AREAS, dict(asked)).all()
    return {
        code: (Area(code, name, json.loads(shape), json.loads(label)), (w, s, e, n), invented)
        for code, name, invented, shape, label, w, s, e, n in rows
    }


_ROADS = f"""
select r.road_class, sum(ST_Length(part::geography)) / 1000,
       ST_AsGeoJSON(ST_SimplifyPreserveTopology(
           ST_LineMerge(ST_Collect(part)), %(tolerance)s), {_DIGITS})
from division v join road r on r.geom && v.boundary and ST_Intersects(r.geom, v.boundary),
     lateral (select ST_CollectionExtract(ST_Intersection(r.geom, v.boundary), 2) as part) as p
where v.code = %(code)s and not ST_IsEmpty(part) group by r.road_class
"""  # noqa: S608  # Constants of this module.


def _roads(session: Session, asked: Mapping[str, object]) -> list[RoadLine]:
    rows = session.connection().exec_driver_sql(_ROADS, dict(asked)).all()
    found = {name: (km, json.loads(shape)) for name, km, shape in rows}
    return [
        RoadLine(name, title, *found[name]) for name, title in ROAD_CLASSES.items() if name in found
    ]


def _groups(
    session: Session, asked: Mapping[str, object], *, public: bool
) -> tuple[list[FeatureGroup], bool]:
    parts = [_layer_query(one, public=public) for one in layers().values()]
    rows = session.connection().exec_driver_sql(" union all ".join(parts), dict(asked)).all()
    groups = [
        FeatureGroup(
            layer=layers()[name],
            household=household,
            grid=household and public,
            count=count,
            hidden=hidden,
            features=json.loads(features or "[]"),
        )
        for name, household, count, hidden, _, features in rows
    ]
    return groups, any(row.invented for row in rows)


def _layer_query(one: Layer, *, public: bool) -> str:
    """Compose the query of one layer: a row for what is public, a row for what is households'."""
    table = identifier(one.cls.__table__.name)  # type: ignore[attr-defined]
    rows = f"""select l.id, l.geom, l.invented, {_is_household(one)} as household,
        {_properties(one)} as properties
        from location l join {table} t on t.location_id = l.id
        where l.layer = '{one.name}' and l.division_code = %(code)s and l.deleted_at is null"""  # noqa: S608  # Names come from the registry.
    wanted = "where not household" if public else ""
    singles = f"""(select '{one.name}' as layer, household, count(*) as count, 0::bigint as hidden,
        bool_or(invented) as invented, '[' || string_agg({_FEATURE}, ',' order by id) || ']'
        from ({rows}) as r {wanted} group by household)"""  # noqa: S608  # As above.
    return f"{singles} union all ({_grid(one, rows)})" if public else singles


_FEATURE = f"""'{{"type":"Feature","geometry":'
    || ST_AsGeoJSON(ST_SimplifyPreserveTopology(geom, %(tolerance)s), {_DIGITS})
    || ',"properties":' || properties || '}}'"""


def _is_household(one: Layer) -> str:
    kind = one.sheet.kind_field
    by_kind = f"t.{identifier(kind)} = any(%(kinds)s)" if kind else "false"
    return f"(l.asset_class = 'household' or {by_kind})"


def _properties(one: Layer) -> str:
    shown = [("code", "l.code"), ("name", "l.name"), ("use_status", "l.use_status")]
    own = {field.name for field in one.sheet.fields}
    named = {field.name for field in popup_fields(one)} | _styling(one)
    shown += [(name, f"{'t' if name in own else 'l'}.{identifier(name)}")
              for name in sorted(named - {"use_status"})]  # fmt: skip
    pairs = ", ".join(f"'{name}', {column}" for name, column in shown)
    return f"json_strip_nulls(json_build_object({pairs}))::text"


def _styling(one: Layer) -> set[str]:
    """Return the fields that decide how a dot looks."""
    return {"is_problem"} if one.sheet.field("is_problem") else set()


def _grid(one: Layer, rows: str) -> str:
    # The cells lie on the plane's hundreds of metres, so that they say nothing about where in them.
    return f"""select '{one.name}', true, sum(n)::bigint,
        coalesce(sum(n) filter (where n < %(least)s), 0)::bigint, bool_or(invented),
        '[' || string_agg('{{"type":"Feature","geometry":' || ST_AsGeoJSON(ST_Transform(
            ST_MakeEnvelope(x, y, x + %(cell)s, y + %(cell)s, 4548), 4490), {_DIGITS})
            || ',"properties":{{"count":' || n || '}}}}', ',' order by x, y)
            filter (where n >= %(least)s) || ']'
    from (select floor(ST_X(p) / %(cell)s) * %(cell)s as x,
                 floor(ST_Y(p) / %(cell)s) * %(cell)s as y,
                 count(*) as n, bool_or(invented) as invented
          from ({rows}) as r, lateral (select ST_Transform(ST_PointOnSurface(geom), 4548) as p) as q
          where household group by 1, 2) as cells
    having sum(n) > 0"""  # noqa: S608  # Names come from the registry; values are bound.


def household_rule() -> str:
    """Return the sentence that tells what a public map does with households."""
    return (
        f"到户设施（户厕、到户类资产等）只按 {CELL_M} 米网格计数，不显示单户；"
        f"不足 {LEAST_PER_CELL} 处的网格不上图。"
    )
