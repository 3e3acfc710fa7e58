"""The shapes of plans of rounds in the API: what is asked, and what is told of a plan."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.inspections.rounds.operations import LONGEST_SECONDS, LONGEST_TITLE, PlanGiven
from fuliang_gis.web.api.schemas import DivisionCode, Plain, StatusOut
from fuliang_gis.web.api.teams_schemas import Id, TeamOut, TimeOut

BigId = Annotated[int, Field(ge=1, le=9_000_000_000_000_000_000)]
PlanSort = Literal[
    "title",
    "state",
    "first_day",
    "division_code",
    "rounds",
    "stops",
    "left_over",
    "driving_seconds",
    "created_at",
]
PlanState = Literal["draft", "solving", "solved", "failed", "published", "withdrawn"]
StopState = Literal["planned", "done", "missed"]
Title = Annotated[str, StringConstraints(max_length=LONGEST_TITLE)]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Strict(BaseModel):
    """Takes nothing that it does not know."""

    model_config = ConfigDict(extra="forbid")


class WishesBody(Strict):
    """What a plan is asked for; see ``docs/how-to``."""

    early: bool = Field(default=True, description="Take in what is due only after the span.")
    balance: Weight = Field(
        default=0.0, description="What a second beyond the usual day's work costs."
    )
    late_counts: Weight = Field(default=3.0, description="How much more an overdue visit counts.")
    early_counts: Weight = Field(
        default=0.4, description="How much less one counts that could wait."
    )
    seconds: float = Field(
        default=30.0,
        ge=1,
        le=LONGEST_SECONDS,
        allow_inf_nan=False,
        description="Time to search [s].",
    )
    seed: int = Field(default=1, ge=0, lt=2**31)
    iterations: int | None = Field(
        default=None, ge=1, le=1_000_000, description="In place of the time: one seed, one plan."
    )


class PlanValues(Strict):
    """What a plan is to be; ``apart`` names pairs of locations (ids) that keep different days."""

    title: Title
    first_day: date
    last_day: date
    team_ids: list[Id] = Field(min_length=1, max_length=200)
    wishes: WishesBody = WishesBody()
    apart: list[Annotated[list[BigId], Field(min_length=2, max_length=2)]] = Field(
        default=[], max_length=200
    )

    def given(self, division_code: str = "") -> PlanGiven:
        """Return the plan as operations take it."""
        return PlanGiven(
            self.title,
            division_code,
            self.first_day,
            self.last_day,
            tuple(self.team_ids),
            Wishes(**self.wishes.model_dump()),
            tuple((first, second) for first, second in self.apart),
        )


class RoundPlanBody(PlanValues):
    """A new plan."""

    division_code: DivisionCode


class CopyBody(Strict):
    """What the copy is called; left out: as the plan itself, and that it is a copy."""

    title: Title | None = None


class LockBody(Strict):
    """Lock or unlock one of: a stop, a round, a day, a team."""

    stop_id: BigId | None = None
    round_id: BigId | None = None
    day: date | None = None
    team_id: Id | None = None
    locked: bool

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if len(self.model_fields_set - {"locked"}) != 1:
            raise ValueError("name one of stop_id, round_id, day, team_id")
        return self


class StopMoveBody(Strict):
    """Where a stop goes, or what is left over; ``ordinal`` left out: the best place of the day."""

    stop_id: BigId | None = Field(None, description="A stop of the plan.")
    obligation_id: BigId | None = Field(None, description="Or an obligation that has no stop.")
    team_id: Id
    day: date
    ordinal: int | None = Field(None, ge=1, le=1000)

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.stop_id is None) == (self.obligation_id is None):
            raise ValueError("name either stop_id or obligation_id")
        return self


class MissedBody(Strict):
    """From which day rounds may change; left out: the first one that no team has begun."""

    from_day: date | None = None


class HereBody(Strict):
    """Where a team is now, EPSG:4490."""

    team_id: Id
    lon: Annotated[float, Field(allow_inf_nan=False)]
    lat: Annotated[float, Field(allow_inf_nan=False)]


class PlanFilter(Strict):
    """Which plans, which page; the days keep plans that have a day in that span."""

    division: DivisionCode | None = None
    state: PlanState | None = None
    q: Plain | None = Field(None, description="Part of a title.")
    first_day: date | None = None
    last_day: date | None = None
    team_id: Id | None = Field(None, description="Only plans that are for this team.")
    mine: bool = Field(default=False, description="Only plans that one has made oneself.")
    sort: PlanSort = "first_day"
    descending: bool = True
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class PlanPath(BaseModel):
    """One plan."""

    plan_id: BigId


class StopPath(PlanPath):
    """One stop of a plan."""

    stop_id: BigId


class RoundPath(BaseModel):
    """One round."""

    round_id: BigId


class RoundFilter(Strict):
    """Which rounds of a plan."""

    team_id: Id | None = None
    day: date | None = None


class CompareQuery(Strict):
    """The plan to hold against."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    other: BigId = Field(alias="with")


