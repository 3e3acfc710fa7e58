"""The numbers of a thematic map as a table: rows for the page, CSV and XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import openpyxl

from fuliang_gis.cartography.thematic import AreaValue, ThematicMap
from fuliang_gis.cartography.thematic_queries import LEVELS
from fuliang_gis.exchange.tables import safe_rows

#: Orders of the table; a minus turns one round.
SORTS = ("-value", "value", "name", "-name")
INVENTED_NOTE = "演示数据：点位、数值和界线均为虚构，不得用于实际工作。"
REAL, INVENTED = "实际", "演示（虚构）"

Cell = str | float | None


def in_order(areas: Sequence[AreaValue], sort: str) -> list[AreaValue]:
    """Return the areas in an order; those without data always come last."""
    if sort.endswith("name"):
        return sorted(areas, key=lambda area: area.code, reverse=sort.startswith("-"))
    turned = -1 if sort.startswith("-") else 1
    return sorted(
        areas, key=lambda area: (area.value is None, turned * (area.value or 0), area.code)
    )


def headings(shown: ThematicMap) -> list[str]:
    """Return the table's column headings; a ratio's name their numerator and denominator."""
    measure = shown.choice.measure
    parts = [measure.numerator_title, measure.denominator_title] if divided(shown) else []
    value = f"{shown.title}（{measure.unit}）"
    return ["行政区划代码", "乡镇", LEVELS[shown.level], *parts, value, "分级", "数据性质"]


def divided(shown: ThematicMap) -> bool:
    """Tell whether the value is a quotient whose parts are worth showing."""
    return shown.choice.measure.denominator != "none"


def rows(shown: ThematicMap, *, invented: bool) -> list[list[Cell]]:
    """Return the table's rows from the greatest value down."""
    labels = shown.classification.labels
    mark = INVENTED if invented else REAL
    return [
        [
            area.code,
            area.township or area.name,
            area.name,
            *((_rounded(area.numerator), _rounded(area.denominator)) if divided(shown) else ()),
            area.value,
            "无数据" if area.place is None else labels[area.place],
            mark,
        ]
        for area in in_order(shown.areas, "-value")
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def as_csv(shown: ThematicMap, *, invented: bool) -> bytes:
    """Return the table as CSV that Excel opens in Chinese (UTF-8 with a byte order mark)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings(shown))
    writer.writerows(safe_rows(rows(shown, invented=invented)))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(shown: ThematicMap, *, invented: bool) -> bytes:
    """Return the table as a workbook; the first row says where the data is invented."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("专题图数值")
    if invented:
        sheet.append([INVENTED_NOTE])
    sheet.append(headings(shown))
    for row in safe_rows(rows(shown, invented=invented)):
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
