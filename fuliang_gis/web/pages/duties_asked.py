"""What the pages of duties are asked for, and what their forms hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import request, url_for

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.operations import ExceptionGiven, RuleGiven
from fuliang_gis.inspections.duties.queries import TODO, Filters
from fuliang_gis.inspections.duties.states import State
from fuliang_gis.inspections.models import InspectionRule
from fuliang_gis.locations.sheets import ChecklistItem
from fuliang_gis.web.pages.asked import day_or_none

PAGE_SIZES = (25, 50, 100, 200)
SORTS = ("due_on", "planned_on", "division_code", "code", "purpose", "layer", "done_on")
_TOWNSHIP_DIGITS = 9
_LONGEST = 2000
#: How a question of a rule says that its failure is serious, or a trifle.
_SEVERITIES = {"【严重】": "serious", "【轻微】": "minor"}


@dataclass(frozen=True)
class Asked:
    """What the list of tasks is narrowed to and how it is ordered."""

    township: str
    village: str
    layer: str
    purpose: str
    state: str
    assignee: str
    due_from: date | None
    due_to: date | None
    sort: str
    descending: bool
    page: int
    size: int

    @property
    def filters(self) -> Filters:
        """The same for the query."""
        return Filters(
            division=self.village or self.township or None,
            layer=self.layer or None,
            purpose=self.purpose or None,
            state=None if self.state == "all" else self.state,
            assignee_id=int(self.assignee) if self.assignee else None,
            due_from=self.due_from,
            due_to=self.due_to,
        )

    @property
    def narrowed(self) -> bool:
        """Whether it shows something else than what is to be done everywhere."""
        return self.filters != Filters(state=TODO)

    def address(self, endpoint: str = "duties.show_obligations", **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked: dict[str, object] = {
            "township": self.township,
            "village": self.village,
            "layer": self.layer,
            "purpose": self.purpose,
            "state": self.state,
            "assignee": self.assignee,
            "due_from": self.due_from or "",
            "due_to": self.due_to or "",
            "sort": self.sort,
            "descending": "1" if self.descending else "",
            "page": self.page,
            "size": self.size,
        }
        usual = {"state": TODO, "sort": "due_on", "page": 1, "size": 50}
        kept = {n: v for n, v in (asked | changed).items() if v not in ("", usual.get(n))}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.sort == name and not self.descending
        return self.address(sort=name, descending="1" if turned else "", page=1)

    def file_address(self, kind: str) -> str:
        """Return the address of the whole list as a file."""
        return self.address("duties.export", kind=kind, page=1, size=50)


def asked() -> Asked:
    """Read what is asked from the request's address."""
    given = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    digits = {n: v if (v := given.get(n, "")).isdigit() else "" for n in ("township", "village")}
    village = digits["village"] if digits["village"].startswith(digits["township"]) else ""
    state, size = given.get("state", ""), _number(given.get("size", ""), 50)
    return Asked(
        township=digits["township"][:_TOWNSHIP_DIGITS],
        village=village,
        layer=given.get("layer", ""),
        purpose=given.get("purpose", ""),
        state=state if state in {"all", *State} else TODO,
        assignee=a if (a := given.get("assignee", "")).isdecimal() and len(a) < 10 else "",
        due_from=day_or_none(given.get("due_from", "")),
        due_to=day_or_none(given.get("due_to", "")),
        sort=sort if (sort := given.get("sort", "")) in SORTS else "due_on",
        descending=given.get("descending") == "1",
        page=_number(given.get("page", ""), 1),
        size=size if size in PAGE_SIZES else 50,
    )


def typed() -> dict[str, str]:
    """Return what stands in the request's form."""
    return {
        name: value.replace("\0", "").strip()[:_LONGEST] for name, value in request.form.items()
    }


def version(given: dict[str, str]) -> int | None:
    """Return the row version that a form is based on."""
    return int(v) if (v := given.get("version", "")).isdecimal() and len(v) < 10 else None


def rule_given(given: dict[str, str]) -> RuleGiven:
    """Read a rule from its form.

    Raises:
        Invalid: A date or a number is none.
    """
    layer, _, kind = given.get("target", "").partition("/")
    count = given.get("count", "")
    if not (count.isdecimal() and len(count) < 4):
        raise Invalid([Problem("bad_number", "次数应为整数。", "Not a number.", "count")])
    questions = checklist(given.get("checklist", ""))
    return RuleGiven(
        title=given.get("title", ""),
        purpose=given.get("purpose", ""),
        period=given.get("period", ""),
        count=int(count),
        basis=given.get("basis", ""),
        valid_from=required_day(given, "valid_from"),
        valid_to=_optional_day(given, "valid_to"),
        layer=layer or None,
        kind=kind or None,
        asset_class=given.get("asset_class") or None,
        checklist=questions or None,
    )


def rule_typed(row: InspectionRule) -> dict[str, str]:
    """Return a rule as its form holds it."""
    names = ("title", "purpose", "period", "count", "basis", "asset_class", "valid_from")
    target = "/".join(filter(None, (row.layer, row.kind)))
    found = {name: str(getattr(row, name) or "") for name in (*names, "valid_to", "version")}
    marks = {severity: mark for mark, severity in _SEVERITIES.items()}
    lines = [marks.get(each["severity"], "") + each["zh"] for each in row.checklist or ()]
    return found | {"target": target, "checklist": "\n".join(lines)}


def checklist(text: str) -> tuple[ChecklistItem, ...]:
    """Read one question a line; 【严重】 or 【轻微】 before it says what its failure is."""
    found = []
    for number, line in enumerate(
        (line for each in text.splitlines() if (line := each.strip())), 1
    ):
        mark = next((mark for mark in _SEVERITIES if line.startswith(mark)), "")
        severity = _SEVERITIES.get(mark, "ordinary")
        zh = line.removeprefix(mark).strip()
        found.append(ChecklistItem(f"q{number}", zh, "", severity=severity))
    return tuple(found)


def exception_given(given: dict[str, str]) -> ExceptionGiven:
    """Read an exception from its form; an interval is ``period/count``, none frees of visits.

    Raises:
        Invalid: A date is none.
    """
    period, count = given.get("period") or None, given.get("count", "")
    return ExceptionGiven(
        reason=given.get("reason", ""),
        valid_from=required_day(given, "valid_from"),
        valid_to=required_day(given, "valid_to"),
        purpose=given.get("purpose") or None,
        period=period,
        count=(int(count) if count.isdecimal() and len(count) < 4 else 1) if period else None,
    )


def required_day(given: dict[str, str], name: str) -> date:
    """Read a date from a form.

    Raises:
        Invalid: There is none.
    """
    found = _optional_day(given, name)
    if found is None:
        raise Invalid([Problem("required", "请填写日期。", "A date is required.", name)])
    return found


def _optional_day(given: dict[str, str], name: str) -> date | None:
    text = given.get(name, "")
    found = day_or_none(text)
    if text and found is None:
        zh = "应为日期，如 2026-10-31。"
        raise Invalid([Problem("bad_date", zh, "Not a date.", name)])
    return found


def _number(text: str, otherwise: int) -> int:
    plausible = text.isascii() and text.isdigit() and 0 < len(text) < 7
    return max(int(text), 1) if plausible else otherwise
