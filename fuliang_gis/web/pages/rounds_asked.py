"""What the list of plans and the form of a new one are asked for."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.operations import PlanGiven
from fuliang_gis.inspections.rounds.queries import (
    PLAN_SORTS,
    PLAN_STATE_NAMES,
    PlanDetail,
    PlanFilter,
)
from fuliang_gis.web.pages.asked import day_or_none

#: How far a plan reaches: name, and the words for it.
HORIZONS: Mapping[str, str] = {
    "day": "一天",
    "week": "一周",
    "month": "一个月",
    "quarter": "一个季度",
    "custom": "自定起止",
}
_MONTHS = {"month": 1, "quarter": 3}
_LONGEST = 200
#: Plans of one page of the list.
PAGE_SIZES = (50, 100, 200)
#: How the list is ordered unless told otherwise, and what reads from the beginning.
_SORT = "first_day"
_WORDS = ("title", "state", "division_code")


@dataclass(frozen=True)
class Asked:
    """What the list of plans is narrowed to, as its address carries it."""

    filters: PlanFilter
    sort: str
    descending: bool
    page: int
    size: int

    @property
    def narrowed(self) -> bool:
        """Whether it shows less than everything."""
        return self.filters != PlanFilter()

    @property
    def usual(self) -> bool:
        """Whether the latest days come first."""
        return self.sort == _SORT and self.descending

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        # Counts and days are looked at from the top, words from the beginning.
        first = name not in _WORDS
        turned = not self.descending if self.sort == name else first
        return self.address(sort=name, descending="" if turned else "0", page=1)

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked: dict[str, object] = {
            "state": self.filters.state,
            "q": self.filters.text,
            "township": self.filters.division,
            "from": self.filters.first_day,
            "to": self.filters.last_day,
            "team": self.filters.team,
            "mine": "1" if self.filters.creator_id else "",
            "sort": self.sort,
            "descending": "" if self.descending else "0",
            "page": self.page,
            "size": self.size,
        }
        usual = {"sort": _SORT, "page": 1, "size": PAGE_SIZES[0]}
        given = (asked | changed).items()
        kept = {n: v for n, v in given if v not in (None, "") and v != usual.get(n)}
        return url_for("rounds.show_list", **kept)  # type: ignore[arg-type]


def asked(actor: Actor) -> Asked:
    """Read what is asked from the request's address."""
    given = {name: value.replace("\0", "").strip()[:100] for name, value in request.args.items()}
    township, state = given.get("township", ""), given.get("state", "")
    filters = PlanFilter(
        division=township if township.isascii() and township.isdigit() else None,
        state=state if state in PLAN_STATE_NAMES else None,
        text=given.get("q") or None,
        first_day=day_or_none(given.get("from", "")),
        last_day=day_or_none(given.get("to", "")),
        team=whole(given.get("team", "")),
        creator_id=actor.account_id if given.get("mine") == "1" else None,
    )
    size = whole(given.get("size", ""))
    return Asked(
        filters,
        sort=sort if (sort := given.get("sort", "")) in PLAN_SORTS else _SORT,
        descending=given.get("descending") != "0",
        page=whole(given.get("page", "")) or 1,
        size=size if size in PAGE_SIZES else PAGE_SIZES[0],
    )


def whole(text: str) -> int | None:
    """Read a number that is positive; None where it is none."""
    plausible = text.isascii() and text.isdigit() and 0 < len(text) < 19
    return int(text) or None if plausible else None


def version() -> int | None:
    """Return the row version that the request's form is based on."""
    return whole(request.form.get("version", ""))


def plan_typed(detail: PlanDetail) -> MultiDict[str, str]:
    """Return what a plan was asked for as its form holds it."""
    plan, wishes = detail.plan, wishes_of(detail)
    found: MultiDict[str, str] = MultiDict()
    found["division"] = found["division_was"] = plan.division_code
    found["horizon"] = found["horizon_was"] = "custom"
    found["first_day"], found["last_day"] = plan.first_day.isoformat(), plan.last_day.isoformat()
    found["title"] = plan.title
    for name in NUMBERS:
        found[name] = f"{getattr(wishes, name):g}"
    if wishes.early:
        found["early"] = "1"
    found.setlist("team", [str(team.team.id) for team in detail.teams])
    return found


def wishes_of(detail: PlanDetail) -> Wishes:
    """Return what a plan was asked for."""
    known = Wishes.__dataclass_fields__
    return Wishes(**{n: v for n, v in detail.asked.items() if n in known})  # type: ignore[arg-type]


def given_of(detail: PlanDetail, seconds: float | None = None) -> PlanGiven:
    """Return what a plan is asked for, with another time for the search [s] when told."""
    plan, wishes = detail.plan, wishes_of(detail)
    pairs = detail.asked.get("apart", ())
    teams = detail.asked.get("teams", ())
    assert isinstance(pairs, (list, tuple)) and isinstance(teams, (list, tuple))  # noqa: S101, PT018
    return PlanGiven(
        plan.title,
        plan.division_code,
        plan.first_day,
        plan.last_day,
        tuple(teams),
        wishes if seconds is None else replace(wishes, seconds=seconds),
        tuple((a, b) for a, b in pairs),
    )


