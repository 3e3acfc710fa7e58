"""How a location's ledger is shown: strips of periods, readings over time, one timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from fuliang_gis.clock import ZONE
from fuliang_gis.inspections.defects import disposal_rules
from fuliang_gis.inspections.defects.rules import ACT_NAMES, STATE_NAMES, Act
from fuliang_gis.inspections.duties.periods import PERIOD_NAMES, PeriodKind, label
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.status.history import Ledger, Owed, Problem, Visited
from fuliang_gis.inspections.status.rules import PHASE_NAMES, Phase
from fuliang_gis.inspections.visits.rules import CONDITIONS
from fuliang_gis.locations.registry import Layer
from fuliang_gis.web.pages.history import ACTIONS, lines_of

#: What the timeline may be narrowed to.
KINDS: Mapping[str, str] = {
    "visit": "巡查",
    "defect": "问题整改",
    "disposal": "资产处置",
    "exception": "免检调整",
    "report": "群众反映",
    "change": "档案变更",
}
#: One sign a phase, so that colour is never the only difference.
PHASE_SIGNS: Mapping[Phase, str] = {
    Phase.DONE: "✓",
    Phase.LATE: "迟",
    Phase.MISSED: "✗",
    Phase.EXCUSED: "免",
    Phase.OPEN: "待",
    Phase.UPCOMING: "·",
}
_REPORT_STATES = {"waiting": "待审核", "accepted": "已受理", "refused": "不予受理"}
_ANSWERS = {"ok": "正常", "fail": "不正常", "na": "不适用"}


@dataclass(frozen=True)
class Cell:
    """One obligation in a strip."""

    label: str
    sign: str
    phase: Phase
    phase_name: str
    owed: Owed


@dataclass(frozen=True)
class Strip:
    """The obligations of one purpose and interval, by year, the newest year first."""

    title: str
    years: Sequence[tuple[int, Sequence[Cell]]]


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    kind: str
    title: str
    lines: Sequence[str] = ()
    tone: str = "info"
    number: str | None = None
    photos: Sequence[str] = ()
    struck: bool = False


def strips(ledger: Ledger) -> list[Strip]:
    """Return one strip for each purpose and interval that was ever owed."""
    ordered = sorted(ledger.owed, key=lambda o: (o.purpose, o.period, o.period_start, o.ordinal))
    found = []
    for (purpose, period), owed in groupby(ordered, key=lambda o: (o.purpose, o.period)):
        cells = [_cell(each) for each in owed]
        years = [
            (year, list(group))
            for year, group in groupby(cells, key=lambda cell: cell.owed.period_start.year)
        ]
        kind = PERIOD_NAMES[PeriodKind(period)][0]
        found.append(Strip(f"{_purpose(purpose)}（{kind}）", years[::-1]))
    return found


def _cell(owed: Owed) -> Cell:
    kind = PeriodKind(owed.period)
    name = label(kind, owed.period_start).partition("年")[2] or "全年"
    if owed.ordinal > 1:
        name = f"{name}·{owed.ordinal}"
    return Cell(name, PHASE_SIGNS[owed.phase], owed.phase, PHASE_NAMES[owed.phase][0], owed)


def _purpose(name: str) -> str:
    found = norms().purposes.get(name)
    return found.zh if found else name


def timeline(layer: Layer, ledger: Ledger, kinds: Iterable[str]) -> list[Entry]:
    """Return what happened, the newest first, of the wanted kinds."""
    makers: Mapping[str, Callable[[], Iterable[Entry]]] = {
        "visit": lambda: map(_visit, ledger.visits),
        "defect": lambda: _problems(ledger.problems),
        "disposal": lambda: _disposals(ledger),
        "exception": lambda: _exceptions(ledger),
        "report": lambda: _reports(ledger),
        "change": lambda: _changes(layer, ledger),
    }
    found = [entry for kind in kinds for entry in makers[kind]()]
    return sorted(found, key=lambda entry: entry.at, reverse=True)


def _visit(visit: Visited) -> Entry:
    wrong = visit.result == "abnormal"
    lines = []
    if failed := [a for a in visit.answers if a.get("answer") == "fail"]:
        lines += [f"{a['zh']}：{_ANSWERS['fail']}" + _noted(a.get("note")) for a in failed]
    elif visit.answers:
        lines.append(f"检查项 {len(visit.answers)} 项，无不正常")
    if visit.readings:
        lines.append("；".join(_reading(each) for each in visit.readings))
    if visit.off_site:
        far = f"，距点位 {visit.distance_m:,.0f} 米" if visit.distance_m is not None else ""
        lines.append(f"不在现场{far}" + _noted(visit.off_site_reason))
    if visit.condition:
        lines.append(f"状况：{_named(CONDITIONS, visit.condition)}")
    lines += [visit.note] if visit.note else []
    if visit.revision > 1:
        lines.append(f"第 {visit.revision} 版" + _noted(visit.revision_reason))
    if visit.superseded_at:
        lines.append(f"已由 {_moment(visit.superseded_at)} 的更正代替")
    title = f"{_purpose(visit.purpose)}：{'发现异常' if wrong else '正常'}（{visit.inspector}）"
    tone = "warn" if wrong else "ok"
    return Entry(
        visit.visited_at,
        "visit",
        title,
        lines,
        tone,
        photos=visit.photos,
        struck=visit.superseded_at is not None,
    )


def _reading(reading: Mapping[str, object]) -> str:
    unit = f" {reading['unit']}" if reading.get("unit") else ""
    return f"{reading['zh']} {reading['value']}{unit}{'（异常）' if reading.get('wrong') else ''}"


def _noted(text: object) -> str:
    return f"（{text}）" if text else ""


def _problems(problems: Sequence[Problem]) -> Iterator[Entry]:
    for each in problems:
        severity = norms().severities[each.severity].zh
        about = [f"{severity}，整改期限 {each.due_on}，{STATE_NAMES[each.state][0]}"]
        about += [text for text in (each.description,) if text]
        about += [f"措施{m.ordinal}：{m.text}" for m in each.measures]
        tone = "bad" if each.severity == "serious" else "warn"
        yield Entry(
            each.found_at, "defect", f"发现问题：{each.title}", about, tone, number=each.number
        )
        for step in each.steps:
            # That it was found is told above, with what is known of it today.
            if step.action == Act.FIND:
                continue
            name = ACT_NAMES[Act(step.action)][0]
            closing = step.action in (Act.CLOSE, Act.VERIFY)
            tone = "ok" if closing else "bad" if step.action == Act.REJECT else "info"
            lines = [step.text] if step.text else []
            title = f"{name}：{each.title}（{step.actor}）"
            yield Entry(step.at, "defect", title, lines, tone, number=each.number)
        if each.closed_at and not any(step.action == Act.CLOSE for step in each.steps):
            lines = [each.closing_note] if each.closing_note else []
            title = f"销号：{each.title}"
            yield Entry(each.closed_at, "defect", title, lines, "ok", number=each.number)


def _disposals(ledger: Ledger) -> Iterator[Entry]:
    for each in ledger.disposals:
        act = disposal_rules.ACT_NAMES[each.act][0] + _noted(each.way)
        lines = [f"原因：{_named(disposal_rules.TRIGGERS, each.trigger)}", each.proposal]
        yield Entry(each.proposed_at, "disposal", f"提出{act}", lines)
        state = disposal_rules.STATE_NAMES[each.state][0]
        if each.decided_at:
            decided = [t for t in (each.approval_no, each.opinion) if t]
            approved = "未批准" if each.state == "refused" else "批准"
            yield Entry(each.decided_at, "disposal", f"{approved}{act}", decided)
        if each.done_on:
            income = [] if each.income_yuan is None else [f"收入 {each.income_yuan:,.2f} 元"]
            lines = [*income, *([each.result] if each.result else [])]
            yield Entry(_start_of(each.done_on), "disposal", f"{act}{state}", lines, "ok")


def _exceptions(ledger: Ledger) -> Iterator[Entry]:
    for each in ledger.exceptions:
        what = "免检"
        if each.period:
            what = f"改为{PERIOD_NAMES[PeriodKind(each.period)][0]} {each.count} 次"
        purpose = _purpose(each.purpose) if each.purpose else "全部巡查"
        lines = [f"{each.valid_from} 至 {each.valid_to}", f"原因：{each.reason}"]
        title = f"{purpose}{what}" + _noted(each.granted_by)
        yield Entry(each.created_at, "exception", title, lines)
        if each.revoked_at:
            yield Entry(each.revoked_at, "exception", f"取消：{purpose}{what}")


def _reports(ledger: Ledger) -> Iterator[Entry]:
    for each in ledger.reports:
        lines = [each.text, *([f"答复：{each.reply}"] if each.reply else [])]
        yield Entry(
            each.received_at, "report", f"群众反映（{_REPORT_STATES[each.state]}）", lines, "warn"
        )


def _changes(layer: Layer, ledger: Ledger) -> Iterator[Entry]:
    for change in ledger.changes:
        lines = [f"{line.label}：{line.before} → {line.after}" for line in lines_of(layer, change)]
        if change.action == "create":
            lines = []
        title = f"{ACTIONS[change.action]}（第 {change.version} 版，{change.actor_name or '系统'}）"
        yield Entry(change.at, "change", title, lines)


def _start_of(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZONE)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def _named(names: Mapping[str, tuple[str, str]], value: str) -> str:
    return names[value][0] if value in names else value
