"""What the board is asked for, as its address carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import url_for

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.board import BREAKDOWNS, SORTS, TRENDS, labels, up_to_date
from fuliang_gis.inspections.duties.compliance import AGE_NAMES, Outcome
from fuliang_gis.inspections.duties.compliance_queries import DIGITS, Listing, Wanted
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, label, period_of
from fuliang_gis.web.pages.asked import bad, one_of, read_day
from fuliang_gis.web.pages.asked import division as asked_division

PRESETS = {
    "month": "本月",
    "quarter": "本季度",
    "year": "本年",
    "last_month": "上月",
    "last_quarter": "上季度",
    "last_year": "上年",
    "custom": "自定起止",
}
_EVERY = "all"
#: Longest span [years]; beyond it nothing more is learned.
_LONGEST = 10


@dataclass(frozen=True)
class Asked:
    """One page of the board."""

    preset: str
    span: Span
    today: date
    level: str
    division: str | None = None
    layer: str | None = None
    asset_class: str | None = None
    purpose: str | None = None
    by: str = "division"
    trend: str = "quarter"
    sort: str = "rate"
    outcome: str = Outcome.MISSED.value
    since: str = "ever"
    age: str | None = None
    person: str | None = None
    page: int = 1

    @property
    def wanted(self) -> Wanted:
        """The obligations that are counted."""
        return Wanted(
            self.span, self.today, self.division, self.layer, self.asset_class, self.purpose
        )

    @property
    def from_before(self) -> bool:
        """Whether the list holds what was due before the span, too."""
        return self.outcome == Outcome.MISSED.value and self.since == "ever"

    @property
    def listed(self) -> Wanted:
        """The obligations that are listed: of what is overdue also what was due before."""
        return up_to_date(self.wanted) if self.from_before else self.wanted

    @property
    def listing(self) -> Listing:
        """What of them is listed."""
        outcome = None if self.outcome == _EVERY else Outcome(self.outcome)
        return Listing(outcome, self.age, self.person)

    @property
    def span_title(self) -> str:
        """The span in words."""
        for kind in (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
            if period_of(kind, self.span.start) == self.span:
                return label(kind, self.span.start)
        return f"{self.span.start} 至 {self.span.end}"

    def address(self, endpoint: str = "board.show", **changed: object) -> str:
        """Return the address of the same page with something changed; back to the first rows."""
        query = urlencode(self.parameters(**({"page": 1} | changed)))
        return f"{url_for(endpoint)}?{query}" if query else url_for(endpoint)

    def file(self, endpoint: str, kind: str) -> str:
        """Return the address of what the page shows as a file."""
        return f"{url_for(endpoint, kind=kind)}?{urlencode(self.parameters(page=1))}"

    def parameters(self, **changed: object) -> dict[str, str]:
        """Return what an address must say; what is usual stays unsaid."""
        custom = self.preset == "custom"
        asked: dict[str, object] = {
            "span": self.preset,
            "from": self.span.start if custom else "",
            "to": self.span.end if custom else "",
            "division": self.division or "",
            "level": self.level if self.division is None else "",
            "layer": self.layer or "",
            "class": self.asset_class or "",
            "purpose": self.purpose or "",
            "by": self.by,
            "trend": self.trend,
            "sort": self.sort,
            "outcome": self.outcome,
            "since": self.since,
            "age": self.age or "",
            "person": "" if self.person is None else self.person or "-",
            "page": self.page,
        }
        usual = {
            "span": "quarter",
            "level": "township",
            "by": "division",
            "trend": "quarter",
            "sort": "rate",
            "outcome": "missed",
            "since": "ever",
            "page": 1,
        }
        said = asked | changed
        if changed.get("division"):
            said["level"] = ""
        return {n: str(v) for n, v in said.items() if v != "" and v != usual.get(n)}

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is so already."""
        first = f"-{name}" if name in ("owed", "missed") else name
        other = name if first != name else f"-{name}"
        return self.address(sort=other if self.sort == first else first)

    def direction(self, name: str) -> str:
        """Return how the table is sorted by a column, if it is."""
        if self.sort.removeprefix("-") != name:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"


def read(given: Mapping[str, str], actor: Actor, today: date) -> Asked:
    """Read what is asked.

    Raises:
        BadParameter: A parameter cannot be used.
    """
    preset = one_of(given, "span", PRESETS, "quarter")
    division = asked_division(given.get("division", ""), actor)
    person = given.get("person", "")[:80].replace("\0", "")
    sorts = {sign + name: "" for name in SORTS for sign in ("", "-")}
    outcomes = {outcome.value: "" for outcome in Outcome} | {_EVERY: ""}
    return Asked(
        preset,
        _span(given, preset, today),
        today,
        _level(given, division or actor.scope),
        division,
        one_of(given, "layer", labels("layer"), "") or None,
        one_of(given, "class", labels("asset_class"), "") or None,
        one_of(given, "purpose", labels("purpose"), "") or None,
        one_of(given, "by", BREAKDOWNS, "division"),
        one_of(given, "trend", TRENDS, "quarter"),
        one_of(given, "sort", sorts, "rate"),
        one_of(given, "outcome", outcomes, Outcome.MISSED.value),
        one_of(given, "since", {"ever": "", "span": ""}, "ever"),
        one_of(given, "age", AGE_NAMES, "") or None,
        {"": None, "-": ""}.get(person, person),
        _page(given.get("page", "")),
    )


def usual(actor: Actor, today: date) -> Asked:
    """Return the page that is shown when nothing is asked."""
    return read({}, actor, today)


def _level(given: Mapping[str, str], scope: str) -> str:
    level = one_of(given, "level", DIGITS, "township")
    # Inside one township only its villages can be told apart.
    return "village" if len(scope) >= DIGITS["township"] else level


def _span(given: Mapping[str, str], preset: str, today: date) -> Span:
    if preset == "custom":
        start, end = (_day(given, name) for name in ("from", "to"))
        if end < start:
            raise bad("to", "结束日期不能早于开始日期", "it lies before the start")
        if end.year - start.year > _LONGEST:
            raise bad("to", f"起止最多相隔 {_LONGEST} 年", f"at most {_LONGEST} years")
        return Span(start, end)
    kind = PeriodKind(preset.removeprefix("last_"))
    found = period_of(kind, today)
    return period_of(kind, found.start - timedelta(days=1)) if preset.startswith("last") else found


def _day(given: Mapping[str, str], name: str) -> date:
    day = read_day(given.get(name, ""), name)
    if day is None:
        raise bad(name, "请填写日期，如 2026-11-25", "a date such as 2026-11-25")
    return day


def _page(text: str) -> int:
    plausible = text.isascii() and text.isdigit() and len(text) <= 6
    return max(int(text), 1) if plausible else 1
