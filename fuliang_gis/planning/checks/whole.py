"""Checks of the plan as a whole: reserve, homesteads, goals, the base year."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import shapely

from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.checks.ground import Ground, joined, parts_over
from fuliang_gis.planning.codes import under
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.tables.goals import decimals, reckon


def whole_findings(ground: Ground) -> Iterator[Finding]:
    """Yield what is wrong with sums, goals and the base year."""
    yield from _reserve(ground)
    yield from _goals(ground)
    yield from _base(ground)


def homestead_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the homesteads larger than their prior use allows for one household."""
    profile = ground.profile
    for index in ground.at(ids):
        parcel = ground.parcels[index]
        if not under(parcel.code, profile.homestead_uses) or not ground.base:
            continue
        near = ground.base_tree.query(parcel.geom, predicate="intersects")
        areas = shapely.area(shapely.intersection(ground.base_geoms[near], parcel.geom))
        prior: dict[str, float] = {}
        for place, area in zip(near, areas, strict=True):
            code = ground.base[place].code
            prior[code] = prior.get(code, 0.0) + float(area)
        # Land that was a homestead already is not given out anew.
        if sum(a for c, a in prior.items() if under(c, profile.homestead_uses)) > 0.5 * sum(
            prior.values()
        ):
            continue
        limits = {
            limit: math.fsum(a for c, a in prior.items() if under(c, limit.prior))
            for limit in profile.homestead_limits
        }
        limit = max(limits, key=lambda each: limits[each])
        each_m2 = parcel.geom.area / max(parcel.households, 1)
        if limits[limit] <= 0 or each_m2 <= limit.limit_m2 + profile.tolerances.area_m2:
            continue
        yield Finding(
            "homestead_area",
            Severity.ERROR,
            f"图斑 {parcel.id} 新增宅基地每户 {figure(each_m2, 2)} 平方米，原用地主要为{limit.zh}，"
            f"上限 {limit.limit_m2:g} 平方米。请缩小图斑，或填写户数。",
            f"Homestead {parcel.id}: {figure(each_m2, 2)} m² a household exceed "
            f"{limit.limit_m2:g} m².",
            (parcel.id,),
            place=parcel.geom,
            area_m2=each_m2 - limit.limit_m2,
            article=profile.homestead_article,
        )


def _reserve(ground: Ground) -> Iterator[Finding]:
    profile, edition = ground.profile, ground.draft.edition
    built = [p for p in ground.parcels if profile.is_construction(edition, p.code)]
    kept = [p for p in built if under(p.code, profile.reserve_uses)]
    reserve = math.fsum(p.geom.area for p in kept)
    most = profile.reserve_share * math.fsum(p.geom.area for p in built)
    if reserve > most + profile.tolerances.area_m2:
        yield Finding(
            "reserve_share",
            Severity.ERROR,
            f"留白用地 {figure(reserve, 2)} 平方米，超过建设用地的 {profile.reserve_share:.0%}"
            f"（{figure(most, 2)} 平方米）。请减少 {figure(reserve - most, 2)} 平方米。",
            f"Reserved land of {figure(reserve, 2)} m² exceeds {figure(most, 2)} m².",
            tuple(sorted(p.id for p in kept)),
            area_m2=reserve - most,
            article=profile.reserve_article,
        )


def _goals(ground: Ground) -> Iterator[Finding]:
    for each in reckon(ground.draft, ground.profile):
        goal = each.goal
        if each.kept is False and each.target is not None:
            yield Finding(
                f"goal_missed/{goal.key}",
                Severity.ERROR if goal.binding else Severity.WARNING,
                f"目标“{goal.zh}”为 {_stated(goal.target)} {goal.unit}，按图形为 "
                f"{figure(each.target, 4)} {goal.unit}。请调整图斑或目标。",
                f"Goal {goal.key}: {_stated(goal.target)} wanted, "
                f"{figure(each.target, 4)} by geometry.",
            )
        if each.base_differs and goal.base is not None and each.base is not None:
            yield Finding(
                f"goal_base/{goal.key}",
                Severity.ERROR,
                f"目标表中“{goal.zh}”基期为 {_stated(goal.base)} {goal.unit}，按现状图形为 "
                f"{figure(each.base, 4)} {goal.unit}。请改正目标表。",
                f"Goal {goal.key}: base {_stated(goal.base)} stated, "
                f"{figure(each.base, 4)} by geometry.",
            )


def _base(ground: Ground) -> Iterator[Finding]:
    """Yield where the base year's parcels do not fill the frozen boundary, or leave it."""
    if not ground.base:
        yield Finding(
            "base_missing",
            Severity.ERROR,
            "还没有基期现状图斑，无法生成结构调整表。请先导入现状。",
            "There are no base-year parcels yet; import them.",
        )
        return
    covered = shapely.union_all(ground.base_geoms)
    for code, place, told in (
        ("base_gap", ground.draft.boundary.difference(covered), "没有覆盖村界内"),
        ("base_outside", covered.difference(ground.draft.boundary), "超出村界"),
    ):
        if parts := parts_over(place, ground.profile.tolerances.area_m2):
            whole = joined(parts)
            yield Finding(
                code,
                Severity.ERROR,
                f"基期现状图斑{told} {figure(whole.area, 2)} 平方米，基期与目标年总面积会不一致。"
                "请修补现状数据。",
                f"Base-year parcels: {code} of {figure(whole.area, 2)} m².",
                place=whole,
                area_m2=whole.area,
            )


def _stated(value: float) -> str:
    """Return a number of the goals' table as finely as it is written there."""
    return figure(value, decimals(value))
