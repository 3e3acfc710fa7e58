"""Which fields of a county's road layer tell what, and how their values are read."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from fuliang_gis.errors import ImportRefused, Invalid, Problem
from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.norms import RoadNorms

#: Under which names offices deliver a field; compared without regard to case.
USUAL = {
    "name": ("name", "名称", "道路名称", "路线名称", "lxmc", "dlmc", "路名"),
    "road_class": (
        *("class", "等级", "道路等级", "行政等级", "路线等级", "lxdj", "xzdj"),
        *("路线编码", "lxbm"),
    ),
    "speed": ("speed", "车速", "速度", "时速", "限速", "xs"),
    "oneway": ("oneway", "单行", "单行线", "单向", "dxx"),
    "surface": ("surface", "路面", "路面类型", "面层类型", "lmlx", "mclx"),
}  # fmt: skip
LABELS = {
    "name": "名称",
    "road_class": "等级",
    "speed": "车速",
    "oneway": "单行",
    "surface": "路面",
}
_FORWARD = frozenset({"是", "单行", "单向", "顺向", "1", "y", "yes", "t", "true"})
_BACKWARD = frozenset({"反向", "逆向", "-1", "reverse"})
#: A road's number, whose first letter tells its class: G206, X105360222.
_NUMBERED = re.compile(r"[gsxycz]\d+\w*")
#: How many unknown values are listed.
_LISTED = 12


@dataclass(frozen=True)
class Fields:
    """The layer's field for each thing that we keep, None: it has none."""

    name: str | None = None
    road_class: str | None = None
    speed: str | None = None
    oneway: str | None = None
    surface: str | None = None
    #: Further words for classes, in lower case.
    classes: Mapping[str, str] = field(default_factory=dict)


def read_mapping(path: Path) -> Fields:
    """Read a mapping file: TOML with ``[fields]`` and, for other words, ``[classes]``.

    Raises:
        ImportRefused: It cannot be read, or names something that we do not keep.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        reason = f"不是可读的 TOML（{error}）。格式见 docs/how-to/roads.md。"
        raise ImportRefused(file=path.name, reason=reason) from error
    named = {
        ("road_class" if k == "class" else k): str(v) for k, v in raw.get("fields", {}).items()
    }
    words = {str(k).strip().lower(): str(v) for k, v in raw.get("classes", {}).items()}
    known = {each.name for each in fields(Fields)} - {"classes"}
    if unknown := [*(named.keys() - known), *(raw.keys() - {"fields", "classes"})]:
        reason = f"不认识“{'、'.join(sorted(unknown))}”；可用 name、class、speed、oneway、surface。"
        raise ImportRefused(file=path.name, reason=reason)
    if wrong := set(words.values()) - ROAD_CLASSES.keys():
        told = "、".join(f"{key}（{zh}）" for key, zh in ROAD_CLASSES.items())
        reason = f"没有道路等级“{'、'.join(sorted(wrong))}”；可用 {told}。"
        raise ImportRefused(file=path.name, reason=reason)
    return Fields(**named, classes=words)


def found_fields(asked: Fields, columns: Sequence[str]) -> Fields:
    """Return the fields to read: those asked for, and usual names for the rest.

    Raises:
        Invalid: A field that was asked for is not there, or nothing tells the class.
    """
    by_name = {column.lower(): column for column in reversed(columns)}
    chosen: dict[str, str | None] = {}
    problems = []
    for key, usual in USUAL.items():
        wanted = getattr(asked, key)
        if wanted is not None and wanted.lower() not in by_name:
            problems.append(_missing(f"没有字段“{wanted}”（{LABELS[key]}）", key, columns))
        names = usual if wanted is None else (wanted.lower(),)
        chosen[key] = next((by_name[name] for name in names if name in by_name), None)
    if chosen["road_class"] is None and not problems:
        told = "看不出哪个字段是道路等级，请用 --class 指明"
        problems.append(_missing(told, "road_class", columns))
    if problems:
        raise Invalid(problems)
    return Fields(**chosen, classes=asked.classes)


def _missing(told: str, key: str, columns: Sequence[str]) -> Problem:
    there = "、".join(columns) or "（没有任何字段）"
    zh = f"{told}。文件中的字段有：{there}。"
    return Problem("missing_field", zh, f"No field for {key}; there are: {there}.", key)


def classes_of(values: Sequence[object], words: Mapping[str, str], norms: RoadNorms) -> list[str]:
    """Return the class of each value; an empty one is a village road.

    Raises:
        Invalid: Some values are no class that we know; all of them are listed with their count.
    """
    known = {**norms.class_names, **words}
    found = [_class(text_of(value).lower(), known) for value in values]
    unknown = Counter(
        text_of(value) for value, one in zip(values, found, strict=True) if one is None
    )
    if unknown:
        listed = unknown.most_common(_LISTED)
        raise Invalid([_unknown(value, count) for value, count in listed])
    return [each or "unclassified" for each in found]


def _class(text: str, known: Mapping[str, str]) -> str | None:
    if not text:
        return "unclassified"
    if text in known:
        return known[text]
    return known.get(text[0]) if _NUMBERED.fullmatch(text) else None


def _unknown(value: str, count: int) -> Problem:
    zh = f"道路等级“{value}”（{count} 条）不认识。请在字段对应文件的 [classes] 中写明它是哪一级。"
    return Problem("unknown_class", zh, f"Unknown road class '{value}' ({count}).", "road_class")


def speed_of(value: object, road_class: str, norms: RoadNorms) -> float | None:
    """Return a stated speed [km/h], else the class's usual one; None for what cannot be read."""
    text = text_of(value).lower().removesuffix("km/h").removesuffix("公里/小时").strip()
    if not text or text in ("0", "0.0"):
        return norms.class_speed[road_class]
    try:
        number = float(text)
    except ValueError:
        return None
    return norms.bounded(number) if 0 < number <= 200 else None


def direction_of(value: object) -> int:
    """Return 1 for one-way as drawn, -1 against it, 0 for both ways.

    >>> [direction_of(value) for value in ("单行", 1, 1.0, "反向", "否", None)]
    [1, 1, 1, -1, 0, 0]
    """
    text = text_of(value).lower().removesuffix(".0")
    return 1 if text in _FORWARD else -1 if text in _BACKWARD else 0


def text_of(value: object) -> str:
    """Return a value as text without blanks; nothing for what is missing."""
    missing = value is None or value != value  # NaN, which is how tables tell missing numbers.
    return "" if missing else str(value).strip()
