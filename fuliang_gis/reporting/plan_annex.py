"""The annex of a plan's public participation as DOCX: dates, votes, notice, opinions, answers."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from docx import Document
from docx.document import Document as Text
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.exchange.papers import set_up
from fuliang_gis.exchange.tables import INVENTED_NOTE
from fuliang_gis.planning.models import PLAN_STATE_NAMES
from fuliang_gis.planning.procedure import opinion_queries, queries
from fuliang_gis.planning.procedure.models import PlanAct, PlanOpinion, PlanParticipation
from fuliang_gis.planning.procedure.opinion_rules import STATE_NAMES, VERDICT_NAMES
from fuliang_gis.planning.procedure.participation import KIND_NAMES
from fuliang_gis.planning.procedure.rules import ACT_NAMES, ARTICLE_26
from fuliang_gis.planning.queries import PlanRow

DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#: Acts of one plan: a road of seven steps, gone some times at most.
_MOST_ACTS = 500
#: Sizes of the styles [pt], and the margin at the sides [mm].
_SIZES = {"Normal": 12, "Title": 18, "Heading 1": 15, "Heading 2": 12}
_MARGIN_MM = 24
_KEPT = {"until": "公示至", "number": "批准文号"}


@dataclass(frozen=True)
class Annex:
    """What the annex tells of a plan on a day."""

    plan: PlanRow
    acts: Sequence[PlanAct]
    participation: Sequence[PlanParticipation]
    opinions: Sequence[PlanOpinion]
    printed_on: date


def annex_of(session: Session, row: PlanRow, today: date) -> Annex:
    """Read what the annex of a plan tells."""
    acts = queries.acts(session, row.plan.id, size=_MOST_ACTS).rows
    return Annex(
        row,
        [each.act for each in reversed(acts)],
        [each.row for each in queries.participation(session, row.plan.id)],
        opinion_queries.every(session, row.plan.id),
        today,
    )


def write_annex(annex: Annex) -> bytes:
    """Return the document."""
    document = Document()
    set_up(document, _MARGIN_MM, _SIZES)
    row, plan = annex.plan, annex.plan.plan
    title = document.add_heading(f"{row.township or ''}{row.village}村庄规划公众参与说明", 0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    under = document.add_paragraph(f"《{plan.title}》　{_day(annex.printed_on)}")
    under.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if plan.invented:
        document.add_paragraph(INVENTED_NOTE)
    _procedure(document, annex)
    _votes(document, annex.participation)
    _notice(document, annex)
    _opinions(document, annex.opinions)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _procedure(document: Text, annex: Annex) -> None:
    document.add_heading("一、编制程序", 1)
    state = PLAN_STATE_NAMES[annex.plan.plan.state][0]
    document.add_paragraph(f"截至{_day(annex.printed_on)}，本规划{state}。各环节如下：")
    rows = [
        (str(number), ACT_NAMES[act.kind][0], _day(act.held_on), _told(act))
        for number, act in enumerate(annex.acts, 1)
    ]
    _table(document, ("序号", "环节", "日期", "说明"), rows, "尚未开始办理。")


def _told(act: PlanAct) -> str:
    kept = [f"{zh} {act.detail[name]}" for name, zh in _KEPT.items() if name in act.detail]
    return "；".join([*kept, *([act.note] if act.note else [])]) or "—"


def _votes(document: Text, rows: Sequence[PlanParticipation]) -> None:
    document.add_heading("二、村民参与", 1)
    told = [
        (
            KIND_NAMES[row.kind][0],
            _day(row.held_on),
            row.place or "—",
            _number(row.entitled),
            str(row.attended),
            _vote(row),
            row.summary or "—",
        )
        for row in rows
    ]
    headings = ("方式", "日期", "地点", "应到", "参加", "赞成/反对/弃权", "情况")
    _table(document, headings, told, "没有登记村民参与活动。")


def _vote(row: PlanParticipation) -> str:
    if row.in_favour is None:
        return "—"
    return f"{row.in_favour}/{row.against or 0}/{row.abstained or 0}"


def _notice(document: Text, annex: Annex) -> None:
    document.add_heading("三、公示", 1)
    plan = annex.plan.plan
    if plan.notice_from is None or plan.notice_until is None:
        document.add_paragraph("本规划尚未公示。")
        return
    days = (plan.notice_until - plan.notice_from).days
    verdicts = Counter(each.verdict for each in annex.opinions)
    told = "，".join(f"{zh} {verdicts[key]} 条" for key, (zh, _) in VERDICT_NAMES.items())
    waiting = f"，尚未答复 {verdicts[None]} 条" if verdicts[None] else ""
    document.add_paragraph(
        f"依据{ARTICLE_26}，自{_day(plan.notice_from)}至{_day(plan.notice_until)}公示 {days} 日"
        f"（首日不计入）。共收到意见 {len(annex.opinions)} 条：{told}{waiting}。"
    )


def _opinions(document: Text, opinions: Sequence[PlanOpinion]) -> None:
    document.add_heading("四、意见采纳情况及理由", 1)
    if not opinions:
        document.add_paragraph("没有收到意见。")
    for number, each in enumerate(opinions, 1):
        verdict = VERDICT_NAMES[each.verdict][0] if each.verdict else "尚未答复"
        document.add_heading(f"意见 {number}：{verdict}", 2)
        where = f"，针对图斑 {each.parcel}" if each.parcel else ""
        signed = f"，署名 {each.signed}" if each.signed else "，未署名"
        shown = STATE_NAMES[each.state][0]
        document.add_paragraph(
            f"{_moment(each.received_at)}收到，回执 {each.receipt}{signed}{where}，{shown}。"
        )
        document.add_paragraph(f"意见：{_plain(each.text)}")
        if each.reply is not None and each.replied_at is not None:
            document.add_paragraph(f"答复（{_moment(each.replied_at)}）：{_plain(each.reply)}")


def _table(
    document: Text, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str
) -> None:
    if not rows:
        document.add_paragraph(empty)
        return
    grid = document.add_table(rows=1 + len(rows), cols=len(headings), style="Table Grid")
    # Asking a table for its cells one by one walks it anew each time.
    cells = iter(grid._cells)  # noqa: SLF001
    for at, row in enumerate((headings, *rows)):
        for words in row:
            run = next(cells).paragraphs[0].add_run(_plain(words))
            run.font.size = Pt(10)
            run.bold = at == 0


def _plain(text: str) -> str:
    """Return a text without the signs that no document of Word may hold."""
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())


def _number(number: int | None) -> str:
    return "—" if number is None else str(number)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _moment(at: datetime) -> str:
    return _day(at.astimezone(clock.ZONE).date())
