"""What printed and exported rounds tell: plan, team, stops and what to check at each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.defects.rules import named
from fuliang_gis.inspections.duties.records import load_rules
from fuliang_gis.inspections.duties.rules import Rule, strongest
from fuliang_gis.inspections.models import RoundPlan
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.rounds.fetching import fetch_plans
from fuliang_gis.inspections.rounds.lines import lines_of
from fuliang_gis.inspections.rounds.queries import (
    LeftOver,
    PlanRow,
    RoundView,
    StopView,
    one_round,
    plan_detail,
)
from fuliang_gis.inspections.rounds.team_queries import TeamRow, teams_by_id
from fuliang_gis.inspections.rounds.travelling import travel_on
from fuliang_gis.inspections.visits.checklist import limits_of
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import layer


@dataclass(frozen=True)
class ToldStop:
    """A stop with the questions and readings that its visit asks for."""

    stop: StopView
    layer_title: str
    purpose: str
    checks: tuple[str, ...]
    readings: tuple[str, ...]
    invented: bool


@dataclass(frozen=True)
class ToldRound:
    """One team's day of a plan."""

    plan: PlanRow
    round: RoundView
    team: TeamRow
    stops: tuple[ToldStop, ...]

    @property
    def invented(self) -> bool:
        """Whether anything of it is demo data."""
        made_up = any(each.invented for each in self.stops)
        return self.plan.invented or self.team.invented or made_up


@dataclass(frozen=True)
class ToldPlan:
    """A plan's rounds by day and team, and what it could not take in."""

    plan: PlanRow
    rounds: tuple[ToldRound, ...]
    left_over: tuple[LeftOver, ...]

    @property
    def invented(self) -> bool:
        """Whether anything of it is demo data."""
        return self.plan.invented or any(each.invented for each in self.rounds)


@dataclass(frozen=True)
class Way:
    """Where a round is driven, lon/lat (EPSG:4490): its line, its station, its stops in order.

    ``broken`` tells that roads which the plan drives are closed or gone, and left out.
    """

    line: tuple[tuple[float, float], ...]
    station: tuple[float, float]
    stops: tuple[tuple[float, float], ...]
    broken: bool


def told_round(session: Session, actor: Actor, round_id: int) -> ToldRound:
    """Return one round; members of its team read it too, once its plan is published.

    Raises:
        NotFound: There is no such round for the actor.
    """
    found = one_round(session, actor, round_id)
    (plan,) = fetch_plans(session, RoundPlan.id == found.plan_id)
    teams = teams_by_id(session, [found.team_id])
    return _told(session, plan, [found], teams)[0]


def told_plan(
    session: Session, actor: Actor, plan_id: int, *, team_id: int | None = None
) -> ToldPlan:
    """Return a plan; the same few statements however long it is.

    Args:
        team_id: Only this team's rounds.

    Raises:
        NotFound: There is no such plan in the actor's division, or no such team in it.
    """
    found = plan_detail(session, actor, plan_id)
    teams = {each.team.id: each.team for each in found.teams}
    if team_id is not None and team_id not in teams:
        raise NotFound(what="方案中的队伍", key=team_id)
    rounds = [each for each in found.rounds if team_id in (None, each.team_id)]
    return ToldPlan(found.plan, tuple(_told(session, found.plan, rounds, teams)), found.left_over)


def ways(session: Session, rounds: Sequence[ToldRound], day: date) -> list[Way]:
    """Return where rounds are driven over real roads, under the closures of a day.

    Raises:
        Invalid: There are no roads.
    """
    stations = {each.team.id: (each.team.lon, each.team.lat) for each in rounds}
    lines = lines_of(travel_on(session, day), [each.round for each in rounds], stations)
    return [
        Way(
            line.line,
            line.station,
            tuple((stop.lon, stop.lat) for stop in each.round.stops),
            line.broken,
        )
        for each, line in zip(rounds, lines, strict=True)
    ]


def _told(
    session: Session, plan: PlanRow, rounds: Sequence[RoundView], teams: Mapping[int, TeamRow]
) -> list[ToldRound]:
    rules = load_rules(session)
    facts = _facts(session, {stop.location_id for each in rounds for stop in each.stops})
    return [
        ToldRound(
            plan,
            each,
            teams[each.team_id],
            tuple(_stop(stop, each.day, rules, facts) for stop in each.stops),
        )
        for each in rounds
    ]


def _facts(session: Session, ids: Collection[int]) -> dict[int, tuple[str, bool]]:
    """Return asset class and whether it is invented, of each location."""
    wanted = select(Location.id, Location.asset_class, Location.invented)
    rows = session.execute(wanted.where(Location.id.in_(ids)))
    return {key: (asset_class, invented) for key, asset_class, invented in rows}


def _stop(
    stop: StopView, day: date, rules: Iterable[Rule], facts: Mapping[int, tuple[str, bool]]
) -> ToldStop:
    asset_class, invented = facts[stop.location_id]
    sheet = layer(stop.layer).sheet
    purpose = stop.purpose or "routine"
    rule = strongest(rules, stop.layer, stop.kind, asset_class, purpose, day)
    asked = sheet.inspection.checklist
    if rule is not None and rule.checklist is not None:
        asked = rule.checklist
    return ToldStop(
        stop,
        sheet.title.zh,
        named(norms().purposes, purpose),
        tuple(item.zh for item in asked if item.applies_to(stop.kind)),
        tuple(
            f"{item.zh}（{limits_of(item) or item.unit or '读数'}）"
            for item in sheet.inspection.readings
            if item.applies_to(stop.kind)
        ),
        invented,
    )
