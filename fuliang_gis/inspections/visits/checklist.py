"""The questions and readings of a visit held against what is asked (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fuliang_gis.errors import Problem
from fuliang_gis.inspections.defects.rules import Failure
from fuliang_gis.inspections.visits.rules import (
    ANSWERS,
    SHORT_LENGTH,
    Answer,
    Given,
    Read,
    clean,
    text_problems,
)
from fuliang_gis.locations.sheets import ChecklistItem, Reading

Told = TypeVar("Told", Answer, Read)


@dataclass(frozen=True)
class Asked:
    """What is asked at a location: questions and readings of its sheet, or of the rule."""

    checklist: tuple[ChecklistItem, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Checked:
    """What is stored of answers and readings, and what was found wrong."""

    answers: list[dict[str, Any]]
    readings: list[dict[str, Any]]
    failures: list[Failure]

    @property
    def result(self) -> str:
        """Whether anything was wrong."""
        return "abnormal" if self.failures else "normal"


def check_answers(asked: Asked, given: Given) -> tuple[Checked, list[Problem]]:
    """Hold the answers and readings against what is asked; every question wants its answer."""
    problems: list[Problem] = []
    told = _by_name(given.answers, "answers", {i.name for i in asked.checklist}, problems)
    answers, failures = [], []
    for item in asked.checklist:
        answer = told.get(item.name)
        field = f"answers.{item.name}"
        if answer is None or answer.answer not in ANSWERS:
            zh = f"“{item.zh}”还没有回答，请选择正常、异常或不适用。"
            problems.append(Problem("unanswered", zh, f"'{item.en}' is not answered.", field))
            continue
        problems += text_problems(answer.note, SHORT_LENGTH, field)
        note = clean(answer.note)
        answers.append({"name": item.name, "zh": item.zh, "answer": answer.answer, "note": note})
        if answer.answer == "fail":
            title = f"{item.zh}：不符合"
            category = item.category or "other"
            failures.append(Failure(item.name, title, item.severity, category, note))
    readings, broken = _check_readings(asked, given, problems)
    return Checked(answers, readings, [*failures, *broken]), problems


def _check_readings(
    asked: Asked, given: Given, problems: list[Problem]
) -> tuple[list[dict[str, Any]], list[Failure]]:
    told = _by_name(given.readings, "readings", {i.name for i in asked.readings}, problems)
    readings, failures = [], []
    for item in asked.readings:
        if (read := told.get(item.name)) is None:
            continue
        if not plausible(item, read.value):
            allowed = _range(item.minimum, item.maximum, item.unit)
            zh = f"“{item.zh}”应在 {allowed} 之内，请核对读数。"
            en = f"'{item.en}' is outside its plausible range."
            problems.append(Problem("implausible", zh, en, f"readings.{item.name}"))
            continue
        wrong = breaks_limit(item, read.value)
        shown = {"name": item.name, "zh": item.zh, "unit": item.unit}
        readings.append({**shown, "value": read.value, "wrong": wrong})
        if wrong:
            limits = _range(item.limit_min, item.limit_max, item.unit)
            value = f"{read.value:g} {item.unit or ''}".strip()
            title = f"{item.zh} {value}，超出限值（{limits}）"
            failures.append(Failure(item.name, title, item.severity, item.category or "other"))
    return readings, failures


def _by_name(
    told: Sequence[Told], part: str, asked: set[str], problems: list[Problem]
) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for each in told:
        field = f"{part}.{each.name[:60]}"
        if each.name not in asked:
            zh = "这里没有这一项，请重新打开表单后填写。"
            problems.append(Problem("unknown_item", zh, "Nothing of this name is asked.", field))
        elif each.name in found:
            problems.append(Problem("twice", "同一项填了两次。", "Told twice.", field))
        found[each.name] = each
    return found


def plausible(item: Reading, value: float) -> bool:
    """Tell whether a number can have been read at all."""
    return math.isfinite(value) and _within(value, item.minimum, item.maximum)


def breaks_limit(item: Reading, value: float) -> bool:
    """Tell whether a number read means that something is wrong."""
    return not _within(value, item.limit_min, item.limit_max)


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def limits_of(item: Reading) -> str:
    """Return the limits of a reading as people read them; empty without any."""
    if item.limit_min is None and item.limit_max is None:
        return ""
    return _range(item.limit_min, item.limit_max, item.unit)


def _range(low: float | None, high: float | None, unit: str | None) -> str:
    behind = f" {unit}" if unit else ""
    if low is None:
        return f"≤ {high:.10g}{behind}"
    if high is None:
        return f"≥ {low:.10g}{behind}"
    return f"{low:.10g}～{high:.10g}{behind}"