# --- the form of a new plan ---


@dataclass(frozen=True)
class Typed:
    """The form of a plan as it stands, what was not typed yet being proposed."""

    values: Mapping[str, str]
    span: Span | None
    division: str
    team_ids: tuple[int, ...] | None
    early: bool

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


_USUAL = Wishes()
#: Numbers of the form: what is proposed, least and most.
NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "balance": (0.3, 0.0, 100.0),
    "late_counts": (_USUAL.late_counts, 0.1, 100.0),
    "early_counts": (_USUAL.early_counts, 0.01, 100.0),
    "seconds": (_USUAL.seconds, 1.0, 600.0),
    "seed": (_USUAL.seed, 0.0, 999_999.0),
}
_NUMBER_NAMES = {
    "balance": "均衡程度",
    "late_counts": "逾期任务的分量",
    "early_counts": "可提前任务的分量",
    "seconds": "求解时间",
    "seed": "随机种子",
}


def typed(given: MultiDict[str, str], today: date, scope: str, names: Mapping[str, str]) -> Typed:
    """Read the form of a plan, with proposals for what nobody has typed yet.

    Args:
        names: Divisions on offer, by code.
    """
    told = {name: given[name].replace("\0", "").strip()[:_LONGEST] for name in given}
    division = told.get("division", "")
    division = division if division in names else scope
    horizon = told.get("horizon", "")
    horizon = horizon if horizon in HORIZONS else "month"
    first = day_or_none(told.get("first_day", ""))
    if first is None or told.get("horizon_was", horizon) != horizon:
        first = _next(horizon, today) if horizon != "custom" or first is None else first
    last = _last(horizon, first, day_or_none(told.get("last_day", "")))
    span = Span(first, last) if last is not None and first <= last else None
    title = told.get("title", "")
    proposed = _title(names.get(division, ""), horizon, first, last)
    if not title or title == told.get("proposed"):
        title = proposed
    numbers = {name: told.get(name) or f"{usual:g}" for name, (usual, _, _) in NUMBERS.items()}
    values = {
        **numbers,
        "title": title,
        "proposed": proposed,
        "horizon": horizon,
        "first_day": first.isoformat(),
        "last_day": last.isoformat() if last else told.get("last_day", ""),
    }
    sent = "horizon_was" in told
    same = told.get("division_was", division) == division
    chosen = tuple(number for text in given.getlist("team") if (number := whole(text)))
    # Another division has other teams: all of them are proposed.
    teams = chosen if sent and same else None
    return Typed(values, span, division, teams, "early" in told if sent else _USUAL.early)


def plan_given(form: Typed) -> PlanGiven:
    """Return the plan that a form asks for.

    Raises:
        Invalid: A number or a date is none.
    """
    found: dict[str, float] = {}
    problems = []
    for name, (_, least, most) in NUMBERS.items():
        try:
            found[name] = float(form[name])
        except ValueError:
            found[name] = float("nan")
        if not least <= found[name] <= most:
            zh = f"{_NUMBER_NAMES[name]}应为 {least:g}～{most:g} 的数。"
            problems.append(Problem("out_of_range", zh, "Out of range.", name))
    if form.span is None:
        zh = "请填写起止日期，结束不早于开始。"
        problems.append(Problem("bad_date", zh, "Not a span.", "last_day"))
    if problems or form.span is None:
        raise Invalid(problems)
    wishes = Wishes(
        early=form.early,
        balance=found["balance"],
        late_counts=found["late_counts"],
        early_counts=found["early_counts"],
        seconds=found["seconds"],
        seed=int(found["seed"]),
    )
    span = form.span
    return PlanGiven(
        form["title"], form.division, span.start, span.end, form.team_ids or (), wishes
    )


def _next(horizon: str, today: date) -> date:
    """Return the first day of the next such span; the current one where it has only just begun."""
    if horizon == "week":
        return today + timedelta(days=(7 - today.weekday()) % 7)
    if horizon in _MONTHS:
        kind = PeriodKind(horizon)
        now = period_of(kind, today)
        return today if today == now.start else now.end + timedelta(days=1)
    return today


def _last(horizon: str, first: date, last: date | None) -> date | None:
    if horizon == "custom":
        return last
    if horizon in _MONTHS:
        months = first.year * 12 + first.month - 1 + _MONTHS[horizon]
        year, month = divmod(months, 12)
        there = min(first.day, monthrange(year, month + 1)[1])
        return date(year, month + 1, there) - timedelta(days=1)
    return first + timedelta(days=6 if horizon == "week" else 0)


def _title(place: str, horizon: str, first: date, last: date | None) -> str:
    if horizon == "month" and first.day == 1:
        when = f"{first.year}年{first.month}月"
    elif horizon == "quarter" and first.day == 1 and first.month % 3 == 1:
        when = f"{first.year}年第{first.month // 3 + 1}季度"
    elif horizon == "week" and first.weekday() == 0:
        year, week, _ = first.isocalendar()
        when = f"{year}年第{week}周"
    elif last in (None, first):
        when = first.isoformat()
    else:
        when = f"{first:%m-%d}至{last:%m-%d}"
    return f"{place}{when}巡查路线"
