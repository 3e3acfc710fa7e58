"""What the pages of village plans are asked for, as their addresses and forms carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from fuliang_gis.errors import NotFound, Problem
from fuliang_gis.planning import listing
from fuliang_gis.planning.checks.findings import Finding
from fuliang_gis.planning.codes import EDITIONS
from fuliang_gis.planning.listing import Wanted
from fuliang_gis.planning.models import PLAN_STATE_NAMES
from fuliang_gis.planning.norms import PROFILES

#: Longest text that is looked for.
_LONGEST = 200
_TOWNSHIP_DIGITS = 9
_MOST_DIGITS = 10

SEVERITIES: Mapping[str, tuple[str, str]] = {
    "error": ("错误", "bad"),
    "permit": ("须办理审批", "warn"),
    "warning": ("提示", "info"),
}


def text(name: str, values: MultiDict[str, str] | None = None) -> str:
    """Return one value of the address (or of other values) without what no text may hold."""
    given = request.args if values is None else values
    return given.get(name, "").replace("\0", "").strip()[:_LONGEST]


def whole(given: str) -> int | None:
    """Read a number that is positive; None where it is none."""
    plausible = given.isascii() and given.isdigit() and len(given) < _MOST_DIGITS
    return int(given) or None if plausible else None


def number(given: str) -> float | None:
    """Read a number that is not negative; None where it is none."""
    try:
        found = float(given)
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None


# --- the list ---


@dataclass(frozen=True)
class ListAsked:
    """What the list of plans is narrowed to; ``without`` lists key villages that have none."""

    wanted: Wanted
    without: bool
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether it shows less than everything."""
        return replace(self.wanted, sort="village", descending=False) != Wanted()

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked: dict[str, object] = {
            "q": self.wanted.text,
            "township": self.wanted.division,
            "state": self.wanted.state,
            "without": "1" if self.without else "",
            "sort": "" if self.wanted.sort == "village" else self.wanted.sort,
            "descending": "1" if self.wanted.descending else "",
            "page": self.page,
        }
        kept = {n: v for n, v in (asked | changed).items() if v not in (None, "", 1)}
        return url_for("plans.show_list", **kept)  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.wanted.sort == name and not self.wanted.descending
        return self.address(sort=name, descending="1" if turned else "", page=1)


def list_asked() -> ListAsked:
    """Read what the list is asked for."""
    township, state, sort = text("township"), text("state"), text("sort")
    is_township = township.isascii() and township.isdigit() and len(township) == _TOWNSHIP_DIGITS
    wanted = Wanted(
        text=text("q"),
        division=township if is_township else "",
        state=state if state in PLAN_STATE_NAMES else "",
        sort=sort if sort in listing.SORTS else "village",
        descending=text("descending") == "1",
    )
    return ListAsked(wanted, text("without") == "1", whole(text("page")) or 1)


# --- a new plan ---


def profiles() -> list[str]:
    """Return the names of the profiles that are installed."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


@dataclass(frozen=True)
class Typed:
    """The form of a new plan as it was typed, with what is wrong beside each field."""

    values: Mapping[str, str]
    faults: Mapping[str, tuple[str, ...]]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def faulty(self, *problems: Problem) -> Typed:
        """Return the form with faults beside their fields."""
        found: dict[str, tuple[str, ...]] = {}
        for each in problems:
            name = each.field if each.field in FIELDS else ""
            found[name or ""] = (*found.get(name or "", ()), each.zh)
        return replace(self, faults=found)


FIELDS = (
    "division_code",
    "title",
    "base_year",
    "target_year",
    "edition",
    "profile",
    "population",
    "boundary",
)


def new_asked(values: MultiDict[str, str], this_year: int) -> Typed:
    """Return the form of a new plan, with proposals for what nobody has typed yet."""
    usual = {
        "base_year": str(this_year - 1),
        "target_year": "2035" if this_year < 2030 else str(this_year + 10),
        "edition": EDITIONS[0],
        "profile": "jiangxi",
    }
    told = {name: text(name, values) for name in (*FIELDS, "upload")}
    told["division_code"] = told["division_code"] or text("division", values)
    return Typed({n: v or usual.get(n, "") for n, v in told.items()}, {})


def year_problems(form: Typed) -> list[Problem]:
    """Return what of a form is no number at all."""
    found = []
    for name, zh in (("base_year", "基期年"), ("target_year", "目标年")):
        if whole(form[name]) is None:
            told = f"{zh}应为四位年份，如 2035。"
            found.append(Problem("bad_number", told, "Not a year.", name))
    if form["population"] and whole(form["population"]) is None:
        told = "规划人口应为正整数，或留空。"
        found.append(Problem("bad_number", told, "Not a number.", "population"))
    if form["profile"] not in profiles():
        found.append(Problem("unknown_profile", "请选择省份规则。", "Choose a profile.", "profile"))
    return found


# --- findings ---


@dataclass(frozen=True)
class FindingsAsked:
    """What the list of findings is narrowed to."""

    severity: str
    code: str
    article: str
    least_m2: float | None
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether it shows less than everything."""
        return bool(self.severity or self.code or self.article or self.least_m2)

    def takes(self, each: Finding) -> bool:
        """Tell whether a finding is asked for."""
        return (
            (not self.severity or each.severity == self.severity)
            and (not self.code or each.code == self.code)
            and (not self.article or each.article == self.article)
            and (not self.least_m2 or (each.area_m2 or 0.0) >= self.least_m2)
        )

    def kept(self, **changed: object) -> dict[str, object]:
        """Return what an address of the same list carries, with something changed."""
        asked: dict[str, object] = {
            "severity": self.severity,
            "code": self.code,
            "article": self.article,
            "least": f"{self.least_m2:g}" if self.least_m2 else "",
            "page": self.page,
        }
        return {n: v for n, v in (asked | changed).items() if v not in (None, "", 1)}


def findings_asked() -> FindingsAsked:
    """Read what the list of findings is asked for."""
    severity = text("severity")
    return FindingsAsked(
        severity if severity in SEVERITIES else "",
        text("code"),
        text("article"),
        number(text("least")),
        whole(text("page")) or 1,
    )


# --- two states of a plan ---


@dataclass(frozen=True)
class Ref:
    """One state of a plan: the base year (``scheme_id`` None), or a scheme at a version."""

    scheme_id: int | None
    ordinal: int | None = None

    def __str__(self) -> str:
        if self.scheme_id is None:
            return "base"
        return str(self.scheme_id) if self.ordinal is None else f"{self.scheme_id}@{self.ordinal}"


def ref(given: str) -> Ref | None:
    """Read a state as addresses name it: ``base``, ``12`` or ``12@3``; None where it is none.

    Raises:
        NotFound: It is none of these.

    >>> str(ref("12@3")), str(ref("base")), ref("")
    ('12@3', 'base', None)
    """
    if not given:
        return None
    if given == "base":
        return Ref(None)
    scheme, at, ordinal = given.partition("@")
    found = whole(scheme)
    version = whole(ordinal) if at else None
    if found is None or (at and version is None):
        raise NotFound(what="规划方案", key=given)
    return Ref(found, version)
