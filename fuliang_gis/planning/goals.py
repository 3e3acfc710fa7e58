"""Setting the goals of a plan (规划目标): rows of its table, reckoned by geometry or free."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.planning.fetching import drafted, note, of_version
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft, Goal
from fuliang_gis.planning.tables.goals import LINES, TAKES, Reckoned, reckon

#: Rows of the table, and its longest texts [characters].
MOST_GOALS, LONGEST_NAME, LONGEST_UNIT = 60, 60, 20
_LARGEST = 1e9
#: The key of goals that no geometry tells.
FREE = ""


@dataclass(frozen=True)
class Indicator:
    """An indicator that geometry tells: its name, unit, and which side keeps it."""

    key: str
    zh: str
    unit: str
    at_least: bool | None
    binding: bool


INDICATORS: Mapping[str, Indicator] = {
    each.key: each
    for each in (
        Indicator("construction", "村域建设用地", "公顷", at_least=False, binding=True),
        Indicator("urban_rural_construction", "城乡建设用地", "公顷", at_least=False, binding=True),
        Indicator("village_construction", "村庄建设用地规模", "公顷", at_least=False, binding=True),
        Indicator("per_head", "人均村庄建设用地", "平方米/人", at_least=False, binding=False),
        Indicator("ecological_redline", "生态保护红线", "公顷", at_least=True, binding=True),
        Indicator("basic_farmland", "永久基本农田", "公顷", at_least=True, binding=True),
        Indicator("cropland", "耕地保有量", "公顷", at_least=True, binding=True),
        Indicator("forest", "林地保有量", "公顷", at_least=True, binding=False),
        Indicator("reserve", "留白用地", "公顷", at_least=False, binding=False),
    )
}


def set_goals(
    session: Session, actor: Actor, plan_id: int, goals: Sequence[Goal], *, expected: int | None
) -> VillagePlan:
    """Put goals in place of those a plan has.

    Raises:
        NotFound, Forbidden, OutsideDivision, VersionRequired, Conflict: As they say.
        WrongState: The plan is no draft any more.
        Invalid: A goal cannot be used; the problems' fields begin with its number, from 0.
    """
    plan = drafted(session, actor, plan_id, "修改规划目标")
    of_version(plan, expected)
    if problems := goal_problems(goals):
        raise Invalid(problems)
    plan.goals = [asdict(each) for each in goals]
    plan.version += 1
    note(session, actor, plan, "change_goals", {"goals": [each.zh for each in goals]})
    session.flush()
    return plan


def goal_problems(goals: Sequence[Goal]) -> list[Problem]:
    """Return what is wrong with a table of goals."""
    found = []
    if len(goals) > MOST_GOALS:
        told = (f"目标最多 {MOST_GOALS} 行。", f"{MOST_GOALS} goals at most.")
        found.append(Problem("too_many", *told, "goals"))
    twice = {key for key, number in Counter(each.key for each in goals).items() if number > 1}
    for number, each in enumerate(goals):
        row = f"第 {number + 1} 行"
        if each.key and each.key not in INDICATORS:
            told = (f"{row}：没有这个核算指标。", "Unknown indicator.")
            found.append(Problem("unknown_choice", *told, f"{number}.key"))
        if each.key and each.key in twice:
            told = (f"{row}：同一核算指标出现了两次。", "The indicator is given twice.")
            found.append(Problem("duplicate", *told, f"{number}.key"))
        if not 0 < len(each.zh.strip()) <= LONGEST_NAME or len(each.unit) > LONGEST_UNIT:
            zh = f"{row}：指标名称须填写（最多 {LONGEST_NAME} 字），单位最多 {LONGEST_UNIT} 字。"
            found.append(Problem("required", zh, "Name and unit cannot be used.", f"{number}.zh"))
        for name, value in (("target", each.target), ("base", each.base)):
            if value is not None and not (math.isfinite(value) and 0 <= value <= _LARGEST):
                told = (f"{row}：数值应不小于 0。", "Numbers are 0 or more.")
                found.append(Problem("out_of_range", *told, f"{number}.{name}"))
    return found


def suggested(draft: Draft, profile: Profile) -> dict[str, Reckoned]:
    """Return what geometry says of every indicator: base and target, by key."""
    goals = tuple(
        Goal(each.key, each.zh, each.unit, None, 0.0, each.binding, each.at_least)
        for each in INDICATORS.values()
        if each.key in TAKES or each.key in LINES or each.key == "per_head"
    )
    asked = Draft(
        draft.boundary,
        draft.parcels,
        draft.base,
        draft.lines,
        goals,
        draft.edition,
        draft.population,
    )
    return {each.goal.key: each for each in reckon(asked, profile)}
