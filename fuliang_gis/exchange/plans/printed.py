"""Tables of a plan as they are printed: the same rows in the workbook, the text and the sheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from fuliang_gis.exchange.tables import Cell
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import Profile, line_norms
from fuliang_gis.planning.parcels import ControlLine, Draft
from fuliang_gis.planning.tables.apportion import apportion
from fuliang_gis.planning.tables.goals import Reckoned, decimals, reckon
from fuliang_gis.planning.tables.structure import HECTARE_DIGITS, structure
from fuliang_gis.planning.tables.transfers import Transfer, transfers

#: Decimals of square metres in tables.
M2_DIGITS = 2


@dataclass(frozen=True)
class Printed:
    """A table with its title; ``digits`` are the decimals of each column's numbers.

    ``changes`` are the columns that tell a change, whose gains have their sign.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    digits: Sequence[int | None]
    changes: Sequence[int] = ()

    def texts(self) -> list[list[str]]:
        """Return every cell as it is read, numbers with their decimals."""
        return [
            [
                _text(value, digits, signed=at in self.changes)
                for at, (value, digits) in enumerate(zip(row, self.digits, strict=True))
            ]
            for row in self.rows
        ]


def _text(value: Cell, digits: int | None, *, signed: bool) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return figure(value, decimals(value) if digits is None else digits, signed=signed)
    return str(value)


def goals_table(draft: Draft, profile: Profile) -> Printed:
    """Return 规划目标表, with what geometry says beside what is stated."""
    headings = ("指标", "属性", "单位", "基期年", "目标年", "基期核算", "目标核算", "是否达到")
    rows = [_goal(each) for each in reckon(draft, profile)]
    return Printed("规划目标表", headings, rows, (None,) * len(headings))


def _goal(each: Reckoned) -> tuple[Cell, ...]:
    goal = each.goal
    digits = max(HECTARE_DIGITS, decimals(goal.target))
    return (
        goal.zh,
        "约束性" if goal.binding else "预期性",
        goal.unit,
        goal.base,
        goal.target,
        None if each.base is None else round(each.base, digits),
        None if each.target is None else round(each.target, digits),
        f"{each.verdict}；基期数与图形不符" if each.base_differs else each.verdict,
    )


def structure_table(draft: Draft, profile: Profile) -> Printed:
    """Return 国土空间功能结构调整表; without a base year its columns stay empty."""
    known = bool(draft.base)
    rows = [
        (
            f"{'　' * row.depth}{row.zh}",
            row.base.ha if known else None,
            row.base.percent if known else None,
            row.target.ha,
            row.target.percent,
            row.change_ha if known else None,
        )
        for row in structure(draft, profile)
    ]
    headings = (
        "用地类型",
        "基期（公顷）",
        "基期（%）",
        "目标（公顷）",
        "目标（%）",
        "变化（公顷）",
    )
    return Printed("国土空间功能结构调整表", headings, rows, (None, *[HECTARE_DIGITS] * 5), (5,))


def transfer_table(
    draft: Draft, profile: Profile, moved: Sequence[Transfer] | None = None
) -> Printed:
    """Return the gross transfer matrix [m²]: rows are the base year's uses, columns the target's.

    Printed numbers sum to the printed whole, and totals are those of printed numbers.

    Args:
        moved: The plan's ``transfers`` where they are known: they take longest.
    """
    names = {row.key: row.zh for row in structure(draft, profile)}
    moved = transfers(draft, profile) if moved is None else moved
    printed = apportion([each.m2 for each in moved], M2_DIGITS)
    found = {(each.before, each.after): m2 for each, m2 in zip(moved, printed, strict=True)}
    before = [key for key in names if any(key == a for a, _ in found)]
    after = [key for key in names if any(key == b for _, b in found)]
    rows: list[list[Cell]] = [
        [names[a], *[found.get((a, b), 0.0) for b in after], _sum(found.get((a, b)) for b in after)]
        for a in before
    ]
    totals = [_sum(found.get((a, b)) for a in before) for b in after]
    if rows:
        rows.append(["合计", *totals, _sum(totals)])
    headings = ["基期＼目标（平方米）", *[names[b] for b in after], "合计"]
    return Printed("用地流量矩阵", headings, rows, (None, *[M2_DIGITS] * (len(after) + 1)))


def _sum(values: Iterable[float | None]) -> float:
    return round(math.fsum(value or 0.0 for value in values), M2_DIGITS)


def parcels_table(draft: Draft, profile: Profile) -> Printed:
    """Return the list of planned parcels with their measured areas."""
    headings = (
        "序号", "图斑编号", "用地代码", "用地名称", "分类版本", "名称", "面积（平方米）",
        "登记面积（平方米）", "户数", "建设用地",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for number, parcel in enumerate(draft.parcels.values(), 1):
        use = land_uses(parcel.edition).get(parcel.code)
        built = profile.is_construction(parcel.edition, parcel.code)
        rows.append(
            (
                number,
                parcel.id,
                parcel.code,
                use.zh if use else "",
                parcel.edition,
                parcel.name,
                round(float(parcel.geom.area), M2_DIGITS),
                parcel.stated_m2,
                parcel.households,
                "是" if built else "否",
            )
        )
    digits = (None,) * 6 + (M2_DIGITS, M2_DIGITS, None, None)
    return Printed("规划图斑一览表", headings, rows, digits)


def _of(draft: Draft, code: str) -> list[ControlLine]:
    return [line for line in draft.lines.values() if line.code == code]


def lines_table(draft: Draft) -> Printed:
    """Return the control lines by kind: how many, and how much [ha] lies in the village."""
    names = line_norms().names
    rows: list[tuple[Cell, ...]] = []
    for code in sorted({line.code for line in draft.lines.values()}):
        shapes = [line.geom for line in _of(draft, code)]
        sound = [shape for shape in shapes if shape.is_valid]
        union = shapely.union_all(np.array(sound, dtype=object))
        inside = hectares(float(shapely.intersection(union, draft.boundary).area))
        rows.append((code, names.get(code, ""), len(shapes), round(inside, HECTARE_DIGITS)))
    headings = ("代码", "管控边界", "个数", "村域内面积（公顷）")
    return Printed("管控边界", headings, rows, (None, None, None, HECTARE_DIGITS))
