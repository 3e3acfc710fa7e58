"""Checks of one parcel by itself: its shape, code, name and stated area."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import shapely

from fuliang_gis.geo.validity import explain
from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.checks.ground import Ground
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.parcels import Parcel


def single_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield what is wrong with each of some parcels, or with any."""
    chosen = ground.parcels if ids is None else [p for p in ground.parcels if p.id in set(ids)]
    for parcel in chosen:
        fault = explain(parcel.geom)
        if fault is not None:
            place = None if fault.place is None else shapely.Point(fault.place)
            yield Finding(
                "invalid",
                Severity.ERROR,
                f"图斑 {parcel.id} 图形错误：{fault.zh}。请重画出错处。",
                f"Parcel {parcel.id} is invalid: {fault.en}.",
                (parcel.id,),
                place=place,
                fix="make_valid",
            )
        else:
            yield from _measures(ground, parcel)
        yield from _code(ground, parcel)


def _measures(ground: Ground, parcel: Parcel) -> Iterator[Finding]:
    limits = ground.profile.tolerances
    area, edge = parcel.geom.area, parcel.geom.length
    width = 2 * area / edge
    if area < limits.sliver_m2 or width < limits.sliver_width_m:
        yield Finding(
            "sliver",
            Severity.WARNING,
            f"图斑 {parcel.id} 是碎图斑（{figure(area, 2)} 平方米，平均宽 {figure(width, 2)} 米）。"
            "请并入相邻图斑。",
            f"Parcel {parcel.id} is a sliver ({figure(area, 2)} m², {figure(width, 2)} m wide).",
            (parcel.id,),
            place=parcel.geom,
            area_m2=area,
            fix="merge",
        )
    stated = parcel.stated_m2
    if stated is not None and abs(stated - area) > limits.stated_m2:
        yield Finding(
            "stated_area",
            Severity.ERROR,
            f"图斑 {parcel.id} 登记面积 {figure(stated, 2)} 平方米，图形面积 {figure(area, 2)} "
            f"平方米，相差 {figure(stated - area, 2, signed=True)}。请以图形面积更新。",
            f"Parcel {parcel.id} is stated as {figure(stated, 2)} m² and measures "
            f"{figure(area, 2)} m².",
            (parcel.id,),
            place=parcel.geom,
            area_m2=stated - area,
            fix="take_area",
        )


def _code(ground: Ground, parcel: Parcel) -> Iterator[Finding]:
    edition = ground.draft.edition
    if parcel.edition != edition:
        yield Finding(
            "other_edition",
            Severity.ERROR,
            f"图斑 {parcel.id} 的用地代码属于 {parcel.edition} 年版，本规划用 {edition} 年版。"
            "请先换成本规划的版本。",
            f"Parcel {parcel.id} has a code of edition {parcel.edition}, not {edition}.",
            (parcel.id,),
            place=parcel.geom,
            fix="translate_code",
        )
        return
    use = land_uses(edition).get(parcel.code)
    if use is None:
        yield Finding(
            "unknown_code",
            Severity.ERROR,
            f"图斑 {parcel.id} 的用地代码“{parcel.code}”不在 {edition} 年版分类中。"
            "请选择一个代码。",
            f"Parcel {parcel.id} has the code '{parcel.code}', unknown in edition {edition}.",
            (parcel.id,),
            place=parcel.geom,
            fix="choose_code",
        )
    elif parcel.stated_name not in (None, "", use.zh):
        yield Finding(
            "name_mismatch",
            Severity.ERROR,
            f"图斑 {parcel.id} 的代码 {parcel.code} 是“{use.zh}”，名称却写作"
            f"“{parcel.stated_name}”。请确认是代码错还是名称错。",
            f"Parcel {parcel.id}: code {parcel.code} is not named '{parcel.stated_name}'.",
            (parcel.id,),
            place=parcel.geom,
            fix="take_name",
        )
