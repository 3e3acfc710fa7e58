"""What plans of rounds look like to whoever reads them; times are the county's, distances [m]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from fuliang_gis.inspections.rounds.team_queries import TeamRow
from fuliang_gis.inspections.rounds.times import seconds_between
from fuliang_gis.inspections.status.rules import Status
from fuliang_gis.routing.rounds import UNPLANNED_REASONS

PLAN_STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "draft": ("待求解", "draft"),
    "solving": ("求解中", "solving"),
    "solved": ("已求解", "solved"),
    "failed": ("求解失败", "failed"),
    "published": ("已发布", "published"),
    "withdrawn": ("已撤回", "withdrawn"),
}
STOP_STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "planned": ("待巡查", "planned"),
    "done": ("已巡查", "done"),
    "missed": ("未巡查", "missed"),
}

#: Why something is left over: the solver's reasons, and those that people and time add.
LEFT_OVER_NAMES: Mapping[str, str] = {
    **UNPLANNED_REASONS,
    "removed": "已由人工移出路线",
    "missed": "当天未巡查，且后面几天排不下",
    "dropped": "当天剩余时间不够，已从当天路线移出",
}
#: What to do about each of them.
LEFT_OVER_ADVICE: Mapping[str, str] = {
    "no_skill": "为一支队伍加上所需技能，或另选有此技能的队伍后重新求解。",
    "unreachable": "核对点位位置和道路；若因道路管制中断，解除管制后重新求解，或安排步行巡查。",
    "no_window": "调整队伍的工作日或上下班时间、改变方案起止日期后重新求解，或单独安排一天。",
    "no_capacity": "增加队伍、延长工作时间或方案天数后重新求解，或手工加入某一天的路线。",
    "removed": "需要时手工加入某一天的路线，或重新求解。",
    "missed": "手工加入后面某一天的路线，或延长方案后重新求解。",
    "dropped": "点“重新安排漏巡任务”插入后面几天，或手工加入某一天的路线。",
}


@dataclass(frozen=True)
class PlanRow:
    """A plan as lists show it; totals are None until it is solved."""

    id: int
    version: int
    title: str
    division_code: str
    division_name: str
    first_day: date
    last_day: date
    state: str
    rounds: int
    stops: int
    done: int
    missed: int
    left_over: int
    driving_seconds: int | None
    driving_metres: int | None
    based_on: int | None
    fault: str | None
    cancel_asked: bool
    created_by: str | None
    created_at: datetime
    solved_at: datetime | None
    published_at: datetime | None
    invented: bool

    @property
    def state_name(self) -> str:
        """The state in Chinese."""
        return PLAN_STATE_NAMES[self.state][0]


@dataclass(frozen=True)
class StopView:
    """One visit of a round; the place is lon/lat (EPSG:4490), driving that from the stop before.

    ``status`` is that of the location; ``due_on`` is None once the obligation is no more.
    """

    id: int
    round_id: int
    ordinal: int
    obligation_id: int | None
    location_id: int
    layer: str
    code: str
    name: str
    kind: str | None
    division_name: str
    purpose: str | None
    opens_on: date | None
    due_on: date | None
    obligation_state: str | None
    status: Status
    arrive: time
    begin: time
    leave: time
    drive_seconds: int
    drive_metres: int
    walk_metres: int
    lon: float
    lat: float
    locked: bool
    state: str

    @property
    def state_name(self) -> str:
        """The state in Chinese."""
        return STOP_STATE_NAMES[self.state][0]

    @property
    def waiting_seconds(self) -> int:
        """How long the team waits for the door to open [s]."""
        return seconds_between(self.arrive, self.begin)


@dataclass(frozen=True)
class RoundView:
    """One team's day with its stops in order; ``drive_home_*`` is the way back to the station.

    ``locked`` tells whether it stays as it is when solved again, because of a lock of its own or
    of its day or team. ``shift_seconds`` is the team's working day without its break.
    """

    id: int
    plan_id: int
    team_id: int
    team_name: str
    day: date
    starts: time
    ends: time
    pause_at: time | None
    pause_minutes: int
    driving_seconds: int
    driving_metres: int
    shift_seconds: int
    locked: bool
    stops: tuple[StopView, ...]

    @property
    def service_seconds(self) -> int:
        """Time spent at the stops [s]."""
        return sum(seconds_between(stop.begin, stop.leave) for stop in self.stops)

    @property
    def work_seconds(self) -> int:
        """From leaving the station to being back, without the break [s]."""
        pause = self.pause_minutes * 60 if self.pause_at is not None else 0
        return max(seconds_between(self.starts, self.ends) - pause, 0)

    @property
    def share(self) -> float:
        """What share of the shift the work takes, usually from 0 to 1."""
        return self.work_seconds / self.shift_seconds if self.shift_seconds else 0.0

    @property
    def drive_home_seconds(self) -> int:
        """Driving from the last stop to the station [s]."""
        return max(self.driving_seconds - sum(stop.drive_seconds for stop in self.stops), 0)

    @property
    def drive_home_metres(self) -> int:
        """Driving from the last stop to the station [m]."""
        return max(self.driving_metres - sum(stop.drive_metres for stop in self.stops), 0)


@dataclass(frozen=True)
class LeftOver:
    """What a plan could not take in, why, and what to do."""

    id: int
    obligation_id: int | None
    location_id: int
    layer: str
    code: str
    name: str
    division_name: str
    purpose: str | None
    due_on: date | None
    obligation_state: str | None
    reason: str
    lon: float
    lat: float

    @property
    def reason_name(self) -> str:
        """The reason in Chinese."""
        return LEFT_OVER_NAMES.get(self.reason, self.reason)

    @property
    def advice(self) -> str:
        """What to do, in Chinese."""
        return LEFT_OVER_ADVICE.get(self.reason, "手工加入某一天的路线，或重新求解。")


@dataclass(frozen=True)
class Load:
    """What one team does on one day: work and driving [s], stops, share of the shift."""

    team_id: int
    day: date
    round_id: int
    stops: int
    work_seconds: int
    driving_seconds: int
    driving_metres: int
    share: float


@dataclass(frozen=True)
class Totals:
    """A plan in numbers; ``spread`` is the longest less the shortest day's work [s]."""

    rounds: int
    stops: int
    done: int
    missed: int
    left_over: int
    driving_seconds: int
    driving_metres: int
    service_seconds: int
    work_seconds: int
    longest_seconds: int
    spread: int


