"""Checks of given values against the sheet; they yield problems with codes and never raise."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from fuliang_gis.errors import Problem
from fuliang_gis.locations.fields import SHARED_FIELDS
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field

#: Values as columns take them.
Value = str | int | Decimal | date | bool | list[str] | None

_TRUE = {"true", "1", "是", "有", "y", "yes", "√", "on"}
_FALSE = {"false", "0", "否", "无", "n", "no", "×", "off"}
_TEXT_LIMIT = 2000
#: Control characters and lone surrogates: neither has a place in a value, some cannot be stored.
_UNSTORED = {"Cc", "Cs"}
#: Pages beside those of the locations have these names, so no location may.
_RESERVED = {"new", "in-view", "export.csv", "export.xlsx"}
_CODE = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._-]{0,63}")


class _Unreadable(Exception):
    """A value does not read as its field's type; carries the problem's code and texts."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code, self.zh, self.en = code, zh, en


@dataclass(frozen=True)
class Checked:
    """What could be read, and what is wrong."""

    values: dict[str, Value]
    problems: list[Problem]


def writable_fields(layer: Layer) -> tuple[Field, ...]:
    """Return every field that a person may write on the layer, shared ones first."""
    return SHARED_FIELDS + layer.sheet.fields


def check_values(
    layer: Layer, given: Mapping[str, object], *, current: Mapping[str, object] | None
) -> Checked:
    """Read given values by the sheet.

    Args:
        layer: The layer.
        given: Values by field name; texts are read leniently (full-width digits, 是/否, labels).
        current: The record being changed, whose values stand where none is given; None if new.
    """
    fields = {field.name: field for field in writable_fields(layer)}
    values: dict[str, Value] = {}
    problems = [_unknown(name) for name in given if name not in fields]
    for field in fields.values():
        if field.name in given:
            try:
                values[field.name] = read_value(field, given[field.name])
            except _Unreadable as fault:
                problems.append(Problem(fault.code, fault.zh, fault.en, field.name))
    unreadable = {problem.field for problem in problems}
    merged = {**(current or {}), **values}
    for field in fields.values():
        if field.name not in unreadable:
            problems.extend(
                _check_presence(layer, field, merged, is_new=current is None, given=given)
            )
    return Checked(values, problems)


def _unknown(name: str) -> Problem:
    return Problem("unknown_field", f"没有“{name}”这个字段。", f"There is no field '{name}'.", name)


def _check_presence(
    layer: Layer,
    field: Field,
    merged: Mapping[str, object],
    *,
    is_new: bool,
    given: Mapping[str, object],
) -> Iterator[Problem]:
    value = merged.get(field.name)
    if field.required and value in (None, "", []) and (is_new or field.name in given):
        zh, en = f"请填写“{field.label.zh}”。", f"'{field.label.en}' is required."
        yield Problem("required", zh, en, field.name)
    kind_field = layer.sheet.kind_field
    if kind_field and value not in (None, []) and not field.applies_to(merged.get(kind_field)):
        zh = f"“{field.label.zh}”不适用于所选的类型，请清空或更换类型。"
        yield Problem(
            "not_applicable", zh, f"'{field.label.en}' does not apply to this kind.", field.name
        )


def read_value(field: Field, given: object) -> Value:
    """Read one value as its field's type; an empty text reads as nothing."""
    if isinstance(given, str):
        given = given.strip()
    if given is None or given == "":
        return None
    return _READERS[field.type](field, given)


def _normal(given: object) -> str:
    return unicodedata.normalize("NFKC", str(given)).strip()


def _read_text(field: Field, given: object) -> Value:
    if not isinstance(given, (str, int, Decimal)) or isinstance(given, bool):
        raise _Unreadable("not_text", f"“{field.label.zh}”应为文字。", "Text is expected.")
    text = "".join(c for c in str(given) if c in "\n\t" or unicodedata.category(c) not in _UNSTORED)
    if len(text) > _TEXT_LIMIT:
        zh = f"“{field.label.zh}”不能超过 {_TEXT_LIMIT} 字。"
        raise _Unreadable("too_long", zh, f"At most {_TEXT_LIMIT} characters.")
    if field.name == "code" and (not _CODE.fullmatch(text) or text in _RESERVED):
        zh = "编码只能含汉字、字母、数字、点、横线和下划线，最长 64 位。"
        raise _Unreadable(
            "bad_code", zh, "A code holds letters, digits, '.', '-', '_' (64 at most)."
        )
    return text or None


def _number(field: Field, given: object) -> Decimal:
    text = _normal(given).replace(",", "").removesuffix(_normal(field.unit or "\0"))
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(given, bool) or not number.is_finite():
        raise _Unreadable("not_number", f"“{field.label.zh}”应为数字。", "A number is expected.")
    low, high = field.minimum, field.maximum
    if not (low is None or low <= number) or not (high is None or number <= high):
        span = f"{'' if low is None else f'{low:g}'}～{'' if high is None else f'{high:g}'}"
        zh = f"“{field.label.zh}”应在 {span} {field.unit or ''}之间，请核对数值和单位。"
        raise _Unreadable("out_of_range", zh, f"Expected a value within {span} {field.unit or ''}.")
    return number


def _read_integer(field: Field, given: object) -> Value:
    number = _number(field, given)
    if number != number.to_integral_value():
        raise _Unreadable(
            "not_integer", f"“{field.label.zh}”应为整数。", "A whole number is expected."
        )
    return int(number)


def _read_decimal(field: Field, given: object) -> Value:
    return _number(field, given)


def _read_date(field: Field, given: object) -> Value:
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    parts = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", _normal(given).replace(" ", ""))
    with suppress(ValueError):
        if parts:
            return date(*map(int, parts.groups()))
    zh = f"“{field.label.zh}”应为日期，例如 2022-10-31。"
    raise _Unreadable("not_date", zh, "A date such as 2022-10-31 is expected.")


def _read_boolean(field: Field, given: object) -> Value:
    text = _normal(given).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _Unreadable(
        "not_boolean", f"“{field.label.zh}”应为“是”或“否”。", "Yes or no is expected."
    )


def _read_choice(field: Field, given: object) -> str:
    text = _normal(given)
    for choice in field.choices:
        spellings = (choice.value, choice.zh, *choice.headings)
        if text in (_normal(spelling) for spelling in spellings):
            return choice.value
    allowed = "、".join(choice.zh for choice in field.choices)
    zh = f"“{field.label.zh}”没有“{text[:40]}”这个选项，可选：{allowed}。"
    raise _Unreadable("not_a_choice", zh, f"'{text[:40]}' is not one of the choices.")


def _read_choices(field: Field, given: object) -> Value:
    items = given if isinstance(given, list) else re.split(r"[,，、;；]", str(given))
    read = [_read_choice(field, item) for item in items if item not in (None, "")]
    return list(dict.fromkeys(read)) or None


_READERS: dict[str, Callable[[Field, object], Value]] = {
    "text": _read_text,
    "integer": _read_integer,
    "decimal": _read_decimal,
    "date": _read_date,
    "boolean": _read_boolean,
    "choice": _read_choice,
    "choices": _read_choices,
}
