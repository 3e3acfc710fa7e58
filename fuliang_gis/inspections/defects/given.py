"""What people give when they enter, assign or mend a problem, and what must be right (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.norms import norms

#: Longest title, and longest other text [characters].
TITLE_LENGTH = 200
TEXT_LENGTH = 2000
#: Most measures of one problem.
MOST_MEASURES = 100
#: Costs beyond this are slips of the finger [yuan].
MOST_YUAN = Decimal(10_000_000_000)


@dataclass(frozen=True)
class MeasureGiven:
    """One measure (整改措施); ``ordinal`` names the one it changes, None adds one."""

    text: str
    responsible_unit: str | None = None
    due_on: date | None = None
    ordinal: int | None = None


@dataclass(frozen=True)
class Given:
    """A problem as somebody enters it; its place is a location, or else a division alone.

    ``source`` is ``manual``, ``supervision`` or ``report``; a supervision ledger needs the aspect.
    """

    title: str
    category: str
    severity: str
    description: str | None = None
    location_id: int | None = None
    layer: str | None = None
    code: str | None = None
    division_code: str | None = None
    aspect: str | None = None
    source: str = "manual"
    lead_unit: str | None = None
    responsible_unit: str | None = None
    owner_name: str | None = None
    due_on: date | None = None
    found_by_name: str | None = None
    measures: Sequence[MeasureGiven] = ()


@dataclass(frozen=True)
class Assignment:
    """Who mends a problem by when, and how; None leaves a value, or the measures, as they are.

    ``owner`` is the user name of an account, ``owner_name`` a post without one. ``measures``, when
    given, are all that are still to be done: open ones left out are removed.
    """

    owner: str | None = None
    owner_name: str | None = None
    responsible_unit: str | None = None
    lead_unit: str | None = None
    due_on: date | None = None
    measures: Sequence[MeasureGiven] | None = None
    note: str | None = None


@dataclass(frozen=True)
class Changed:
    """What may be set right about a problem before it is fixed; None leaves a value as it is."""

    title: str | None = None
    description: str | None = None
    category: str | None = None
    severity: str | None = None
    aspect: str | None = None
    due_on: date | None = None


@dataclass(frozen=True)
class Feedback:
    """How one measure was carried out; ``cost_yuan`` is what it cost [yuan]."""

    text: str
    cost_yuan: Decimal | None = None


def check_given(given: Given) -> None:
    """Refuse a problem that lacks something or names what there is not.

    Raises:
        Invalid: With one problem a fault.
    """
    _refuse(
        [
            *_text("title", "问题标题", given.title, most=TITLE_LENGTH, required=True),
            *_text("description", "问题详情", given.description),
            *_choice("category", "问题类型", given.category, norms().categories),
            *_choice("severity", "严重程度", given.severity, norms().severities),
            *_choice("source", "来源", given.source, ("manual", "supervision", "report")),
            *_aspect(given),
            *_units(given.lead_unit, given.responsible_unit, given.owner_name),
            *_measures(given.measures),
        ]
    )


def check_assignment(given: Assignment) -> None:
    """Refuse an assignment with empty, overlong or too many texts.

    Raises:
        Invalid: With one problem a fault.
    """
    none = given.measures is not None and not given.measures
    _refuse(
        [
            *_units(given.lead_unit, given.responsible_unit, given.owner_name),
            *_text("note", "交办意见", given.note),
            *_measures(given.measures or ()),
            *([_required("measures", "整改措施")] if none else []),
        ]
    )


def check_changed(given: Changed) -> None:
    """Refuse values that a problem cannot have.

    Raises:
        Invalid: With one problem a fault.
    """
    known = norms()
    faults = list(_text("description", "问题详情", given.description))
    if given.title is not None:
        faults += _text("title", "问题标题", given.title, most=TITLE_LENGTH, required=True)
    for name, label, value, choices in (
        ("category", "问题类型", given.category, known.categories),
        ("severity", "严重程度", given.severity, known.severities),
        ("aspect", "方面", given.aspect, known.aspects),
    ):
        if value is not None:
            faults += _choice(name, label, value, choices)
    _refuse(faults)


def check_feedback(given: Feedback) -> None:
    """Refuse feedback without words, or a cost that cannot be.

    Raises:
        Invalid: With one problem a fault.
    """
    faults = list(_text("text", "整改情况", given.text, required=True))
    cost = given.cost_yuan
    if cost is not None and not (cost.is_finite() and 0 <= cost <= MOST_YUAN):
        zh = "整改费用应为不小于 0 的金额（元）。"
        faults.append(Problem("out_of_range", zh, "Cost: give an amount in yuan.", "cost_yuan"))
    _refuse(faults)


def check_words(name: str, label: str, words: str | None, *, required: bool) -> None:
    """Refuse a text that is missing where it is needed, or too long.

    Raises:
        Invalid: It is.
    """
    _refuse(_text(name, label, words, required=required))


def _refuse(faults: Sequence[Problem] | Iterator[Problem]) -> None:
    if found := list(faults):
        raise Invalid(found)


def _text(
    name: str, label: str, value: str | None, *, most: int = TEXT_LENGTH, required: bool = False
) -> Iterator[Problem]:
    if required and not (value or "").strip():
        yield _required(name, label)
    elif value is not None and len(value) > most:
        zh = f"“{label}”最多 {most} 字。"
        yield Problem("too_long", zh, f"'{name}' takes {most} characters at most.", name)


def _required(name: str, label: str) -> Problem:
    return Problem("required", f"请填写{label}。", f"'{name}' is required.", name)


def _choice(name: str, label: str, value: str, known: object) -> Iterator[Problem]:
    if value not in known:  # type: ignore[operator]
        zh = f"“{label}”没有“{value}”这一项，请从列表中选择。"
        yield Problem("unknown_choice", zh, f"'{value}' is no choice of '{name}'.", name)


def _aspect(given: Given) -> Iterator[Problem]:
    if given.source == "supervision" and not given.aspect:
        yield _required("aspect", "方面")
    if given.aspect:
        yield from _choice("aspect", "方面", given.aspect, norms().aspects)


def _units(
    lead_unit: str | None, responsible_unit: str | None, owner_name: str | None
) -> Iterator[Problem]:
    yield from _text("lead_unit", "牵头单位", lead_unit, most=TITLE_LENGTH)
    yield from _text("responsible_unit", "责任单位", responsible_unit, most=TITLE_LENGTH)
    yield from _text("owner_name", "整改责任人", owner_name, most=TITLE_LENGTH)


def _measures(given: Sequence[MeasureGiven]) -> Iterator[Problem]:
    if len(given) > MOST_MEASURES:
        zh = f"一个问题最多 {MOST_MEASURES} 条整改措施。"
        yield Problem("too_many", zh, f"At most {MOST_MEASURES} measures.", "measures")
    for each in given:
        yield from _text("measures", "整改措施", each.text, required=True)
        yield from _text("measures", "责任单位", each.responsible_unit, most=TITLE_LENGTH)