@dataclass(frozen=True)
class TeamDays:
    """One team's rounds of a plan, by day."""

    team: TeamRow
    rounds: tuple[RoundView, ...]


@dataclass(frozen=True)
class PlanDetail:
    """A plan with everything that its page shows.

    ``asked`` are its wishes by name (see ``asking.Wishes``); ``curve`` the best cost so far over
    time, as pairs of [s] and cost; ``locked_days`` and ``locked_teams`` the locks of whole days
    and teams; ``teams`` holds those without rounds too.
    """

    plan: PlanRow
    asked: Mapping[str, object]
    curve: tuple[tuple[float, float], ...]
    locked_days: tuple[date, ...]
    locked_teams: tuple[int, ...]
    teams: tuple[TeamDays, ...]
    left_over: tuple[LeftOver, ...]
    totals: Totals

    @property
    def rounds(self) -> tuple[RoundView, ...]:
        """Every round, by day and team."""
        found = [each for team in self.teams for each in team.rounds]
        return tuple(sorted(found, key=lambda each: (each.day, each.team_name, each.team_id)))

    @property
    def loads(self) -> tuple[Load, ...]:
        """What each team does on each day, by team and day."""
        return tuple(load_of(each) for team in self.teams for each in team.rounds)


def load_of(each: RoundView) -> Load:
    """Return what a round asks of its team."""
    return Load(
        each.team_id,
        each.day,
        each.id,
        len(each.stops),
        each.work_seconds,
        each.driving_seconds,
        each.driving_metres,
        each.share,
    )


def totals_of(rounds: Sequence[RoundView], left_over: int) -> Totals:
    """Return a plan in numbers."""
    stops = [stop for each in rounds for stop in each.stops]
    work = [each.work_seconds for each in rounds]
    return Totals(
        len(rounds),
        len(stops),
        sum(stop.state == "done" for stop in stops),
        sum(stop.state == "missed" for stop in stops),
        left_over,
        sum(each.driving_seconds for each in rounds),
        sum(each.driving_metres for each in rounds),
        sum(each.service_seconds for each in rounds),
        sum(work),
        max(work, default=0),
        max(work, default=0) - min(work, default=0),
    )
