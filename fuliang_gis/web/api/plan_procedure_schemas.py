"""The shapes of a plan's road, opinions, projects, goals, participation and waivers in the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.planning.goals import LONGEST_NAME, LONGEST_UNIT, MOST_GOALS
from fuliang_gis.planning.procedure.rules import LONGEST_NOTE, LONGEST_NUMBER
from fuliang_gis.planning.projects.rules import LARGEST, LONGEST, LONGEST_REMARK
from fuliang_gis.web.api.schemas import Plain
from fuliang_gis.web.api.village_plans_schemas import Id

Note = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST_NOTE)]
People = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[Decimal, Field(ge=0, le=LARGEST, decimal_places=2)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31))]
Column = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST)]
Cause = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", min_length=1, max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanRowsFilter(_Strict):
    """Which page of rows."""

    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


# --- the road ---


class PlanVoteBody(_Strict):
    """What an assembly decided."""

    assembly: Literal["villagers", "households", "representatives"]
    entitled: People
    attended: People
    in_favour: People
    against: People
    abstained: People
    place: Plain = ""
    summary: Note = ""


class PlanActBody(_Strict):
    """One step; ``held_on`` is its day (today by default), ``until`` the last day of a notice."""

    kind: Literal["submit", "vote", "notice", "forward", "approve", "publish", "force", "return"]
    held_on: Day | None = None
    note: Note = ""
    scheme: Id | None = None
    vote: PlanVoteBody | None = None
    until: Day | None = None
    number: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST_NUMBER)] = ""


class PlanChangeBody(_Strict):
    """Why a plan in force is changed."""

    note: Note


class PlanStageOut(BaseModel):
    """One step on the clock; days left are working days where ``working`` says so."""

    kind: str
    name: str
    who: str
    article: str
    phase: Literal["done", "now", "ahead"]
    on: date | None
    earliest: date | None
    latest: date | None
    days_left: int | None
    working: bool
    overdue: bool


class PlanRoadOut(BaseModel):
    """How far a plan got; ``version`` is the row version that the next step names."""

    id: int
    version: int
    title: str
    state: str
    state_name: str
    replaces: int | None
    notice_from: date | None
    notice_until: date | None
    approval_number: str | None
    approved_on: date | None
    published_on: date | None
    unanswered: int
    next: str | None
    stages: list[PlanStageOut]


class PlanActOut(BaseModel):
    """One act of the record."""

    id: int
    kind: str
    name: str
    from_state: str
    to_state: str
    held_on: date
    scheme: int | None
    scheme_version: int | None
    note: str
    until: str | None
    number: str | None
    actor: str | None
    at: str


class PlanActPage(BaseModel):
    """One page of acts, the newest first."""

    items: list[PlanActOut]
    total: int
    page: int
    size: int


# --- opinions ---


class PlanOpinionPath(BaseModel):
    """One opinion on a plan."""

    plan_id: Id
    opinion_id: Id


class PlanOpinionFilter(PlanRowsFilter):
    """Which opinions, which page."""

    state: Literal["waiting", "shown", "hidden"] | None = None
    answered: bool | None = None


class PlanOpinionBody(_Strict):
    """Whether the public sees an opinion, its answer, or both."""

    state: Literal["shown", "hidden"] | None = None
    verdict: Literal["adopted", "partly", "not_adopted"] | None = None
    reply: Note = ""


class PlanOpinionOut(BaseModel):
    """One opinion; ``place`` is EPSG:4548, east before north; ``version`` changes with it."""

    id: int
    version: int
    receipt: str
    parcel: str | None
    place: list[float] | None
    text: str
    signed: str
    state: str
    received_at: str
    verdict: str | None
    reply: str | None
    replied_at: str | None
    replier: str | None


class PlanOpinionPage(BaseModel):
    """One page of opinions, those first that wait for an answer."""

    items: list[PlanOpinionOut]
    total: int
    page: int
    size: int


# --- participation ---


class ParticipationPath(BaseModel):
    """One row of the participation record."""

    plan_id: Id
    row_id: Id


class ParticipationBody(_Strict):
    """What villagers took part in."""

    kind: Literal["mobilise", "survey", "consult", "vote", "notice"]
    held_on: Day
    attended: People
    place: Plain = ""
    entitled: People | None = None
    in_favour: People | None = None
    against: People | None = None
    abstained: People | None = None
    summary: Note = ""


class ParticipationOut(BaseModel):
    """One row of the participation record; ``bound`` ones carried a step and stay."""

    id: int
    kind: str
    name: str
    held_on: date
    place: str
    entitled: int | None
    attended: int
    in_favour: int | None
    against: int | None
    abstained: int | None
    summary: str
    recorder: str | None
    bound: bool


class ParticipationList(BaseModel):
    """The whole record, by day."""

    items: list[ParticipationOut]


# --- projects ---


class PlanProjectPath(BaseModel):
    """One project of a plan."""

    plan_id: Id
    project_id: Id


class PlanProjectBody(_Strict):
    """A row of the table; areas [m²], funds [万元]; ``location`` is ``layer/code`` of an asset."""

    kind: Column
    name: Column
    place: Column = ""
    land_m2: Amount | None = None
    floor_m2: Amount | None = None
    funds: Amount | None = None
    source: Column = ""
    responsible: Column = ""
    cooperating: Column = ""
    manner: Column = ""
    remark: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST_REMARK)] = ""
    parcel: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=64)] | None = None
    facility: Id | None = None
    location: (
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[^\x00/]+$", max_length=128)]
        | None
    ) = None


class PlanProjectMoveBody(_Strict):
    """The place in the table, from 1."""

    to: int = Field(ge=1, le=1_000_000)


class PlanProjectOut(BaseModel):
    """One project."""

    id: int
    version: int
    ordinal: int
    kind: str
    name: str
    place: str
    land_m2: Decimal | None
    floor_m2: Decimal | None
    funds: Decimal | None
    source: str
    responsible: str
    cooperating: str
    manner: str
    remark: str
    parcel: str | None
    facility: int | None
    location: str | None


class PlanProjectSums(BaseModel):
    """Sums of the whole table."""

    projects: int
    land_m2: Decimal
    floor_m2: Decimal
    funds: Decimal


class PlanProjectPage(BaseModel):
    """One page of projects in their order, with the sums of all."""

    items: list[PlanProjectOut]
    total: int
    page: int
    size: int
    sums: PlanProjectSums


# --- goals and waivers ---


class PlanGoalBody(_Strict):
    """A goal; ``key`` names an indicator that geometry tells, empty: none does."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z_]*$", max_length=40)] = ""
    zh: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST_NAME)]
    unit: Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=LONGEST_UNIT)] = ""
    base: float | None = Field(None, ge=0, le=1e9)
    target: float = Field(ge=0, le=1e9)
    binding: bool = True
    at_least: bool | None = None


