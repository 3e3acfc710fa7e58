"""The shapes of rules, exceptions and obligations in the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.web.api.schemas import DivisionCode, LayerName, Plain

Period = Literal["week", "month", "quarter", "half_year", "year"]
AssetClass = Literal["public_welfare", "operating", "household"]
DutyState = Literal["upcoming", "open", "due_soon", "overdue", "done", "done_late", "excused"]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=500)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Count = Annotated[int, Field(ge=1, le=31)]
Id = Annotated[int, Field(ge=1, le=2_000_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QuestionBody(_Strict):
    """One question asked in place of the sheet's; ``severity`` is what a failure opens."""

    zh: Words
    en: Words = ""
    severity: Plain = "ordinary"
    category: Plain | None = None


class RuleBody(_Strict):
    """A rule as a whole; layer, kind and asset class left out mean any."""

    title: Words
    purpose: Name
    period: Period
    count: Count = 1
    basis: Words = Field(description="The document that the rule rests on.")
    valid_from: date
    valid_to: date | None = None
    layer: LayerName | None = None
    kind: Plain | None = None
    asset_class: AssetClass | None = None
    checklist: list[QuestionBody] | None = Field(
        None, max_length=50, description="Asked in place of the sheet's questions."
    )


class RulePath(BaseModel):
    """One rule."""

    rule_id: Id


class RuleOut(BaseModel):
    """One rule; with a ``norm_key`` it follows a file and is only withdrawn or restored here."""

    id: int
    norm_key: str | None
    title: str
    purpose: str
    layer: str | None
    kind: str | None
    asset_class: str | None
    period: Period
    count: int
    basis: str
    valid_from: date
    valid_to: date | None
    checklist: list[dict[str, Any]] | None
    withdrawn_at: str | None
    version: int
    updated_at: str


class Rules(BaseModel):
    """Every rule, those in use first."""

    rules: list[RuleOut]


class RuleChangeOut(BaseModel):
    """One change of a rule: who, when, and what changed; no actor: the files did it."""

    version: int
    action: Literal["create", "update", "withdraw", "restore"]
    actor: str | None
    at: str
    before: dict[str, Any]
    after: dict[str, Any]


class RuleHistory(BaseModel):
    """Every change of a rule, the newest first."""

    changes: list[RuleChangeOut]


class ExceptionBody(_Strict):
    """A reason, an end, and another interval; without period and count no visits are owed."""

    reason: Words
    valid_from: date
    valid_to: date
    purpose: Name | None = Field(None, description="Left out: every purpose.")
    period: Period | None = None
    count: Count | None = None


class ExceptionPath(BaseModel):
    """One exception."""

    exception_id: Id


class ExceptionFilter(_Strict):
    """Which exceptions."""

    current: bool = Field(
        default=False, description="Only those that are in force or still to come."
    )


class ExceptionOut(BaseModel):
    """One exception of one location."""

    id: int
    layer: str
    code: str
    name: str
    division_code: str
    purpose: str | None
    period: Period | None
    count: int | None
    reason: str
    valid_from: date
    valid_to: date
    granted_by: str | None
    revoked_at: str | None


class Exceptions(BaseModel):
    """Exceptions, the newest first."""

    exceptions: list[ExceptionOut]


class ObligationFilter(_Strict):
    """Which obligations, in which order, which page; ``todo`` is open, due soon or overdue."""

    division: DivisionCode | None = None
    layer: LayerName | None = None
    purpose: Name | None = None
    state: DutyState | Literal["todo"] | None = None
    assignee_id: Id | None = None
    due_from: date | None = None
    due_to: date | None = None
    sort: Literal[
        "due_on", "planned_on", "division_code", "code", "purpose", "layer", "done_on"
    ] = "due_on"
    descending: bool = False
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class ObligationPath(BaseModel):
    """One obligation."""

    obligation_id: Annotated[int, Field(ge=1, le=9_000_000_000_000_000_000)]


class ObligationOut(BaseModel):
    """One visit owed: by whom, for what, in which window of which period."""

    id: int
    layer: str
    code: str
    name: str
    division_code: str
    asset_class: str
    purpose: str
    period: Period
    period_start: date
    period_end: date
    period_label: str
    ordinal: int
    opens_on: date
    warn_on: date
    due_on: date
    planned_on: date | None
    assignee_id: int | None
    assignee: str | None
    state: DutyState
    done_on: date | None
    excuse: str | None
    rule_id: int | None
    exception_id: int | None
    invented: bool
    version: int


class ObligationPage(BaseModel):
    """One page of obligations; ``total`` counts every page."""

    items: list[ObligationOut]
    total: int
    page: int
    size: int


class PlanBody(_Strict):
    """The day and the account; what is left out stays, null takes it back."""

    planned_on: date | None = None
    assignee_id: Id | None = None


class ExcuseBody(_Strict):
    """Why the location is freed of this obligation."""

    reason: Words


class ObligationStep(BaseModel):
    """One thing that somebody decided: the plan, the excuse, or taking the excuse back."""

    at: str
    actor: str
    action: Literal["plan_obligation", "excuse_obligation", "reinstate_obligation"]
    action_name: str
    detail: dict[str, Any]


class ObligationHistory(BaseModel):
    """What people decided about an obligation, the latest first."""

    steps: list[ObligationStep]
