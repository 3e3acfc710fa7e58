"""Taking an estimate of PV yield up: a proposed station and a row of the table of projects."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.geo import crs
from fuliang_gis.planning.fetching import drafted
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.norms import line_norms, profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.projects.facilities import SiteGiven, adopt
from fuliang_gis.planning.projects.models import PlanProject
from fuliang_gis.planning.projects.rules import ProjectGiven
from fuliang_gis.planning.services.candidates import Search, refusals
from fuliang_gis.planning.services.norms import Service, service_norms
from fuliang_gis.planning.services.pv import Station, Yield, pv_norms, pv_yield
from fuliang_gis.planning.serving import laid_out
from fuliang_gis.planning.standing import draft_at

On = Literal["roof", "ground"]
ON: dict[On, str] = {"roof": "屋顶", "ground": "地面"}
ADOPTING = "采纳光伏估算"
#: Land at a place that control lines are asked about [m²].
_FOOTPRINT_M2 = 100.0


@dataclass(frozen=True)
class PvTaken:
    """A station as somebody takes it up, on a roof or on the ground of a parcel.

    Capacity [kWp], tilt [°], azimuth [° from north], losses (0–1) are those of its estimate.
    """

    name: str
    parcel: str
    on: On
    kw: float
    tilt: float
    azimuth: float
    losses: float


def sunlit(boundary: BaseGeometry, taken: PvTaken) -> Station:
    """Return a station where estimates of a village are made: in its middle (EPSG:4548).

    Across a village the sun differs by less than a thousandth.
    """
    middle = boundary.centroid
    lon, lat = crs.to_geographic(np.array([[middle.x, middle.y]]))[0]
    angles = (taken.kw, taken.tilt, taken.azimuth, taken.losses)
    return Station(*angles, float(lat), float(lon))


def take_up_pv(
    session: Session, actor: Actor, plan_id: int, taken: PvTaken, *, expected: int | None
) -> PlanProject:
    """Make an estimated station a facility and a project of the plan, in its main scheme.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
        Invalid: The station cannot be, there is no such parcel, or nothing may be built there.
    """
    # Locked first, so that nobody changes the scheme between the look at it and the write.
    drafted(session, actor, plan_id, ADOPTING)
    laid = laid_out(session, actor, plan_id, None, None)
    draft = draft_at(session, laid.plan, laid.scheme, laid.ordinal)
    found = pv_yield(sunlit(draft.boundary, taken))
    if (told := place_problem(laid.plan, draft, taken)) is not None:
        en = f"No PV station can be put on parcel {taken.parcel}."
        raise Invalid([Problem("bad_site", told, en, "parcel")])
    place = draft.parcels[taken.parcel].geom.representative_point()
    kept = {name: value for name, value in asdict(taken).items() if name not in ("name", "parcel")}
    detail = {**kept, "year_kwh": round(found.year)}
    site = SiteGiven(
        taken.name, taken.parcel, (place.x, place.y), detail, "estimate", _row(taken, found)
    )
    (made,) = adopt(session, actor, plan_id, _service(), [site], expected=expected)
    return made


def place_problem(plan: VillagePlan, draft: Draft, taken: PvTaken) -> str | None:
    """Return why a station cannot be put on a parcel, in Chinese; None where it can."""
    if not taken.parcel:
        return "请填写电站所在的图斑编号，可在图上点选查看。"
    parcel = draft.parcels.get(taken.parcel)
    if parcel is None:
        return f"主方案里没有图斑 {taken.parcel}。请核对编号，可在图上点选查看。"
    numbers = profile(plan.profile)
    if taken.on == "roof":
        if numbers.is_construction(draft.edition, parcel.code):
            return None
        return f"图斑 {taken.parcel} 不是建设用地，没有屋顶。请换有房屋的图斑，或改选地面。"
    place, half = parcel.geom.representative_point(), _FOOTPRINT_M2**0.5 / 2
    footprint = shapely.box(place.x - half, place.y - half, place.x + half, place.y + half)
    rules = service_norms().candidates
    search = Search(_service(), rules, numbers, line_norms(), 0.0, with_permits=True)
    forbidden, _ = refusals(draft, footprint, search)
    told = f"图斑 {taken.parcel} 处的管控边界不允许建设地面电站。请换一个图斑，或改选屋顶。"
    return told if forbidden else None


def _service() -> Service:
    said = pv_norms().project
    code, kind = said.ground_code, said.kind
    return Service("pv_station", "光伏电站", "PV stations", "", (), code, _FOOTPRINT_M2, kind)


def _row(taken: PvTaken, found: Yield) -> ProjectGiven:
    price = pv_norms().project.yuan_per_kw
    cost = None if price is None else Decimal(str(price)) * Decimal(str(taken.kw)) / 10_000
    said = (
        f"{ON[taken.on]}光伏，装机 {taken.kw:g} kWp，年发电量约 {found.year:,.0f} 千瓦时"
        f"（估算：倾角 {taken.tilt:g}°、朝向 {taken.azimuth:g}°、系统损失 {taken.losses:.0%}）"
    )
    return ProjectGiven(funds=cost, remark=said)