class PlanGoalsBody(_Strict):
    """All goals, in place of those there are."""

    goals: list[PlanGoalBody] = Field(max_length=MOST_GOALS)


class PlanGoalStated(BaseModel):
    """A goal as the plan states it."""

    key: str
    zh: str
    unit: str
    base: float | None
    target: float
    binding: bool
    at_least: bool | None


class PlanGoalsOut(BaseModel):
    """All goals; ``version`` is the plan's row version."""

    version: int
    goals: list[PlanGoalStated]


class PlanWaiverPath(BaseModel):
    """One waiver of a plan."""

    plan_id: Id
    waiver_id: Id


class PlanWaiverBody(_Strict):
    """What is granted: a finding by its parcel and article, and why."""

    parcel: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=64)]
    article: Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=200)]
    reason: Cause


class PlanWaiverVoid(BaseModel):
    """Why a waiver that nobody took back does not count for the main scheme."""

    code: str
    zh: str
    en: str


class PlanWaiverOut(BaseModel):
    """One waiver; it holds for the main scheme until it is revoked or ``void`` says why not.

    ``asked`` tells whether its parcel still, or again, needs one there.
    """

    id: int
    scheme_id: int
    scheme: str
    parcel: str
    article: str
    reason: str
    granter: str | None
    granted_at: str
    revoker: str | None
    revoked_at: str | None
    holds: bool
    void: PlanWaiverVoid | None
    asked: bool


class PlanWaiverList(BaseModel):
    """All waivers, those first that hold."""

    items: list[PlanWaiverOut]
