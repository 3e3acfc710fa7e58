"""What checks go by: a province's profile, and control lines against land uses."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA
from fuliang_gis.planning.codes import land_uses, under

PROFILES = DATA / "norms" / "profiles"
LINES = DATA / "norms" / "control_lines.toml"

#: Written in place of codes: all construction land.
CONSTRUCTION = "construction"


@dataclass(frozen=True)
class Tolerances:
    """What is taken for rounding: areas [m²] and distances [m]; shares are parts of 1."""

    area_m2: float
    edge_m: float
    sliver_m2: float
    sliver_width_m: float
    repair_m: float
    stated_m2: float
    mend_m2: float
    mend_share: float
    spike_m: float


@dataclass(frozen=True)
class HomesteadLimit:
    """How large a homestead may be [m²] where the land was of some uses before."""

    prior: tuple[str, ...]
    zh: str
    limit_m2: float


@dataclass(frozen=True)
class Assembly:
    """Who votes on a plan: the part that must come, or more than that part."""

    key: str
    zh: str
    quorum: Fraction
    more: bool
    article: str


@dataclass(frozen=True)
class Profile:
    """A province's numbers; shares are parts of 1."""

    name: str
    facilities_are_construction: bool
    tolerances: Tolerances
    reserve_share: float
    reserve_uses: tuple[str, ...]
    reserve_article: str
    homestead_uses: tuple[str, ...]
    homestead_article: str
    homestead_limits: tuple[HomesteadLimit, ...]
    notice_days: int
    publish_working_days: int
    assemblies: tuple[Assembly, ...]

    def is_construction(self, edition: str, code: str) -> bool:
        """Tell whether a code counts as construction land; unknown codes do not."""
        use = land_uses(edition).get(code)
        if use is None:
            return False
        if use.construction is None:
            return self.facilities_are_construction
        return use.construction


@dataclass(frozen=True)
class LineRule:
    """Uses that may not lie inside a control line, or outside all of some lines.

    ``forbidden`` without a way round; otherwise a permit or waiver allows it.
    """

    lines: tuple[str, ...]
    inside: bool
    uses: tuple[str, ...]
    spared: tuple[str, ...]
    forbidden: bool
    article: str

    def concerns(self, profile: Profile, edition: str, code: str) -> bool:
        """Tell whether a use is one that the rule speaks of."""
        if under(code, self.spared):
            return False
        if CONSTRUCTION in self.uses and profile.is_construction(edition, code):
            return True
        return under(code, self.uses)


@dataclass(frozen=True)
class LineNorms:
    """Names of the control lines, and the rules."""

    names: Mapping[str, str]
    rules: tuple[LineRule, ...]


@cache
def profile(name: str = "jiangxi") -> Profile:
    """Read a profile once.

    Raises:
        SetUpError: It is missing, is no TOML, or lacks a part.

    >>> profile().is_construction("2023", "0703"), profile().is_construction("2023", "0602")
    (True, False)
    """
    path = PROFILES / f"{name}.toml"
    try:
        raw = _toml(path)
        reserve, homestead, procedure = raw["reserve"], raw["homestead"], raw["procedure"]
        limits = tuple(
            HomesteadLimit(tuple(each["prior"]), each["zh"], float(each["limit_m2"]))
            for each in homestead["limits"]
        )
        return Profile(
            raw["name"]["zh"],
            bool(raw["agricultural_facilities_are_construction"]),
            Tolerances(**{key: float(value) for key, value in raw["tolerances"].items()}),
            float(reserve["share"]),
            tuple(reserve["uses"]),
            reserve["article"],
            tuple(homestead["uses"]),
            homestead["article"],
            limits,
            int(procedure["notice_days"]),
            int(procedure["publish_working_days"]),
            tuple(_assembly(each) for each in procedure["assemblies"]),
        )
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise _refusal(path, error) from error


@cache
def line_norms() -> LineNorms:
    """Read the control lines and their rules once.

    Raises:
        SetUpError: The file is missing, is no TOML, or lacks a part.
    """
    try:
        raw = _toml(LINES)
        names = {code: text["zh"] for code, text in raw["lines"].items()}
        inside = [_rule((each["line"],), each, inside=True) for each in raw["inside"]]
        outside = [_rule(tuple(each["lines"]), each, inside=False) for each in raw["outside"]]
        rules = (*inside, *outside)
        for code in (code for rule in rules for code in rule.lines):
            names[code]  # A rule for a line without a name is refused here.
        return LineNorms(names, rules)
    except (KeyError, TypeError, ValueError) as error:
        raise _refusal(LINES, error) from error


def _assembly(raw: Mapping[str, Any]) -> Assembly:
    part, whole = raw["quorum"]
    quorum = Fraction(part, whole)
    return Assembly(raw["key"], raw["zh"], quorum, bool(raw["more"]), raw["article"])


def _rule(lines: tuple[str, ...], raw: Mapping[str, Any], *, inside: bool) -> LineRule:
    forbidden = {"forbidden": True, "permit": False}[raw["verdict"]]
    spared = tuple(raw.get("except", ()))
    return LineRule(lines, inside, tuple(raw["uses"]), spared, forbidden, raw["article"])


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: Exception) -> SetUpError:
    return SetUpError(
        reason=f"无法读取规划检查文件 {path}：{error}。请恢复或改正该文件后重试。",
        reason_en=f"Cannot read the planning norms {path}: {error}. Restore it.",
    )