class PlanSummary(BaseModel):
    """One plan in a list; totals are null until it is solved [s], [m]."""

    id: int
    version: int
    title: str
    division_code: str
    division_name: str
    first_day: date
    last_day: date
    state: PlanState
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
    created_at: str
    solved_at: str | None
    published_at: str | None
    invented: bool


class PlanPage(BaseModel):
    """One page of plans, the latest days first; ``total`` counts every page."""

    items: list[PlanSummary]
    total: int
    page: int
    size: int


class StopOut(BaseModel):
    """One visit of a round; driving [s], [m] is from the stop before, walking [m] from the road."""

    id: int
    ordinal: int
    obligation_id: int | None
    layer: str
    code: str
    name: str
    kind: str | None
    division_name: str
    purpose: str | None
    due_on: date | None
    status: StatusOut
    arrive: TimeOut
    begin: TimeOut
    leave: TimeOut
    drive_seconds: int
    drive_metres: int
    walk_metres: int
    lon: float
    lat: float
    locked: bool
    state: StopState


class RoundOut(BaseModel):
    """One team's day; ``share`` is the work's share of the shift."""

    id: int
    plan_id: int
    team_id: int
    team_name: str
    day: date
    starts: TimeOut
    ends: TimeOut
    pause_at: TimeOut | None
    pause_minutes: int
    driving_seconds: int
    driving_metres: int
    service_seconds: int
    work_seconds: int
    share: float
    locked: bool
    stops: list[StopOut]


class Rounds(BaseModel):
    """Rounds, by day and team."""

    rounds: list[RoundOut]


class LeftOverOut(BaseModel):
    """What could not be planned, why, and what to do."""

    id: int
    obligation_id: int | None
    layer: str
    code: str
    name: str
    division_name: str
    purpose: str | None
    due_on: date | None
    reason: str
    reason_zh: str
    advice: str
    lon: float
    lat: float


class TotalsOut(BaseModel):
    """A plan in numbers [s], [m]; ``spread`` is the longest less the shortest day's work."""

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


class PlanOut(PlanSummary):
    """A plan as a whole; ``curve`` is the best cost so far over time, pairs of [s] and cost."""

    asked: dict[str, Any]
    curve: list[list[float]]
    locked_days: list[date]
    locked_teams: list[int]
    teams: list[TeamOut]
    plan: list[RoundOut]
    unplanned: list[LeftOverOut]
    totals: TotalsOut


class ProgressOut(BaseModel):
    """How far a search is."""

    state: PlanState
    version: int
    curve: list[list[float]]
    fault: str | None
    cancel_asked: bool
    seconds: float


class RoundPlanEventOut(BaseModel):
    """One act on a plan."""

    at: str
    actor: str
    action: str
    detail: dict[str, Any]


class PlanHistory(BaseModel):
    """What was done with a plan, the latest first."""

    events: list[RoundPlanEventOut]
