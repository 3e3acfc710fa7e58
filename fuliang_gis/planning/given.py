"""What plans are made from, and what may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.areas.models import Division
from fuliang_gis.errors import Problem
from fuliang_gis.planning.codes import EDITIONS, land_uses
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.parcels import ControlLine, Parcel

#: Most parcels of one scheme: a village has some hundreds.
MOST_PARCELS = 20_000


@dataclass(frozen=True)
class PlanGiven:
    """What a plan is made from; the boundary on the plane of EPSG:4548."""

    division_code: str
    title: str
    base_year: int
    target_year: int
    boundary: BaseGeometry
    edition: str = "2023"
    profile: str = "jiangxi"
    population: int | None = None


def parcel_problems(parcels: Iterable[Parcel], edition: str) -> list[Problem]:
    """Return what keeps parcels from being stored; the problems' fields are their ids."""
    known = land_uses(edition)
    found = []
    for each in parcels:
        if each.code not in known:
            told = f"图斑 {each.id} 的用地代码“{each.code}”不在 {edition} 年版分类中。"
            found.append(Problem("unknown_code", told, f"Unknown code {each.code}.", each.id))
        if not isinstance(each.geom, Polygon) or each.geom.is_empty or not each.geom.is_valid:
            told = (
                f"图斑 {each.id} 的图形有误（须为不自相交的单个多边形）。"
                "请重画，或在原软件中修复后重新导入。"
            )
            found.append(Problem("bad_geometry", told, "The shape is broken.", each.id))
        if each.households < 1:
            told = f"图斑 {each.id} 的户数应不少于 1。"
            found.append(Problem("out_of_range", told, "There is one household at least.", each.id))
    return found


def line_problems(lines: Iterable[ControlLine]) -> list[Problem]:
    """Return what keeps control lines from being stored; the problems' fields are their ids."""
    found = []
    for each in lines:
        if each.code not in line_norms().names:
            told = f"管控边界 {each.id} 的代码“{each.code}”未知。"
            found.append(Problem("unknown_line", told, f"Unknown line {each.code}.", each.id))
        if each.geom.is_empty or not each.geom.is_valid or each.geom.area <= 0:
            told = f"管控边界 {each.id} 的图形有误，请修正后再导入。"
            found.append(Problem("bad_geometry", told, "The shape is broken.", each.id))
    return found


def plan_problems(given: PlanGiven, village: Division | None) -> list[Problem]:
    """Return what is wrong with a new plan."""
    found = []
    if village is None or village.level != "village":
        told = ("请选择一个村级区划。", "Choose a village.")
        found.append(Problem("no_village", *told, "division_code"))
    if not given.title.strip():
        found.append(Problem("required", "请填写规划名称。", "A title is required.", "title"))
    if not 1990 <= given.base_year < given.target_year <= 2100:
        told = ("目标年应晚于基期年，且在 1990～2100 之间。", "The years cannot be used.")
        found.append(Problem("out_of_order", *told, "target_year"))
    if given.edition not in EDITIONS:
        told = (f"用地分类版本应为 {'、'.join(EDITIONS)} 之一。", "Unknown edition.")
        found.append(Problem("unknown_edition", *told, "edition"))
    shape = given.boundary
    if shape.is_empty or not shape.is_valid or not isinstance(shape, Polygon | MultiPolygon):
        told = ("村界图形有误，请提供不自相交的面。", "The boundary is broken.")
        found.append(Problem("bad_geometry", *told, "boundary"))
    return found


def too_many() -> Problem:
    """Return the problem of a scheme with more parcels than a village can have."""
    return Problem(
        "too_many_parcels",
        f"一个方案最多 {MOST_PARCELS} 个图斑。请检查是否重复导入。",
        f"A scheme holds {MOST_PARCELS} parcels at most.",
        "geom",
    )
