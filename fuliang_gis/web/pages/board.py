"""The compliance board: rates, trends and what is overdue, as map, chart and table."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from flask import Blueprint, Response, make_response, render_template, request

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography.ramps import no_data_colour, ramp
from fuliang_gis.db.session import Database
from fuliang_gis.errors import BadParameter, FuliangError
from fuliang_gis.exchange.tables import CSV_TYPE, XLSX_TYPE, Cell, csv_pieces, write_xlsx
from fuliang_gis.inspections.duties import board as boards
from fuliang_gis.inspections.duties import compliance_queries as queries
from fuliang_gis.inspections.duties.board import BREAKDOWNS, TRENDS, Board, Line
from fuliang_gis.inspections.duties.compliance import (
    AGE_NAMES,
    OUTCOME_NAMES,
    Counts,
    Outcome,
    outcome_of,
)
from fuliang_gis.inspections.duties.compliance_queries import Row
from fuliang_gis.inspections.duties.periods import PeriodKind, label
from fuliang_gis.locations import queries as locations
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.board_asked import PRESETS, Asked, read, usual
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("board", __name__, url_prefix="/inspections/board")

PAGE_SIZE = 25
#: Most rows of a list written to a file; a spreadsheet takes no more.
_MOST_ROWS = 1_000_000
_LEVELS = {"township": "乡镇", "village": "村（社区）"}
#: The rate's classes [%]: upper edge and label; the same on every board, so that colours compare.
RATE_CLASSES = (
    (59.9, "60 以下"),
    (79.9, "60–79.9"),
    (89.9, "80–89.9"),
    (99.9, "90–99.9"),
    (100.0, "100（全部按期）"),
)
_TONES = {"on_time": "ok", "late": "warn", "missed": "bad", "pending": "info", "excused": ""}


@blueprint.get("")
def show() -> Response:
    """Show the board; everything chosen stands in the address."""
    actor = require_actor()
    refusal: FuliangError | None = None
    try:
        asked = read(request.args, actor, clock.today())
    except BadParameter as error:
        note_refusal(error)
        refusal, asked = error, usual(actor, clock.today())
    response = make_response(_rendered(actor, asked, refusal))
    if refusal is not None:
        response.status = str(int(status_of(type(refusal))))
    return response


def _rendered(actor: Actor, asked: Asked, refusal: FuliangError | None) -> str:
    with database().reading() as session:
        found = boards.build(
            session, actor, asked.wanted, by=asked.by, level=asked.level, trend=asked.trend
        )
        number = queries.count_listed(session, actor, asked.listed, asked.listing)
        pages = max(1, -(-number // PAGE_SIZE))
        asked = replace(asked, page=min(asked.page, pages))
        skip = (asked.page - 1) * PAGE_SIZE
        rows = list(
            queries.rows(session, actor, asked.listed, asked.listing, skip=skip, most=PAGE_SIZE)
        )
        townships = queries.division_names(session, actor.scope, "township")
        township = (asked.division or actor.scope)[:9]
        villages = queries.division_names(session, township, "village") if len(township) > 6 else {}
        path = areas.path(session, asked.division) if asked.division else ()
    return render_template(
        "board/show.html",
        asked=asked,
        refusal=refusal,
        board=found,
        figures=document(found, asked),
        lines=boards.in_order(found.lines, asked.sort),
        rows=rows,
        number=number,
        pages=pages,
        path=[division for division in path if division.code.startswith(actor.scope)],
        townships=townships,
        villages=villages,
        presets=PRESETS,
        breakdowns=BREAKDOWNS,
        trends=TRENDS,
        age_names=AGE_NAMES,
        outcome_names={outcome.value: name for outcome, name in OUTCOME_NAMES.items()},
        tones=_TONES,
        labels=boards.labels,
        level_title=_LEVELS[asked.level],
        period_title=period_title,
        outcome_of=outcome_of,
        percent=percent_text,
        legend=legend(found.areas),
        trend_kind=TRENDS[asked.trend],
        parts=share_parts(found.total),
    )


def percent_text(rate: float | None) -> str:
    """Return a rate as people read it.

    >>> percent_text(99.9), percent_text(100.0), percent_text(None)
    ('99.9%', '100%', '—')
    """
    if rate is None:
        return "—"
    return "100%" if rate == 100 else f"{rate:.1f}%"


def period_title(kind: str, start: date) -> str:
    """Return the name of the period that an obligation belongs to."""
    return label(PeriodKind(kind), start)


def share_parts(counts: Counts) -> list[tuple[str, str, int]]:
    """Return the outcomes of what is owed, to be drawn as one bar: key, title, number."""
    shown = (Outcome.ON_TIME, Outcome.LATE, Outcome.MISSED, Outcome.PENDING)
    return [(each.value, OUTCOME_NAMES[each], getattr(counts, each.value)) for each in shown]


def legend(lines: Iterable[Line]) -> list[tuple[str, str, int]]:
    """Return colour, label and number of areas of every class, and of those without a rate."""
    rates = [line.counts.rate for line in lines]
    found, lower = [], -1.0
    for (upper, title), colour in zip(RATE_CLASSES, _colours(), strict=True):
        inside = sum(rate is not None and lower < rate <= upper for rate in rates)
        found.append((colour, title, inside))
        lower = upper
    unknown = sum(rate is None for rate in rates)
    return [*found, (no_data_colour(), "无已到期任务", unknown)] if unknown else found


def _colours() -> Sequence[str]:
    # The pale middle is left out: it would look like no data.
    low, *middle, high = ramp("blue_orange").colours(len(RATE_CLASSES) + 1)[::-1]
    return [low, *middle[:2], middle[-1], high]


def document(found: Board, asked: Asked) -> dict[str, object]:
    """Return what the page's map and charts draw; it is the numbers of the page's tables."""
    classes = zip(RATE_CLASSES, _colours(), strict=True)
    kind = TRENDS[asked.trend]
    return {
        "map": {
            "title": "按期合规率",
            "unit": "%",
            "digits": 1,
            "until": None,
            "years": [],
            "series": {},
            "classes": [{"upper": u, "label": t, "colour": c} for (u, t), c in classes],
            "no_data": no_data_colour(),
            "areas": {a.key: [a.above, a.title, a.counts.rate] for a in found.areas},
            "list": "",
        },
        "level": asked.level,
        "division": asked.division or "",
        "judged": {a.key: [a.counts.on_time, a.counts.judged] for a in found.areas},
        "bars": [
            [line.title, line.counts.rate, line.counts.on_time, line.counts.judged]
            for line in boards.in_order(found.lines, "rate")
        ],
        "trend": [
            [label(kind, start), c.rate, c.done_rate, c.on_time, c.judged]
            for start, c in found.trend
        ],
    }


# --- Files ---

_HEADINGS = (
    ("应巡", "owed"),
    ("已巡", "done"),
    ("其中按期", "on_time"),
    ("其中逾期后补巡", "late"),
    ("逾期未巡", "missed"),
    ("未到期", "pending"),
    ("免检（不计入应巡）", "excused"),
    ("已到期或已完成（分母）", "judged"),
    ("按期合规率%（按期÷已到期或已完成）", "rate"),
    ("最终完成率%（已巡÷已到期或已完成）", "done_rate"),
)
_LIST_HEADINGS = (
    *("编码", "名称", "图层", "乡镇", "村", "资产类别", "巡查事项", "巡查周期", "截止日期"),
    *("计划日期", "完成日期", "结果", "逾期天数", "责任人员", "免检原因"),
)


@blueprint.get("/table.<any(csv, xlsx):kind>")
def table(kind: str) -> Response:
    """Give the breakdown as CSV or XLSX."""
    actor = require_actor()
    asked = read(request.args, actor, clock.today())
    with database().reading() as session:
        found = boards.build(
            session, actor, asked.wanted, by=asked.by, level=asked.level, trend=asked.trend
        )
        invented = locations.has_invented(session)
    headings = ["代码", BREAKDOWNS[asked.by], *(title for title, _ in _HEADINGS)]
    lines = [*boards.in_order(found.lines, asked.sort), Line("", "合计", found.total)]
    rows = [[line.key, line.title, *_figures(line.counts)] for line in lines]
    name = f"巡查合规-{asked.span_title}"
    return _file(kind, name, headings, iter(rows), invented=invented, number=len(rows))


def _figures(counts: Counts) -> list[Cell]:
    return [getattr(counts, name) for _, name in _HEADINGS]


@blueprint.get("/list.<any(csv, xlsx):kind>")
def listing(kind: str) -> Response:
    """Give the list of obligations, all pages of it, as CSV or XLSX."""
    actor = require_actor()
    asked = read(request.args, actor, clock.today())
    with database().reading() as session:
        invented = locations.has_invented(session)
        # Refused here if at all: once rows are on their way it is too late.
        number = queries.count_listed(session, actor, asked.listed, asked.listing)
    rows = _listed_rows(database(), actor, asked)
    name, number = f"巡查任务明细-{asked.span_title}", min(number, _MOST_ROWS)
    return _file(kind, name, _LIST_HEADINGS, rows, invented=invented, number=number)


def _listed_rows(source: Database, actor: Actor, asked: Asked) -> Iterator[Sequence[Cell]]:
    with source.reading() as session:
        found = queries.rows(session, actor, asked.listed, asked.listing, most=_MOST_ROWS)
        names = {column: boards.labels(column) for column in ("layer", "asset_class", "purpose")}
        for row in found:
            yield _list_row(row, names, asked.today)


def _list_row(row: Row, names: dict[str, dict[str, str]], today: date) -> list[Cell]:
    outcome = outcome_of(row.state, row.due_on, row.done_on, today)
    late = ((row.done_on or today) - row.due_on).days if outcome in ("missed", "late") else None
    return [
        row.code,
        row.name,
        names["layer"].get(row.layer, row.layer),
        row.township,
        row.village,
        names["asset_class"].get(row.asset_class, row.asset_class),
        names["purpose"].get(row.purpose, row.purpose),
        period_title(row.period, row.period_start),
        row.due_on,
        row.planned_on,
        row.done_on,
        OUTCOME_NAMES[outcome],
        late,
        row.person,
        row.excuse,
    ]


def _file(
    kind: str,
    name: str,
    headings: Sequence[str],
    rows: Iterator[Sequence[Cell]],
    *,
    invented: bool,
    number: int,
) -> Response:
    full = f"{name.replace(' ', '')}{'-演示' if invented else ''}.{kind}"
    if kind == "csv":
        return named_file(
            csv_pieces(headings, rows, invented=invented), CSV_TYPE, full, rows=number
        )
    written = io.BytesIO()
    write_xlsx(written, name, headings, rows, invented=invented)
    return named_file(written.getvalue(), XLSX_TYPE, full, rows=number)
