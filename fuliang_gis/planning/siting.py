"""Choosing sites for a plan's services among places that nothing forbids, and taking them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.planning.fetching import drafted
from fuliang_gis.planning.models import PLAN_SRID, VillagePlan
from fuliang_gis.planning.norms import line_norms, profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.projects.facilities import ADOPTING, SiteGiven, adopt
from fuliang_gis.planning.projects.models import PlanProject
from fuliang_gis.planning.services.candidates import (
    Candidate,
    Search,
    candidates,
    refusals,
    shortlist,
)
from fuliang_gis.planning.services.coverage import Coverage, coverage
from fuliang_gis.planning.services.demand import Demand
from fuliang_gis.planning.services.norms import Service, service_norms
from fuliang_gis.planning.services.siting import Model, Question, grouped, reachable, site
from fuliang_gis.planning.services.ways import straight_minutes
from fuliang_gis.planning.serving import Ground, laid_out, places_of
from fuliang_gis.planning.standing import draft_at
from fuliang_gis.roads.models import Road

#: As many sites are looked for at once.
MOST_SITES = 20
#: Models of more times than this take longer than a page may.
_LARGEST_TABLE = 30_000


@dataclass(frozen=True)
class Site:
    """A chosen candidate with who goes there: households in time, minutes on the mean."""

    candidate: Candidate
    households: int
    mean_minutes: float | None
    parcels: tuple[str, ...]


@dataclass(frozen=True)
class Siting:
    """Chosen sites; who is reached before and after; who is out of reach of every candidate."""

    ground: Ground
    model: Model
    candidates: int
    sites: tuple[Site, ...]
    after: Coverage
    out_of_reach: tuple[Demand, ...]
    optimal: bool


@dataclass(frozen=True)
class SiteTaken:
    """A site as somebody takes it up: name, parcel, place [m], and whom it was found to serve."""

    name: str
    parcel: str
    x: float
    y: float
    households: int = 0


def siting_of(
    session: Session,
    plan: VillagePlan,
    ground: Ground,
    model: Model,
    sites: int,
    *,
    with_permits: bool = False,
) -> Siting:
    """Choose sites for what is missing.

    Raises:
        Invalid: So many sites cannot be.
    """
    if not 1 <= sites <= MOST_SITES:
        told = f"站点数应为 1 到 {MOST_SITES}。"
        raise Invalid([Problem("out_of_range", told, f"1 to {MOST_SITES} sites.", "sites")])
    reach = ground.asked.minutes * service_norms().kmh[ground.asked.mode] * 1000 / 60
    search = _search(plan, ground.service, reach, with_permits=with_permits)
    every = candidates(ground.draft, ground.demands, _roads(session, ground), search)
    minutes = ground.ways.minutes(places_of(ground.demands), places_of(every))
    homes = np.array([d.households for d in ground.demands], dtype=np.float64)
    existing = ground.minutes.min(axis=1, initial=np.inf)
    limit, solving = ground.asked.minutes, service_norms().solving
    short = shortlist(minutes, homes, limit, _most(search, model, len(homes)))
    found, minutes = [every[n] for n in short], minutes[:, short]
    places = places_of(found)
    question = Question(model, minutes, existing, homes, limit, sites, solving.seconds)
    large = model == "least_time" and len(homes) > solving.group_over
    answer = site(
        grouped(question, places_of(ground.demands), solving.group_m) if large else question
    )
    chosen = list(answer.chosen)
    speed = service_norms().kmh[ground.asked.mode]
    straight = straight_minutes(places_of(ground.demands), places[chosen], speed)
    after = coverage(
        ground.demands,
        np.column_stack([ground.minutes, minutes[:, chosen]]),
        np.column_stack([ground.straight, straight]),
        limit,
    )
    return Siting(
        ground,
        model,
        len(every),
        tuple(_site(found[n], after, len(ground.facilities) + i) for i, n in enumerate(chosen)),
        after,
        tuple(ground.demands[n] for n in np.flatnonzero(~reachable(question)).tolist()),
        answer.optimal,
    )


def take_up(
    session: Session,
    actor: Actor,
    plan_id: int,
    service_key: str,
    sites: Sequence[SiteTaken],
    *,
    minutes: int,
    expected: int | None,
) -> list[PlanProject]:
    """Make sites of the main scheme facilities and projects of the plan.

    Raises:
        NotFound, Forbidden, OutsideDivision, WrongState, VersionRequired, Conflict: As they say.
        Invalid: A place does not lie in its parcel any more, or a control line forbids it.
    """
    # Locked first, so that nobody changes the scheme between the look at it and the write.
    drafted(session, actor, plan_id, ADOPTING)
    laid = laid_out(session, actor, plan_id, None, None)
    services = service_norms().services
    if service_key not in services:
        unknown = ("没有这类服务。", "No such service.")
        raise Invalid([Problem("unknown_choice", *unknown, "service")])
    service = services[service_key]
    draft = draft_at(session, laid.plan, laid.scheme, laid.ordinal)
    faults = [
        Problem("bad_site", told, f"Site in {each.parcel} cannot be used.", "sites")
        for each in sites
        if (told := site_problem(laid.plan, draft, service, each)) is not None
    ]
    if faults:
        raise Invalid(faults)
    given = [
        SiteGiven(
            each.name,
            each.parcel,
            (each.x, each.y),
            {"households": each.households, "minutes": minutes},
        )
        for each in sites
    ]
    return adopt(session, actor, plan_id, service, given, expected=expected)


def site_problem(plan: VillagePlan, draft: Draft, service: Service, taken: SiteTaken) -> str | None:
    """Return why a facility cannot be put at a place, in Chinese; None where it can."""
    found = draft.parcels.get(taken.parcel)
    if found is None:
        return f"方案里没有图斑 {taken.parcel}，可能已被修改。请重新选址。"
    if not found.geom.intersects(shapely.Point(taken.x, taken.y)):
        return f"站点不在图斑 {taken.parcel} 内，方案可能已被修改。请重新选址。"
    half = service.footprint_m2**0.5 / 2
    footprint = shapely.box(taken.x - half, taken.y - half, taken.x + half, taken.y + half)
    search = _search(plan, service, 0.0, with_permits=True)
    forbidden, _ = refusals(draft, footprint, search)
    return f"图斑 {taken.parcel} 处的管控边界不允许建设。请重新选址。" if forbidden else None


def _most(search: Search, model: Model, homes: int) -> int:
    """Return how many candidates are chosen from: fewer where there are many homesteads."""
    rules = search.rules
    if model == "least_time":
        return rules.most_for_time
    return max(rules.most_for_time, min(rules.most, _LARGEST_TABLE // max(homes, 1)))


def _search(plan: VillagePlan, service: Service, reach_m: float, *, with_permits: bool) -> Search:
    rules, numbers = service_norms().candidates, profile(plan.profile)
    return Search(service, rules, numbers, line_norms(), reach_m, with_permits)


def _site(candidate: Candidate, after: Coverage, column: int) -> Site:
    own = [r for r in after.reaches if r.facility == column and r.minutes <= after.limit]
    homes = sum(r.demand.households for r in own)
    mean = sum(r.minutes * r.demand.households for r in own) / homes if homes else None
    return Site(candidate, homes, mean, tuple(r.demand.parcel for r in own))


def _roads(session: Session, ground: Ground) -> list[BaseGeometry]:
    """Return the roads inside the village, on the plane."""
    boundary = ground.draft.boundary
    on_plane = func.ST_AsBinary(func.ST_Transform(Road.geom, PLAN_SRID))
    wkb = func.ST_GeomFromWKB(shapely.to_wkb(shapely.envelope(boundary)), PLAN_SRID)
    window = func.ST_Transform(wkb, SRID)
    wanted = select(on_plane).where(Road.geom.intersects(window)).order_by(Road.id)
    lines = np.array(
        [shapely.from_wkb(bytes(row)) for row in session.scalars(wanted)], dtype=object
    )
    inside = shapely.intersection(lines, boundary)
    return [part for part in shapely.get_parts(inside).tolist() if part.length > 1]
