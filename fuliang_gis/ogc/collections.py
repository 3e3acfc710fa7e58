"""The collections on offer: one for each layer of the registry, and divisions and roads to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal

from fuliang_gis.areas.models import Division
from fuliang_gis.db.fragments import Fragment, identifier
from fuliang_gis.errors import NotFound
from fuliang_gis.locations.fields import REVIEW_STATE, SHARED_FIELDS
from fuliang_gis.locations.registry import Layer, layers
from fuliang_gis.locations.sheets import Choice, Field, Text
from fuliang_gis.roads.models import ROAD_CLASSES, Road

PropertyType = Literal[
    "text", "integer", "decimal", "date", "timestamp", "boolean", "choice", "choices"
]

#: What a geometry is called in queryables and filters.
GEOMETRY = "geom"


@dataclass(frozen=True)
class Property:
    """One property of the features, and the column behind it."""

    name: str
    label: Text
    type: PropertyType
    sql: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()
    help: str | None = None

    @classmethod
    def of(cls, item: Field, alias: str) -> Property:
        """Return the property that a sheet's field stands for."""
        return cls(
            item.name,
            item.label,
            item.type,
            f"{alias}.{identifier(item.name)}",
            item.unit,
            item.minimum,
            item.maximum,
            item.choices,
            item.help,
        )


@dataclass(frozen=True)
class Collection:
    """One collection: its words, and where its features come from.

    ``key`` orders the features and is what paging goes on from; ``key_copies`` are columns that
    always hold the same; ``code`` is their public id; ``division`` is the column by which reading
    is bounded; ``subject`` counts the changes.
    """

    name: str
    title: Text
    description: Text
    source: str
    key: str
    key_type: Literal["bigint", "text"]
    code: str
    geometry: str
    geometry_types: tuple[str, ...]
    properties: tuple[Property, ...]
    subject: str
    division: str | None = None
    date: str | None = None
    conditions: tuple[Fragment, ...] = ()
    key_copies: tuple[str, ...] = ()
    layer: Layer | None = field(default=None, compare=False)

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Properties by name; every one of them may be asked about in a filter."""
        return {item.name: item for item in self.properties}


@cache
def collections() -> Mapping[str, Collection]:
    """Return every collection by name: layers in the order of their sheets, then the base map."""
    made = [*map(_of_layer, layers().values()), _divisions(), _roads()]
    return {each.name: each for each in made}


def collection(name: str) -> Collection:
    """Return one collection.

    Raises:
        NotFound: There is none of that name.
    """
    try:
        return collections()[name]
    except KeyError:
        raise NotFound(what="数据集", key=name) from None


def _of_layer(layer: Layer) -> Collection:
    sheet = layer.sheet
    shared = [Property.of(item, "l") for item in (*SHARED_FIELDS, REVIEW_STATE)]
    typed = [Property.of(item, "t") for item in sheet.fields]
    table = layer.cls.__table__.name  # type: ignore[attr-defined]
    return Collection(
        name=layer.name,
        title=sheet.title,
        description=Text(f"浮梁县{sheet.title.zh}", f"{sheet.title.en} of Fuliang County"),
        source=f"location l join {identifier(table)} t on t.location_id = l.id",
        key="l.id",
        key_type="bigint",
        key_copies=("t.location_id",),
        code='l."code"',
        geometry="l.geom",
        geometry_types=sheet.geometry,
        properties=(*shared[:3], *typed, *shared[3:], *_HOUSEKEEPING),
        subject=layer.name,
        division="l.division_code",
        date="survey_date",
        # Written out, not bound: the planner then knows how many rows this layer has.
        conditions=(Fragment(f"l.layer = '{layer.name}'"), Fragment("l.deleted_at is null")),
        layer=layer,
    )


_HOUSEKEEPING = (
    Property("invented", Text("演示数据", "Invented"), "boolean", "l.invented"),
    Property("version", Text("版本", "Version"), "integer", "l.version"),
    Property("updated_at", Text("更新时间", "Updated at"), "timestamp", "l.updated_at"),
)


def _choices(values: Mapping[str, str], english: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, zh, en) for (value, zh), en in zip(values.items(), english, strict=True)
    )


def _divisions() -> Collection:
    levels = {"county": "县", "township": "乡镇", "village": "村"}
    return Collection(
        name="divisions",
        title=Text("行政区划", "Administrative divisions"),
        description=Text("县、乡镇和村级区划", "County, townships and village-level divisions"),
        source=f"{Division.__tablename__} l",
        key="l.code",
        key_type="text",
        code="l.code",
        geometry="l.boundary",
        geometry_types=("MultiPolygon",),
        properties=(
            Property("code", Text("统计代码", "Code"), "text", "l.code"),
            Property("name", Text("名称", "Name"), "text", "l.name"),
            Property("short_name", Text("简称", "Short name"), "text", "l.short_name"),
            Property(
                "level",
                Text("级别", "Level"),
                "choice",
                "l.level",
                choices=_choices(levels, levels),
            ),
            Property("kind", Text("类型", "Kind"), "text", "l.kind"),
            Property("parent_code", Text("上级代码", "Parent code"), "text", "l.parent_code"),
            Property(
                "boundary_source", Text("边界来源", "Boundary source"), "text", "l.boundary_source"
            ),
            Property("invented", Text("演示数据", "Invented"), "boolean", "l.invented"),
        ),
        subject="division",
    )


def _roads() -> Collection:
    names = _choices(ROAD_CLASSES, ROAD_CLASSES)
    return Collection(
        name="roads",
        title=Text("道路", "Roads"),
        description=Text("两个路口之间的路段", "Edges between two junctions"),
        source=f"{Road.__tablename__} l",
        key="l.id",
        key_type="bigint",
        code="l.id",
        geometry="l.geom",
        geometry_types=("LineString",),
        properties=(
            Property("name", Text("名称", "Name"), "text", "l.name"),
            Property("road_class", Text("等级", "Class"), "choice", "l.road_class", choices=names),
            Property("speed_kmh", Text("车速", "Speed"), "decimal", "l.speed_kmh", unit="km/h"),
            Property("length_m", Text("长度", "Length"), "decimal", "l.length_m", unit="m"),
            Property("oneway", Text("单行", "One-way"), "boolean", "l.oneway"),
            Property("invented", Text("演示数据", "Invented"), "boolean", "l.invented"),
        ),
        subject="road",
    )
