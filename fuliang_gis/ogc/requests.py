"""What a client asks of a collection's items, read from the query string and checked."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import shapely
from shapely.geometry import MultiPoint, MultiPolygon, box
from shapely.geometry.base import BaseGeometry

from fuliang_gis.db.fragments import Fragment
from fuliang_gis.errors import BadParameter, FuliangError
from fuliang_gis.ogc import cql2, filters, moments
from fuliang_gis.ogc.collections import Collection, Property
from fuliang_gis.ogc.crs import Crs, find

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000

#: Parameters that every collection understands; a property's name is understood too.
PARAMETERS = (
    "f", "limit", "cursor", "bbox", "bbox-crs", "crs", "datetime", "properties", "skipGeometry",
    "filter", "filter-lang", "filter-crs", "resultType",
)  # fmt: skip

#: The sides of a box in a projected system are lines that bend on the ellipsoid; they are cut into
#: so many parts.
_PARTS = 32
_PLANE_CORNERS, _SPACE_CORNERS = 4, 6
_LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True)
class ItemsRequest:
    """One page of items: where it begins, how long it is, what is in it and how it is written."""

    collection: Collection
    limit: int
    after: str | int | None
    crs: Crs
    properties: tuple[Property, ...]
    geometry: bool
    condition: Fragment | None
    hits_only: bool


def read_items_request(collection: Collection, given: Mapping[str, str]) -> ItemsRequest:
    """Read the parameters of a request for items.

    Raises:
        BadParameter: A parameter is unknown, or its value cannot be used.
        FilterRefused: The CQL2 filter cannot be used.
    """
    for name in given.keys() - set(PARAMETERS) - collection.by_name.keys():
        raise _refused(name, "没有这个参数", "there is no such parameter")
    result_type = given.get("resultType", "results")
    if result_type not in ("results", "hits"):
        raise _refused("resultType", "应为 results 或 hits", "is 'results' or 'hits'")
    return ItemsRequest(
        collection=collection,
        limit=_limit(given.get("limit")),
        after=_after(collection, given.get("cursor")),
        crs=find(given.get("crs"), "crs"),
        properties=_properties(collection, given.get("properties")),
        geometry=not _truth("skipGeometry", given.get("skipGeometry", "false")),
        condition=_condition(collection, given),
        hits_only=result_type == "hits",
    )


def cursor(key: str | int) -> str:
    """Return the token with which the page after that key begins."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _refused(name: str, reason: str, reason_en: str) -> FuliangError:
    return BadParameter(name=name, field=name, reason=reason, reason_en=reason_en)


def _limit(given: str | None) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if not (given.isascii() and given.isdigit()) or int(given) < 1:
        raise _refused("limit", f"应为 1 至 {MAX_LIMIT} 的整数", f"is an integer, 1 to {MAX_LIMIT}")
    # The standard asks a server to cap what is too much rather than to refuse it.
    return min(int(given), MAX_LIMIT)


def _after(collection: Collection, token: str | None) -> str | int | None:
    if token is None:
        return None
    try:
        key = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        if collection.key_type == "text":
            return key if key.isalnum() else _bad_cursor()
        number = int(key)
        return number if 0 <= number <= _LARGEST_KEY else _bad_cursor()
    except (ValueError, binascii.Error):
        return _bad_cursor()


def _bad_cursor() -> str:
    raise _refused("cursor", "请使用 next 链接中的值", "take it from a 'next' link")


def _properties(collection: Collection, given: str | None) -> tuple[Property, ...]:
    if given is None:
        return collection.properties
    wanted = [name for name in given.split(",") if name]
    for name in wanted:
        if name not in collection.by_name:
            offered = ", ".join(collection.by_name)
            reason = f"没有字段“{name}”，可用：{offered}"
            raise _refused("properties", reason, f"no property '{name}'; there are {offered}")
    return tuple(item for item in collection.properties if item.name in wanted)


def _truth(name: str, given: str) -> bool:
    if given not in ("true", "false"):
        raise _refused(name, "应为 true 或 false", "is true or false")
    return given == "true"


def _condition(collection: Collection, given: Mapping[str, str]) -> Fragment | None:
    found = [
        *(_equal(collection.by_name[n], v) for n, v in given.items() if n in collection.by_name),
        *_in_box(collection, given),
        *_at(collection, given),
        *_filtered(collection, given),
    ]
    joined: Fragment | None = None
    for each in found:
        joined = each if joined is None else joined & each
    return joined


