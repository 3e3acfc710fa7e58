"""Reading CQL2 filters: text or JSON in, one checked tree of plain values out (OGC 21-065r2)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import NoReturn

import cql2
from shapely.errors import ShapelyError
from shapely.geometry import box, shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import FilterRefused

#: A tree as JSON holds it.
Node = object

#: Bounds on what one filter may cost us; a person's filter has a few dozen parts.
LONGEST = 20_000
DEEPEST = 24
MOST_PARTS = 1000

_BOX_CORNERS = 4


def refuse(reason: str, reason_en: str) -> NoReturn:
    """Refuse the filter.

    Raises:
        FilterRefused: Always.
    """
    raise FilterRefused(field="filter", reason=reason, reason_en=reason_en)


def read(given: str, language: str) -> Node:
    """Read a filter written in ``cql2-text`` or ``cql2-json``.

    Raises:
        FilterRefused: It is no CQL2, too long, or nested too deep.
    """
    if len(given) > LONGEST:
        refuse(f"超过 {LONGEST} 个字符", f"it is longer than {LONGEST} characters")
    if language not in ("cql2-text", "cql2-json"):
        refuse("filter-lang 应为 cql2-text 或 cql2-json", "filter-lang is cql2-text or cql2-json")
    # The parser walks down the brackets; ours to bound, whatever they hold.
    if max(given.count("("), given.count("[")) > MOST_PARTS:
        refuse("括号过多", "there are too many brackets")
    tree = _parse_text(given) if language == "cql2-text" else _parse_json(given)
    _measure(tree)
    return tree


def _parse_text(given: str) -> Node:
    try:
        tree: Node = cql2.parse_text(given).to_json()
    except cql2.ParseError as error:
        place = str(error).partition("= expected")[0].strip().splitlines()
        where = place[0].removeprefix("--> ") if place else "1:1"
        refuse(f"{where} 处语法有误", f"syntax error at {where} (line:column)")
    except (cql2.ValidationError, RecursionError, ValueError) as error:
        refuse("不是 CQL2 文本", f"it is no CQL2 text ({type(error).__name__})")
    return tree


def _parse_json(given: str) -> Node:
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        refuse("不是 JSON", "it is no JSON")


def _measure(tree: Node) -> None:
    """Refuse a tree that is too deep or too large, before anything walks it by recursion."""
    parts = 0
    level: list[Node] = [tree]
    for _ in range(DEEPEST):
        parts += len(level)
        level = [below for node in level for below in _below(node)]
        if not level:
            break
    else:
        refuse(f"嵌套超过 {DEEPEST} 层", f"it is nested deeper than {DEEPEST} levels")
    if parts > MOST_PARTS:
        refuse(f"超过 {MOST_PARTS} 个部分", f"it has more than {MOST_PARTS} parts")


def _below(node: Node) -> Sequence[Node]:
    if isinstance(node, Mapping):
        # Coordinates may be many; the length of the filter bounds them.
        return list(node.values()) if "coordinates" not in node else ()
    return node if isinstance(node, list) else ()


def geometry(node: Mapping[str, Node]) -> BaseGeometry:
    """Read a GeoJSON geometry or ``{"bbox": […]}``.

    Raises:
        FilterRefused: It is neither, empty, or invalid.
    """
    try:
        found = _box(node["bbox"]) if "bbox" in node else shape(dict(node))
        usable = found.is_valid and not found.is_empty and all(map(math.isfinite, found.bounds))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, ShapelyError):
        usable, found = False, None
    if not usable or found is None:
        refuse("几何有误（自相交、为空或无法识别）", "a geometry is invalid, empty or unreadable")
    return found


def _box(corners: Node) -> BaseGeometry:
    numbers = [float(n) for n in corners] if isinstance(corners, list) else []
    if len(numbers) != _BOX_CORNERS:
        raise ValueError("a box has four numbers")
    west, south, east, north = numbers
    return box(west, south, east, north)
