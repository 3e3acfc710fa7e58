"""What the checks find in a scheme: the list, its places on the map, lines against land uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import shapely
from flask import Blueprint, render_template, request
from shapely.geometry import mapping

from fuliang_gis.db.paging import Page
from fuliang_gis.planning.checks import Finding
from fuliang_gis.planning.standing import matrix_at, report_at
from fuliang_gis.planning.tables.line_matrix import LineCell, LineMatrix
from fuliang_gis.web.context import database
from fuliang_gis.web.pages import plans_asked
from fuliang_gis.web.pages.plans_asked import SEVERITIES
from fuliang_gis.web.pages.plans_view import look
from fuliang_gis.web.session import require_actor

PAGE_SIZE = 40
#: Decimals [m] of places told to the map: it marks them, nobody measures them.
_FINE = 2

#: Codes of findings in words; what follows a slash names a goal.
CODE_NAMES = {
    "invalid": "图形错误",
    "unknown_code": "代码未知",
    "other_edition": "代码版本不符",
    "name_mismatch": "登记名称不符",
    "stated_area": "登记面积不符",
    "sliver": "碎图斑",
    "outside": "超出村界",
    "overlap": "图斑重叠",
    "gap": "图斑之间有缝隙",
    "edge_mismatch": "边界不一致",
    "line_inside": "占用管控边界",
    "line_outside": "在管控边界之外",
    "homestead_area": "宅基地超面积",
    "reserve_share": "留白超比例",
    "goal_missed": "目标未达到",
    "goal_base": "目标基期不符",
    "base_missing": "没有基期现状",
    "base_gap": "基期没有覆盖村界",
    "base_outside": "基期超出村界",
}


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/<int:plan_id>/findings")(show_findings)


def show_findings(plan_id: int) -> str:
    """Show what the checks find, worst first, with the matrix of lines against land uses."""
    actor, chosen = require_actor(), plans_asked.findings_asked()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        draft, told = report_at(session, looked.plan, looked.scheme, looked.ordinal)
        matrix = matrix_at(session, looked.plan, looked.scheme, looked.ordinal)
    found = [each for each in told.findings if chosen.takes(each)]
    begin = (chosen.page - 1) * PAGE_SIZE
    page = Page(found[begin : begin + PAGE_SIZE], len(found), chosen.page, PAGE_SIZE)
    return render_template(
        "plans/findings.html",
        looked=looked,
        chosen=chosen,
        page=page,
        begin=begin,
        counts=Counter(each.severity.value for each in told.findings),
        codes=Counter(each.code for each in told.findings),
        articles=sorted({each.article for each in told.findings if each.article}),
        places=_places(page.rows, begin),
        severities=SEVERITIES,
        code_name=code_name,
        matrix=matrix,
        cell=_cell(matrix),
        areas={name: float(each.geom.area) for name, each in draft.parcels.items()},
        uses={name: each.code for name, each in draft.parcels.items()},
        verdicts=VERDICTS,
    )


VERDICTS = {
    "forbidden": "禁止",
    "permit": "须审批或登记例外",
    "kept": "现状保留",
    "free": "不限制",
}


def code_name(code: str) -> str:
    """Return a finding's code in words.

    >>> code_name("overlap"), code_name("goal_missed/cropland"), code_name("other")
    ('图斑重叠', '目标未达到', 'other')
    """
    return CODE_NAMES.get(code.partition("/")[0], code)


def _places(findings: Sequence[Finding], begin: int) -> list[dict[str, object]]:
    """Return where findings are, for the map."""
    return [
        {
            "key": str(begin + i),
            "severity": each.severity.value,
            "zh": each.zh,
            "geometry": mapping(shapely.transform(each.place, lambda at: np.round(at, _FINE))),
        }
        for i, each in enumerate(findings)
        if each.place is not None and not each.place.is_empty
    ]


def _cell(matrix: LineMatrix) -> LineCell | None:
    """Return the cell of the matrix that the address names."""
    line, _, use = request.args.get("cell", "").partition("-")
    return matrix.cell(line, use)