def _equal(item: Property, given: str) -> Fragment:
    name = f"p_{item.name}"
    if item.type == "choices":
        return Fragment(f"%({name})s::text = any({item.sql})", {name: _text(item, given)})
    if item.type == "boolean":
        return Fragment(f"{item.sql} = %({name})s", {name: _truth(item.name, given)})
    cast = {"integer": "numeric", "decimal": "numeric", "date": "date"}.get(item.type, "text")
    value = _number(item, given) if cast == "numeric" else _text(item, given)
    if item.type == "timestamp":
        value, cast = _moment(item, given, dates=False), "timestamptz"
    if item.type == "date":
        value = _moment(item, given, dates=True)
    column = f"{item.sql}::numeric" if cast == "numeric" else item.sql
    return Fragment(f"{column} = %({name})s::{cast}", {name: value})


def _text(item: Property, given: str) -> str:
    if "\0" in given:
        raise _refused(item.name, "含有不可用的字符", "has a character that cannot be used")
    return given


def _number(item: Property, given: str) -> str:
    try:
        number = float(given)
    except ValueError:
        number = float("nan")
    if not abs(number) < float("inf") or "_" in given:
        raise _refused(item.name, f"“{given}”不是数字", f"'{given}' is no number")
    return given.strip()


def _moment(item: Property, given: str, *, dates: bool) -> str:
    try:
        return moments.instant(given, dates=dates)
    except FuliangError:
        raise _refused(
            item.name, f"“{given}”不是日期，写作 2022-10-31", "is a date like 2022-10-31"
        ) from None


def _in_box(collection: Collection, given: Mapping[str, str]) -> list[Fragment]:
    crs = find(given.get("bbox-crs"), "bbox-crs")
    if "bbox" not in given:
        return []
    stored = crs.to_stored(_box(given["bbox"], crs))
    sql = f"ST_Intersects({collection.geometry}, ST_GeomFromWKB(%(bbox)s, 4490))"
    return [Fragment(sql, {"bbox": stored.wkb})]


def _box(text: str, crs: Crs) -> BaseGeometry:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == _SPACE_CORNERS:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != _PLANE_CORNERS or not all(abs(n) < float("inf") for n in numbers):
        raise _bad_box()
    a, b, c, d = numbers
    if crs.flipped and a <= c:
        found = _across(b, d, a, c, crs)
        return shapely.transform(found, lambda xy: xy[:, ::-1])
    if not crs.flipped and b <= d:
        return _across(a, c, b, d, crs)
    raise _bad_box()


def _bad_box() -> FuliangError:
    return _refused(
        "bbox",
        "应为四个数：第一轴最小、第二轴最小、第一轴最大、第二轴最大，轴序随 bbox-crs",
        "is four numbers, lower corner then upper, in the axis order of bbox-crs",
    )


def _across(west: float, east: float, south: float, north: float, crs: Crs) -> BaseGeometry:
    if west <= east:
        # The envelope, unlike a box, is a line or a point where the box has no extent.
        made: BaseGeometry = MultiPoint([(west, south), (east, north)]).envelope
        step = max(east - west, north - south) / _PARTS
        return made if crs.geographic or step == 0 else shapely.segmentize(made, step)
    if not crs.geographic:
        raise _bad_box()
    return MultiPolygon([box(west, south, 180.0, north), box(-180.0, south, east, north)])


def _at(collection: Collection, given: Mapping[str, str]) -> list[Fragment]:
    if "datetime" not in given:
        return []
    first, last = moments.datetime_parameter(given["datetime"])
    if collection.date is None:
        return []
    column = collection.by_name[collection.date].sql
    # A feature without a date is not excluded by one (OGC 17-069r4, requirement 26).
    sql = f"({column} is null or {column} between %(first)s::date and %(last)s::date)"
    return [Fragment(sql, {"first": first, "last": last})]


def _filtered(collection: Collection, given: Mapping[str, str]) -> list[Fragment]:
    crs = find(given.get("filter-crs"), "filter-crs")
    if "filter" not in given:
        return []
    tree = cql2.read(given["filter"], given.get("filter-lang", "cql2-text"))
    return [filters.condition(tree, collection, crs)]
