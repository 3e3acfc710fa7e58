"""The table of projects (近期建设项目表): twelve columns, what may stand in them, sums (pure)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from fuliang_gis.errors import Problem

#: Field and heading of each column, in their order; the first is the row's number.
COLUMNS: Mapping[str, str] = {
    "ordinal": "序号",
    "kind": "项目类型",
    "name": "项目名称",
    "place": "空间位置",
    "land_m2": "用地面积",
    "floor_m2": "建筑面积",
    "funds": "资金规模",
    "source": "筹措方式",
    "responsible": "责任主体",
    "cooperating": "协作部门",
    "manner": "建设方式",
    "remark": "备注",
}
#: What is printed above the columns with a unit.
UNITS: Mapping[str, str] = {"land_m2": "平方米", "floor_m2": "平方米", "funds": "万元"}
NUMBERS = ("land_m2", "floor_m2", "funds")
#: Offered as kinds; others may be typed.
KINDS = ("基础设施", "公共服务", "环境整治", "产业发展", "生态修复", "国土整治", "安全防灾", "住房")
#: Offered as manners of building.
MANNERS = ("新建", "改建", "扩建", "修缮", "拆除")

MOST_PROJECTS = 500
LONGEST, LONGEST_REMARK = 200, 1000
#: Largest area or sum that the table holds.
LARGEST = Decimal("9999999999.99")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class ProjectGiven:
    """A row as somebody fills it in; areas [m²], funds [万元]; ``parcel`` is a parcel's id."""

    kind: str = ""
    name: str = ""
    place: str = ""
    land_m2: Decimal | None = None
    floor_m2: Decimal | None = None
    funds: Decimal | None = None
    source: str = ""
    responsible: str = ""
    cooperating: str = ""
    manner: str = ""
    remark: str = ""
    parcel: str | None = None
    facility_id: int | None = None
    location_id: int | None = None


@dataclass(frozen=True)
class Totals:
    """Sums of a table: areas [m²], funds [万元]."""

    projects: int
    land_m2: Decimal
    floor_m2: Decimal
    funds: Decimal


def plain(text: str) -> str:
    """Return a text with full-width digits and signs as plain ones, without white space around.

    >>> plain("　１２，３４５．６　")
    '12,345.6'
    """
    return unicodedata.normalize("NFKC", text).strip()


def number_of(text: str) -> Decimal | None:
    """Read a number as a township types it; None from nothing.

    Raises:
        ValueError: It is none.

    >>> number_of("１,２００．５"), number_of("—"), number_of("")
    (Decimal('1200.5'), None, None)
    """
    typed = plain(text).replace(",", "").replace(" ", "")
    if typed in ("", "-", "—", "--", "——", "/", "无"):
        return None
    try:
        found = Decimal(typed)
    except InvalidOperation as error:
        raise ValueError(text) from error
    if not found.is_finite():
        raise ValueError(text)
    return found


def project_problems(given: ProjectGiven) -> list[Problem]:
    """Return what is wrong with a row."""
    found = []
    for field in ("kind", "name"):
        if not getattr(given, field).strip():
            zh = f"请填写{COLUMNS[field]}。"
            found.append(Problem("required", zh, "It is required.", field))
    for field, heading in COLUMNS.items():
        value = getattr(given, field, None)
        longest = LONGEST_REMARK if field == "remark" else LONGEST
        if isinstance(value, str) and len(value) > longest:
            zh = f"{heading}最多 {longest} 字。"
            found.append(Problem("too_long", zh, "The text is too long.", field))
        if isinstance(value, Decimal) and not 0 <= value <= LARGEST:
            zh = f"{heading}应不小于 0，不大于 {LARGEST}。"
            found.append(Problem("out_of_range", zh, "The number cannot be used.", field))
    return found


def rounded(value: Decimal | None) -> Decimal | None:
    """Return a number as the table keeps it, with two decimals."""
    return None if value is None else value.quantize(_CENT)


def totals(rows: Iterable[object]) -> Totals:
    """Sum rows (given or kept ones), to the last digit.

    >>> totals([ProjectGiven(land_m2=Decimal("1.10"), funds=Decimal("2")), ProjectGiven()])
    Totals(projects=2, land_m2=Decimal('1.10'), floor_m2=Decimal('0'), funds=Decimal('2'))
    """
    kept = list(rows)
    sums = {
        name: sum((getattr(row, name) or Decimal() for row in kept), Decimal()) for name in NUMBERS
    }
    return Totals(len(kept), **sums)
