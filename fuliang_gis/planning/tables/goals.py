"""The plan's goals (规划目标表): what each indicator is by the geometry, and whether it is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import shapely

from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.codes import top
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft, Goal, Parcel
from fuliang_gis.planning.tables.structure import row_of


@dataclass(frozen=True)
class Reckoned:
    """An indicator as geometry has it: its value in its unit, and the parcels it comes from."""

    goal: Goal
    base: float | None
    target: float | None
    parcels: tuple[str, ...]

    @property
    def kept(self) -> bool | None:
        """Tell whether the plan keeps the goal; None where geometry does not tell."""
        if self.target is None:
            return None
        slack = _slack(self.goal.target)
        if self.goal.at_least is None:
            return abs(self.target - self.goal.target) <= slack
        missing = self.goal.target - self.target
        return (missing if self.goal.at_least else -missing) <= slack

    @property
    def verdict(self) -> str:
        """Tell in Chinese whether the goal is kept, and to which side it is missed."""
        if self.kept is None:
            return "须另行核对"
        if self.kept:
            return "达到"
        return {True: "未达到", False: "超出", None: "不符"}[self.goal.at_least]

    @property
    def base_differs(self) -> bool:
        """Tell whether the goal states another base than geometry has, as finely as it is told."""
        if self.goal.base is None or self.base is None:
            return False
        return abs(self.goal.base - self.base) > _slack(self.goal.base)


def reckon(draft: Draft, profile: Profile) -> list[Reckoned]:
    """Return every goal with what the parcels and control lines say of it."""
    return [_reckoned(draft, profile, goal) for goal in draft.goals]


def _reckoned(draft: Draft, profile: Profile, goal: Goal) -> Reckoned:
    if goal.key in LINES:
        value = _line_hectares(draft, LINES[goal.key])
        return Reckoned(goal, value, value, ())
    if goal.key == "per_head":
        takes = TAKES["village_construction"]
        chosen = [p for p in draft.parcels.values() if takes(p, profile)]
        area = math.fsum(p.geom.area for p in chosen)
        people = draft.population
        return Reckoned(goal, None, area / people if people else None, tuple(p.id for p in chosen))
    if goal.key not in TAKES:
        return Reckoned(goal, None, None, ())
    takes = TAKES[goal.key]
    before = [p for p in draft.base.values() if takes(p, profile)]
    after = [p for p in draft.parcels.values() if takes(p, profile)]
    base = hectares(math.fsum(p.geom.area for p in before)) if draft.base else None
    target = hectares(math.fsum(p.geom.area for p in after))
    return Reckoned(goal, base, target, tuple(p.id for p in after))


#: Indicators [ha] that parcels tell, and which parcels count.
TAKES: Mapping[str, Callable[[Parcel, Profile], bool]] = {
    "construction": lambda p, profile: profile.is_construction(p.edition, p.code),
    "urban_rural_construction": lambda p, profile: (
        row_of(p, profile) in ("城镇用地", "村庄建设用地")
    ),
    "village_construction": lambda p, profile: row_of(p, profile) == "村庄建设用地",
    "cropland": lambda p, _: top(p.code) == "01",
    "forest": lambda p, _: top(p.code) == "03",
    "reserve": lambda p, profile: p.code in profile.reserve_uses,
}

#: Indicators [ha] that control lines tell.
LINES: Mapping[str, str] = {"ecological_redline": "0102", "basic_farmland": "0202"}


def _line_hectares(draft: Draft, code: str) -> float:
    shapes = [line.geom for line in draft.lines.values() if line.code == code]
    inside = shapely.intersection(shapely.union_all(shapes), draft.boundary)
    return hectares(float(inside.area))


def _slack(value: float) -> float:
    """Return half of the last decimal that a number is written with."""
    return 0.5 / 10.0 ** decimals(value) + 1e-9


def decimals(value: float) -> int:
    """Return how many decimals a number is written with.

    >>> decimals(17.66), decimals(3.0), decimals(0.158)
    (2, 0, 3)
    """
    written = f"{value:.6f}".rstrip("0")
    return len(written.partition(".")[2])
