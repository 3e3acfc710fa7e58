"""Rows as parcels: codes by edition, survey classes translated, stated areas and names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.notes import NoteCode, refusal
from fuliang_gis.exchange.plans.raw import NAMED_EDITIONS, SURVEY
from fuliang_gis.exchange.plans.rows import Placed, Table
from fuliang_gis.exchange.plans.values import (
    UNIT_NAMES,
    UNITS,
    agrees,
    code,
    number,
    text,
    unit_of,
)
from fuliang_gis.planning.codes import EDITIONS, from_survey, land_uses, survey_classes
from fuliang_gis.planning.parcels import Parcel


def parcels_of(table: Table, found: list[Placed], edition: str | None) -> dict[str, Parcel]:
    """Return the parcels of a layer's rows by id.

    Args:
        edition: What the codes are of, where the rows do not say it themselves.

    Raises:
        Invalid: Nobody says which edition the codes are of.
    """
    unit = _area_unit(table, found)
    if edition == SURVEY:
        _note_translated(table, found)
    return {each.id: _parcel(table, each, _edition(table, each, edition), unit) for each in found}


def _edition(table: Table, each: Placed, edition: str | None) -> str:
    said = text(table.value(each.row, "edition"))
    if said in EDITIONS:
        return said
    if edition is None:
        raise _edition_missing(table)
    return edition


def _edition_missing(table: Table) -> Exception:
    written = {code(table.value(row, "code")).meant for row in table.raw.rows} - {""}
    fits = "、".join(
        f"{_edition_zh(name)}（{sum(c in known for c in written)}/{len(written)} 个代码相符）"
        for name in NAMED_EDITIONS
        for known in [_known(name)]
    )
    field = "base_edition" if table.role is Role.BASE else "edition"
    return refusal(
        "edition_missing",
        f"图层“{table.raw.name}”没有写用地代码是哪一版，同一代码在各版含义不同。"
        f"请选择版本后重新导入：{fits}。",
        f"Layer '{table.raw.name}' does not tell the edition of its codes; choose one of "
        f"{', '.join(NAMED_EDITIONS)}.",
        field,
    )


def _edition_zh(name: str) -> str:
    return "三调地类" if name == SURVEY else f"{name} 年版"


def _known(edition: str) -> Iterable[str]:
    return survey_classes() if edition == SURVEY else land_uses(edition)


def _parcel(table: Table, each: Placed, edition: str, unit: str | None) -> Parcel:
    meant = _code(table, each)
    stated_name: str | None = text(
        table.value(each.row, "stated_name")
        if "stated_name" in table.chosen.columns
        else table.value(each.row, "class_name")
    )
    if edition == SURVEY:
        meant, stated_name = _translated(table, each, meant, stated_name or "")
        edition = EDITIONS[0]
    elif meant and meant not in land_uses(edition):
        table.note(
            NoteCode.UNKNOWN_CODE,
            f"第 {each.row.number} 行（{each.id}）的代码“{meant}”不在 {edition} 年版分类中，"
            "请改选。",
            f"Row {each.row.number} ({each.id}): code '{meant}' is unknown in {edition}.",
            each.row,
            parcel=each.id,
            value=meant,
        )
    return Parcel(
        each.id,
        meant,
        each.geom,
        edition,
        text(table.value(each.row, "name")),
        _stated_m2(table, each, unit),
        stated_name or None,
        _households(table, each),
    )


def _code(table: Table, each: Placed) -> str:
    found = code(table.value(each.row, "code"))
    if not found.meant:
        table.note(
            NoteCode.NO_CODE,
            f"第 {each.row.number} 行（{each.id}）没有用地代码，已导入，请补选。",
            f"Row {each.row.number} ({each.id}) has no code; choose one.",
            each.row,
            parcel=each.id,
        )
    elif found.padded:
        table.note(
            NoteCode.CODE_PADDED,
            f"第 {each.row.number} 行（{each.id}）的代码“{found.written}”按 {found.meant} 导入。",
            f"Row {each.row.number} ({each.id}): '{found.written}' was taken as {found.meant}.",
            each.row,
            parcel=each.id,
            value=found.written,
        )
    return found.meant


def _translated(table: Table, each: Placed, dlbm: str, stated: str) -> tuple[str, str]:
    """Return the code of 2023 for a survey class; empty where a person has to choose."""
    name = survey_classes().get(dlbm, "")
    use = from_survey(dlbm)
    if use is None:
        if dlbm:
            table.note(
                NoteCode.CHOOSE_CODE,
                f"第 {each.row.number} 行（{each.id}）的三调地类 {dlbm} {name or stated}"
                f"{'对应多个用地代码' if name else '不在三调分类中'}，请人工选择。",
                f"Row {each.row.number} ({each.id}): survey class {dlbm} needs a person's choice.",
                each.row,
                parcel=each.id,
                value=dlbm,
            )
        # The survey's digits mean something else in the edition, so they are not kept as a code.
        return "", stated
    # The survey's own name of the class says nothing against the new code.
    kept = "" if stated in (name, use.zh) else stated
    return use.code, kept


def _note_translated(table: Table, found: list[Placed]) -> None:
    """Note each survey class once, with what it became and how often."""
    classes = Counter(
        code(table.value(each.row, "code")).meant
        for each in found
        if text(table.value(each.row, "edition")) not in EDITIONS
    )
    for dlbm, count in sorted(classes.items()):
        use = from_survey(dlbm)
        if use is not None:
            table.note(
                NoteCode.TRANSLATED,
                f"三调地类 {dlbm} {survey_classes()[dlbm]}换成 {use.label}，共 {count} 个。",
                f"Survey class {dlbm} became {use.code}, {count} times.",
                value=f"{dlbm} {use.code}",
            )


def _households(table: Table, each: Placed) -> int:
    given = table.value(each.row, "households")
    if not text(given):
        return 1
    value = number(given)
    if value is None or value < 1 or not value.is_integer():
        _bad_number(table, each, "户数", text(given))
        return 1
    return int(value)


def _stated_m2(table: Table, each: Placed, unit: str | None) -> float | None:
    if "stated_m2" in table.chosen.columns:
        return _read_number(table, each, "stated_m2", "登记面积")
    value = _read_number(table, each, "area", "面积")
    if value is None or unit is None:
        return value
    # What agrees as finely as it is written says nothing more than the geometry does.
    if agrees(table.value(each.row, "area"), each.geom.area, unit):
        return None
    return value * UNITS[unit]


def _read_number(table: Table, each: Placed, field: str, zh: str) -> float | None:
    given = table.value(each.row, field)
    value = number(given)
    if value is None and text(given):
        _bad_number(table, each, zh, text(given))
    return value


def _bad_number(table: Table, each: Placed, zh: str, given: str) -> None:
    table.note(
        NoteCode.BAD_NUMBER,
        f"第 {each.row.number} 行（{each.id}）的{zh}“{given}”不是可用的数字，未采用。",
        f"Row {each.row.number} ({each.id}): '{given}' is no number that can be used.",
        each.row,
        parcel=each.id,
        value=given,
    )


def _area_unit(table: Table, found: list[Placed]) -> str | None:
    """Return the unit of the stated areas; whatever is not square metres is noted."""
    if "area" not in table.chosen.columns or "stated_m2" in table.chosen.columns:
        return None
    stated = [number(table.value(each.row, "area")) or 0.0 for each in found]
    if not any(stated):
        return None
    unit = unit_of(stated, [float(each.geom.area) for each in found])
    column = table.chosen.columns["area"]
    if unit is None:
        table.note(
            NoteCode.AREA_UNIT,
            f"“{column}”一列与图形面积相差过大，看不出单位，按平方米登记，请核对。",
            f"Column '{column}' fits the geometry in no unit; it was taken as m².",
            value="m2",
        )
        return "m2"
    if unit != "m2":
        table.note(
            NoteCode.AREA_UNIT,
            f"“{column}”一列按{UNIT_NAMES[unit]}换算。",
            f"Column '{column}' was taken as {unit}.",
            value=unit,
        )
    return unit
