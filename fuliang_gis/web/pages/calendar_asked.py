"""What the calendar is asked for, and what its days then hold."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import url_for

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.board import labels
from fuliang_gis.inspections.duties.calendar_queries import Chip, Look
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, label, period_of
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.pages.asked import bad, one_of, read_day
from fuliang_gis.web.pages.asked import division as asked_division

VIEWS = {"month": PeriodKind.MONTH, "quarter": PeriodKind.QUARTER}
GROUPINGS = {"division": "按乡镇、村", "person": "按人员"}


@dataclass(frozen=True)
class Asked:
    """One page of the calendar."""

    view: str
    day: date
    look: Look

    @property
    def title(self) -> str:
        """The month or quarter in words."""
        return label(VIEWS[self.view], self.look.span.start)

    def address(self, endpoint: str = "calendar.show", **changed: object) -> str:
        """Return the address of the same calendar with something changed."""
        look = self.look
        asked: dict[str, object] = {
            "view": self.view,
            "day": self.day,
            "by": look.by,
            "division": look.division or "",
            "layer": look.layer or "",
            "purpose": look.purpose or "",
            "person": "" if look.person is None else look.person or "-",
        }
        usual = {"view": "month", "by": "division"}
        said = {n: str(v) for n, v in (asked | changed).items() if v != "" and v != usual.get(n)}
        return f"{url_for(endpoint)}?{urlencode(said)}"

    @property
    def before(self) -> date:
        """A day of the month or quarter before."""
        return self.look.span.start - timedelta(days=1)

    @property
    def after(self) -> date:
        """A day of the month or quarter after."""
        return self.look.span.end + timedelta(days=1)


def read(given: Mapping[str, str], actor: Actor, today: date) -> Asked:
    """Read what is asked.

    Raises:
        BadParameter: A parameter cannot be used.
    """
    view = one_of(given, "view", VIEWS, "month")
    day = read_day(given.get("day", ""), "day") or today
    person = given.get("person", "")
    if person not in ("", "-") and not (person.isascii() and person.isdigit()):
        raise bad("person", "应为账号编号", "an account's id")
    look = Look(
        period_of(VIEWS[view], day),
        today,
        one_of(given, "by", GROUPINGS, "division"),
        asked_division(given.get("division", ""), actor),
        one_of(given, "layer", labels("layer"), "") or None,
        one_of(given, "purpose", labels("purpose"), "") or None,
        {"": None, "-": ""}.get(person, person[:9]),
    )
    return Asked(view, day, look)


@dataclass
class Lot:
    """One group on one day: how many, and how long they take [min]."""

    key: str
    title: str
    count: int = 0
    minutes: int = 0
    overdue: int = 0
    first_due: date | None = None


@dataclass
class Day:
    """One day: its lots, and how many are due and done."""

    day: date
    lots: list[Lot] = field(default_factory=list)
    due: int = 0
    due_unplanned: int = 0
    done: int = 0
    done_elsewhen: int = 0

    @property
    def planned(self) -> int:
        """How many are planned."""
        return sum(lot.count for lot in self.lots)

    @property
    def minutes(self) -> int:
        """How long the planned take on site [min]."""
        return sum(lot.minutes for lot in self.lots)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.lots or self.due or self.done)


def minutes_of(layer: str) -> int:
    """Return how long one visit takes on site [min]."""
    found = layers().get(layer)
    return found.sheet.inspection.service_minutes if found else 15


def lots(chips: Iterable[Chip], titles: Mapping[str, str]) -> list[Lot]:
    """Gather the chips of several layers into one lot a group."""
    found: dict[str, Lot] = {}
    for chip in chips:
        lot = found.setdefault(chip.key, Lot(chip.key, titles.get(chip.key, chip.key)))
        lot.count += chip.count
        lot.overdue += chip.overdue
        lot.minutes += chip.count * minutes_of(chip.layer)
        lot.first_due = min(lot.first_due or chip.first_due, chip.first_due)
    return list(found.values())


def days_of(span: Span, chips: Iterable[Chip], titles: Mapping[str, str]) -> list[Day]:
    """Lay the chips out on every day of the span."""
    by_day: dict[tuple[str, date | None], list[Chip]] = defaultdict(list)
    for chip in chips:
        by_day[chip.kind, chip.day].append(chip)
    found = []
    for number in range(span.days):
        day = span.start + timedelta(days=number)
        due, done = by_day["due", day], by_day["done", day]
        found.append(
            Day(
                day,
                lots(by_day["planned", day], titles),
                sum(chip.count for chip in due),
                sum(chip.moved for chip in due),
                sum(chip.count for chip in done),
                sum(chip.moved for chip in done),
            )
        )
    return found


def months_of(days: list[Day]) -> list[list[Day]]:
    """Cut days into months."""
    found: list[list[Day]] = []
    start = 0
    while start < len(days):
        first = days[start].day
        length = monthrange(first.year, first.month)[1]
        found.append(days[start : start + length])
        start += length
    return found


def hours_text(minutes: int) -> str:
    """Return a length as people plan with it.

    >>> hours_text(45), hours_text(155), hours_text(480)
    ('45 分', '2.6 时', '8 时')
    """
    if minutes < 60:
        return f"{minutes} 分"
    return f"{minutes / 60:.1f}".removesuffix(".0") + " 时"
