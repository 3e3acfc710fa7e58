"""CQL2 trees as SQL: only declared properties become columns, every literal becomes a parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar

from fuliang_gis.db.fragments import Fragment
from fuliang_gis.ogc import cql2, moments
from fuliang_gis.ogc.collections import GEOMETRY, Collection
from fuliang_gis.ogc.cql2 import Node, refuse
from fuliang_gis.ogc.crs import Crs
from fuliang_gis.ogc.moments import Moment

Kind = Literal["text", "number", "boolean", "date", "timestamp", "texts", "geometry", "null"]

_KINDS: Mapping[str, Kind] = {"choice": "text", "integer": "number", "decimal": "number",
                              "choices": "texts", "text": "text", "boolean": "boolean",
                              "date": "date", "timestamp": "timestamp"}  # fmt: skip
_CASTS: Mapping[Kind, str] = {"text": "text", "number": "numeric", "boolean": "boolean"}
_NAMES: Mapping[Kind, tuple[str, str]] = {
    "text": ("文字", "text"),
    "number": ("数字", "number"),
    "boolean": ("是否", "boolean"),
    "date": ("日期", "date"),
    "timestamp": ("时间", "timestamp"),
    "texts": ("多选", "list of texts"),
    "geometry": ("几何", "geometry"),
    "null": ("空值", "null"),
}
_COMPARISONS = frozenset({"=", "<>", "<", ">", "<=", ">="})
_ARITHMETIC: Mapping[str, str] = {
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} * {1})",
    "/": "({0} / nullif({1}, 0))",
    "div": "div({0}, nullif({1}, 0))",
    # In floating point: an exact power could keep the database busy for minutes.
    "^": "power({0}::float8, {1}::float8)::numeric",
    "%": "mod({0}, nullif({1}, 0))",
}
_SPATIAL: Mapping[str, str] = {
    "s_intersects": "ST_Intersects",
    "s_within": "ST_Within",
    "s_contains": "ST_Contains",
    "s_disjoint": "ST_Disjoint",
    "s_equals": "ST_Equals",
    "s_touches": "ST_Touches",
    "s_crosses": "ST_Crosses",
    "s_overlaps": "ST_Overlaps",
}
_ARRAYS: Mapping[str, str] = {
    "a_equals": "({0} @> {1} and {0} <@ {1})",
    "a_contains": "({0} @> {1})",
    "a_containedby": "({0} <@ {1})",
    "a_overlaps": "({0} && {1})",
}
_ORDERED: frozenset[Kind] = frozenset({"text", "number", "date", "timestamp"})
_BINARY = 2
_TERNARY = 3

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Operand:
    """A scalar in SQL and what it is; ``constant`` when it stood as a literal."""

    sql: str
    kind: Kind
    constant: bool = False


def condition(tree: Node, collection: Collection, crs: Crs, prefix: str = "f") -> Fragment:
    """Return the condition that a CQL2 tree stands for.

    Args:
        tree: As ``cql2.read`` gives it.
        collection: Whose properties it may speak of.
        crs: System of the literals' coordinates.
        prefix: Begins the parameters' names, so that two filters can be joined.

    Raises:
        FilterRefused: An unknown property or function, or a comparison of unlike things.
    """
    writer = _Writer(collection, crs, prefix)
    return Fragment(f"({writer.predicate(tree)})", writer.params)


@dataclass
class _Writer:
    collection: Collection
    crs: Crs
    prefix: str
    params: dict[str, object] = field(default_factory=dict)

    def bind(self, value: object, cast: str) -> str:
        """Bind one value; the cast makes its type the same wherever it stands."""
        name = f"{self.prefix}{len(self.params)}"
        self.params[name] = value
        return f"%({name})s::{cast}"

    # --- conditions ---

    def predicate(self, node: Node) -> str:
        if isinstance(node, bool):
            return "true" if node else "false"
        if not isinstance(node, Mapping) or "op" not in node:
            operand = self.scalar(node)
            return self._expect(operand, "boolean").sql
        name, arguments = _operation(node)
        write = self._predicates(name)
        if write is None:
            refuse(f"不支持的运算“{name}”", f"'{name}' is not supported")
        return write(name, arguments)

    def _predicates(self, name: str) -> Callable[[str, list[Node]], str] | None:
        if name in ("and", "or"):
            return self._logical
        if name in _COMPARISONS:
            return self._comparison
        families: tuple[tuple[object, Callable[[str, list[Node]], str]], ...] = (
            (_SPATIAL, self._spatial),
            (moments.RELATIONS, self._temporal),
            (_ARRAYS, self._array),
        )
        for names, write in families:
            if name in names:  # type: ignore[operator]
                return write
        singles = {"not": self._not, "isNull": self._is_null, "like": self._like,
                   "between": self._between, "in": self._in}  # fmt: skip
        return singles.get(name)

    def _logical(self, name: str, arguments: list[Node]) -> str:
        _count(name, arguments, at_least=1)
        return "(" + f" {name} ".join(map(self.predicate, arguments)) + ")"

    def _not(self, name: str, arguments: list[Node]) -> str:
        (below,) = _count(name, arguments, exactly=1)
        return f"(not {self.predicate(below)})"

    def _is_null(self, name: str, arguments: list[Node]) -> str:
        (below,) = _count(name, arguments, exactly=1)
        if _names_geometry(below):
            return f"({self.collection.geometry} is null)"
        return f"({self.scalar(below).sql} is null)"

    def _comparison(self, name: str, arguments: list[Node]) -> str:
        left, right = self._alike(*_count(name, arguments, exactly=_BINARY))
        if name not in ("=", "<>") and left.kind not in _ORDERED:
            zh, en = _NAMES[left.kind]
            refuse(f"{zh}不能比较大小", f"a {en} has no order")
        return f"({left.sql} {name} {right.sql})"

    def _like(self, name: str, arguments: list[Node]) -> str:
        value, pattern = map(self.scalar, _count(name, arguments, exactly=_BINARY))
        if not pattern.constant:
            refuse("like 的右侧应为文字", "the pattern of 'like' is a literal")
        return f"({self._expect(value, 'text').sql} like {self._expect(pattern, 'text').sql})"

    def _between(self, name: str, arguments: list[Node]) -> str:
        value, low, high = _count(name, arguments, exactly=_TERNARY)
        return (
            f"({self._comparison('>=', [value, low])} and {self._comparison('<=', [value, high])})"
        )

    def _in(self, name: str, arguments: list[Node]) -> str:
        value, listed = _count(name, arguments, exactly=_BINARY)
        if not isinstance(listed, list) or not listed:
            refuse("in 需要一列取值", "'in' takes a list of values")
        return "(" + " or ".join(self._comparison("=", [value, each]) for each in listed) + ")"

    def _spatial(self, name: str, arguments: list[Node]) -> str:
        left, right = map(self._geometry, _count(name, arguments, exactly=_BINARY))
        return f"{_SPATIAL[name]}({left}, {right})"

    def _geometry(self, node: Node) -> str:
        if _names_geometry(node):
            return self.collection.geometry
        if not isinstance(node, Mapping) or not ({"type", "bbox"} & node.keys()):
            refuse("空间条件需要 geom 和一个几何", "a spatial function takes geom and a geometry")
        stored = self.crs.to_stored(cql2.geometry(node))
        return f"ST_GeomFromWKB({self.bind(stored.wkb, 'bytea')}, 4490)"

    def _temporal(self, name: str, arguments: list[Node]) -> str:
        given = _count(name, arguments, exactly=_BINARY)
        dates = any(self._property_kind(node) == "date" for node in given)
        left, right = (self._moment(node, dates=dates) for node in given)
        return "(" + moments.relation(name, left, right) + ")"

    def _property_kind(self, node: Node) -> Kind | None:
        named = isinstance(node, Mapping) and "property" in node
        return self.scalar(node).kind if named else None

    def _moment(self, node: Node, *, dates: bool) -> Moment:
        if isinstance(node, Mapping) and "property" in node:
            operand = self.scalar(node)
            if operand.kind not in ("date", "timestamp"):
                refuse("时间条件需要日期或时间", "a temporal function takes dates or timestamps")
            return Moment(operand.sql, operand.sql)
        start, end = moments.literal(node, dates=dates)
        cast = "date" if dates else "timestamptz"
        return Moment(self.bind(start, cast), self.bind(end, cast))

    def _array(self, name: str, arguments: list[Node]) -> str:
        left, right = map(self._texts, _count(name, arguments, exactly=_BINARY))
        return _ARRAYS[name].format(left, right)

    def _texts(self, node: Node) -> str:
        if isinstance(node, list):
            if not all(isinstance(each, str) for each in node):
                refuse("列表中应全为文字", "a list holds texts only")
            return self.bind(node, "text[]")
        return self._expect(self.scalar(node), "texts").sql

    # --- scalars ---

    def scalar(self, node: Node) -> Operand:
        if isinstance(node, bool):
            return Operand(self.bind(node, "boolean"), "boolean", constant=True)
        if isinstance(node, (int, float)):
            if not math.isfinite(node):
                refuse("数字超出范围", "a number is out of range")
            return Operand(self.bind(Decimal(str(node)), "numeric"), "number", constant=True)
        if isinstance(node, str):
            if "\0" in node:
                refuse("文字含有不可用的字符", "a text has a character that cannot be used")
            return Operand(self.bind(node, "text"), "text", constant=True)
        return self._structured(node if isinstance(node, Mapping) else {})

    def _structured(self, node: Mapping[str, Node]) -> Operand:
        if "property" in node:
            return self._property(str(node["property"]))
        for kind, cast in (("date", "date"), ("timestamp", "timestamptz")):
            if kind in node:
                text = moments.instant(node[kind], dates=kind == "date")
                return Operand(self.bind(text, cast), kind, constant=True)  # type: ignore[arg-type]
        if "op" not in node:
            refuse("出现了无法识别的部分", "a part of it cannot be read")
        return self._function(*_operation(node))

    def _property(self, name: str) -> Operand:
        found = self.collection.by_name.get(name)
        if found is None:
            offered = ", ".join((GEOMETRY, *self.collection.by_name))
            refuse(
                f"没有字段“{name}”，可用：{offered}", f"no property '{name}'; there are {offered}"
            )
        kind = _KINDS[found.type]
        return Operand(f"{found.sql}::numeric" if kind == "number" else found.sql, kind)

    def _function(self, name: str, arguments: list[Node]) -> Operand:
        if name == "casei":
            (below,) = _count(name, arguments, exactly=1)
            operand = self._expect(self.scalar(below), "text")
            return Operand(f"lower({operand.sql})", "text", operand.constant)
        if name in _ARITHMETIC:
            given = _count(name, arguments, exactly=_BINARY)
            left, right = (self._expect(self.scalar(each), "number") for each in given)
            return Operand(_ARITHMETIC[name].format(left.sql, right.sql), "number")
        return Operand(self.predicate({"op": name, "args": arguments}), "boolean")

    def _alike(self, first: Node, second: Node) -> tuple[Operand, Operand]:
        """Read two sides that are of one kind; a text beside a date is read as a date."""
        left, right = self.scalar(first), self.scalar(second)
        for one, other, node in ((left, right, second), (right, left, first)):
            if one.kind in ("date", "timestamp") and other.kind == "text" and other.constant:
                dated = self.scalar({one.kind: node})
                return (left, dated) if one is left else (dated, right)
        times = {"date", "timestamp"}
        if left.kind != right.kind and not {left.kind, right.kind} <= times:
            one_zh, one_en = _NAMES[left.kind]
            zh, en = _NAMES[right.kind]
            refuse(f"{one_zh}不能与{zh}比较", f"a {one_en} cannot be compared with a {en}")
        return left, right

    @staticmethod
    def _expect(operand: Operand, kind: Kind) -> Operand:
        if operand.kind != kind:
            zh, en = _NAMES[kind]
            refuse(f"此处应为{zh}，而非{_NAMES[operand.kind][0]}",
                   f"a {en} belongs here, not a {_NAMES[operand.kind][1]}")  # fmt: skip
        return operand


def _operation(node: Mapping[str, Node]) -> tuple[str, list[Node]]:
    name, arguments = node["op"], node.get("args")
    if not isinstance(name, str) or not isinstance(arguments, list):
        refuse("每个运算需要 op 和 args", "each operation needs 'op' and 'args'")
    return name, arguments


def _count(
    name: str, arguments: list[_Value], *, exactly: int | None = None, at_least: int = 0
) -> list[_Value]:
    if len(arguments) < at_least or (exactly is not None and len(arguments) != exactly):
        number = exactly or at_least
        refuse(f"“{name}”需要 {number} 个参数", f"'{name}' takes {number} argument(s)")
    return arguments


def _names_geometry(node: Node) -> bool:
    return isinstance(node, Mapping) and node.get("property") == GEOMETRY
