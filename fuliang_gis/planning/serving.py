"""Analyses of a plan's services: who is reached in time, over which ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Literal

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid, NotFound, Problem
from fuliang_gis.planning import queries
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.projects.facilities import proposed, standing
from fuliang_gis.planning.services.candidates import (
    Candidate,
)
from fuliang_gis.planning.services.coverage import Coverage, Facility, coverage
from fuliang_gis.planning.services.demand import Demand, base_demands, demands
from fuliang_gis.planning.services.norms import Service, service_norms
from fuliang_gis.planning.services.ways import MODES, Mode, Ways, straight_minutes
from fuliang_gis.planning.standing import draft_at
from fuliang_gis.roads.network import network, version
from fuliang_gis.routing.graph import Floats

Year = Literal["target", "base"]

#: Facilities are looked for as far as one gets straight on in so many times the limit.
_BEYOND = 2.0
#: The farthest that facilities are looked for from the village [m].
_FARTHEST_M = 20_000.0
#: Roads are shown so far beyond the village [m].
_SHOWN_M = 400.0


@dataclass(frozen=True)
class Asked:
    """What is asked: the service, how people go, their limit [min], which year they live in.

    ``with_proposed`` counts what the plan proposes beside what stands.
    """

    service: str
    mode: Mode = "walk"
    minutes: int = 15
    year: Year = "target"
    with_proposed: bool = True


@dataclass(frozen=True)
class Laid:
    """A scheme at a version, with its plan."""

    plan: VillagePlan
    scheme: PlanScheme
    ordinal: int


@dataclass(frozen=True)
class Ground:
    """A scheme as analyses see it: homesteads, facilities, ways over roads, times [min].

    ``minutes`` and ``straight`` have shape ``(demands, facilities)``.
    """

    asked: Asked
    service: Service
    draft: Draft
    demands: Sequence[Demand]
    facilities: Sequence[Facility]
    ways: Ways
    minutes: Floats
    straight: Floats

    @cached_property
    def coverage(self) -> Coverage:
        """Return who is reached."""
        return coverage(self.demands, self.minutes, self.straight, self.asked.minutes)

    @cached_property
    def off_road(self) -> list[Demand]:
        """Return who lives too far from every road."""
        lost = self.ways.off_road(places_of(self.demands))
        return [each for each, gone in zip(self.demands, lost, strict=True) if gone]

    def area(self, facilities: Sequence[Facility] | None = None) -> BaseGeometry:
        """Return, for show, the land from which a facility is reached in time."""
        shown = self.facilities if facilities is None else facilities
        window = self.draft.boundary.buffer(_SHOWN_M)
        return self.ways.area(places_of(shown), self.asked.minutes, window)


def laid_out(
    session: Session, actor: Actor, plan_id: int, scheme_id: int | None, ordinal: int | None
) -> Laid:
    """Return a scheme of a plan at a version; by default the main one as it is.

    Raises:
        NotFound: There is no such plan, scheme or version for the actor.
    """
    plan = queries.plan(session, actor, plan_id).plan
    schemes = [row.scheme for row in queries.schemes(session, plan_id)]
    wanted = [e for e in schemes if (e.chosen if scheme_id is None else e.id == scheme_id)]
    if not wanted:
        raise NotFound(what="规划方案", key=plan_id if scheme_id is None else scheme_id)
    return Laid(plan, wanted[0], queries.version_of(wanted[0], ordinal))


def ground_of(session: Session, actor: Actor, laid: Laid, asked: Asked) -> Ground:
    """Read what an analysis needs, and reckon all times to what serves.

    Raises:
        Invalid: The service, the mode or the minutes cannot be, or there are no roads.
    """
    _refuse_faults(asked)
    norms = service_norms()
    plan, service = laid.plan, norms.services[asked.service]
    draft = draft_at(session, plan, laid.scheme, laid.ordinal)
    numbers = profile(plan.profile)
    homes = (
        demands(draft, numbers)
        if asked.year == "target"
        else base_demands(draft, numbers, norms.homestead_m2)
    )
    speed = norms.kmh[asked.mode]
    reach = min(asked.minutes * _BEYOND * speed * 1000 / 60, _FARTHEST_M)
    facilities = standing(session, actor, service, draft.boundary.buffer(reach))
    if asked.with_proposed:
        facilities += proposed(session, plan.id, service.key)
    ways = _kept.ways(session, asked.mode)
    starts, goals = places_of(homes), places_of(facilities)
    return Ground(
        asked,
        service,
        draft,
        homes,
        facilities,
        ways,
        ways.minutes(starts, goals),
        straight_minutes(starts, goals, speed),
    )


class _Kept:
    """Ways over the network by mode, as long as roads stay as they are."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._of: dict[Mode, tuple[str, Ways]] = {}

    def ways(self, session: Session, mode: Mode) -> Ways:
        """Return the ways of a mode over the network as it is now."""
        current, norms = version(session), service_norms()
        with self._lock:
            known = self._of.get(mode)
            if known is None or known[0] != current:
                graph = network(session)
                made = Ways(graph, mode, norms.kmh["walk"], norms.farthest_off_road_m)
                known = self._of[mode] = (current, made)
            return known[1]


_kept = _Kept()


def places_of(things: Sequence[Demand | Facility | Candidate]) -> Floats:
    """Return plane places, shape ``(things, 2)``."""
    return np.array([[each.x, each.y] for each in things], dtype=np.float64).reshape(-1, 2)


def _refuse_faults(asked: Asked) -> None:
    norms = service_norms()
    faults = []
    if asked.service not in norms.services:
        faults.append(Problem("unknown_choice", "没有这类服务。", "No such service.", "service"))
    if asked.mode not in MODES:
        faults.append(Problem("unknown_choice", "请选择步行或驾车。", "Walk or drive.", "mode"))
    if asked.year not in ("target", "base"):
        told = ("请选择规划方案或现状。", "Choose the scheme or the base year.")
        faults.append(Problem("unknown_choice", *told, "year"))
    least, most = norms.minutes.least, norms.minutes.most
    if not least <= asked.minutes <= most:
        told = (f"时限应为 {least} 到 {most} 分钟。", f"{least} to {most} minutes.")
        faults.append(Problem("out_of_range", *told, "minutes"))
    if faults:
        raise Invalid(faults)
