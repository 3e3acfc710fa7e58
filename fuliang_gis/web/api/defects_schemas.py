"""The shapes of problems, measures and disposals in the API."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.inspections.defects.given import MOST_MEASURES
from fuliang_gis.web.api.schemas import Code, DivisionCode, LayerName, Plain, Text
from fuliang_gis.web.api.visits_schemas import FileOut

Number = Annotated[str, StringConstraints(pattern=r"^WT-\d{4}-\d{5,9}$")]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=2000)]
Money = Annotated[Decimal, Field(ge=0, le=10_000_000_000, decimal_places=2)]
State = Literal["found", "assigned", "fixed", "verified", "closed"]
Severity = Literal["minor", "ordinary", "serious"]
Source = Literal["visit", "report", "manual", "supervision"]
DisposalAct = Literal["revive", "transfer", "scrap"]
DisposalState = Literal["proposed", "approved", "refused", "done", "withdrawn"]
Ordinal = Annotated[int, Field(ge=1, le=100_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlaceOut(BaseModel):
    """The location that a problem or disposal is about."""

    layer: str
    code: str
    name: str


class MeasureOut(BaseModel):
    """One measure; it is closed over only when verified, by another person than who fixed it."""

    ordinal: int
    text: str
    responsible_unit: str | None
    due_on: date | None
    state: Literal["open", "fixed", "verified"]
    feedback: str | None
    cost_yuan: Decimal | None
    fixed_by: str | None
    fixed_at: str | None
    verified_by: str | None
    verified_at: str | None
    opinion: str | None
    rejections: int


class EventOut(BaseModel):
    """One step of a problem's way."""

    action: str
    actor: str
    at: str
    text: str | None
    measure: int | None
    detail: dict[str, Any]


class PhotoOut(FileOut):
    """One photo of a problem; ``measures`` are those that it shows carried out."""

    caption: str | None
    uploaded_at: datetime
    measures: list[int]


class Photos(BaseModel):
    """The photos of a problem: its own, those of its visit and of the report it comes from."""

    photos: list[PhotoOut]


class DefectPhotoForm(BaseModel):
    """One picture: JPEG, PNG, WebP or HEIC, at most 40 MB; one of after names its measure."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: FileStorage
    role: Literal["before", "after"]
    measure: Ordinal | None = None


class PaperOut(FileOut):
    """One paper of a disposal: approval, contract, receipt, or a picture of the asset."""

    caption: str | None
    uploaded_at: datetime
    uploaded_by: str | None


class Papers(BaseModel):
    """The papers of a disposal."""

    attachments: list[PaperOut]


class PaperForm(BaseModel):
    """One picture: JPEG, PNG, WebP or HEIC, at most 40 MB, and what it shows."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: FileStorage
    caption: Plain | None = None


class DefectSummary(BaseModel):
    """One problem of the ledger."""

    number: Number
    title: str
    description: str | None
    location: PlaceOut | None
    division_code: str
    division: str
    category: str
    severity: Severity
    source: Source
    aspect: str | None
    state: State
    state_name: Text
    overdue_days: int = Field(description="Days it is overdue; 0 when it is not.")
    lead_unit: str | None
    responsible_unit: str | None
    owner: str | None
    due_on: date
    found_by: str
    found_at: str
    closed_at: str | None
    closing_note: str | None
    cost_yuan: Decimal | None
    measures_total: int
    measures_verified: int
    photos_total: int
    rejections: int
    reopenings: int
    escalated_to: Literal["township", "county"] | None
    invented: bool
    version: int
    updated_at: str


class DefectOut(DefectSummary):
    """One problem with its measures, way and photos."""

    visit: str | None = Field(description="UUID of the visit that found it.")
    measures: list[MeasureOut]
    events: list[EventOut]
    photos: list[PhotoOut]


class DefectPage(BaseModel):
    """One page of the ledger; ``total`` counts every page."""

    items: list[DefectSummary]
    total: int
    page: int
    size: int


class DefectStatistics(BaseModel):
    """How many problems stand where; ``awaiting`` is 待反馈, ``under_way`` 整改中/待验收."""

    total: int
    found: int
    assigned: int
    fixed: int
    verified: int
    closed: int
    awaiting: int
    under_way: int
    overdue: int
    rate: float | None


class DefectNarrowed(_Strict):
    """Which problems."""

    division: DivisionCode | None = None
    state: State | Literal["open", "overdue"] | None = None
    severity: Severity | None = None
    category: Plain | None = None
    source: Source | None = None
    aspect: Plain | None = None
    mine: bool = Field(default=False, description="Only those that the caller is to fix.")
    q: Plain | None = Field(None, description="Part of number, title, location, owner or unit.")


class DefectFilter(DefectNarrowed):
    """Which problems, in which order, which page."""

    sort: Plain = "found_at"
    descending: bool = True
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class DefectPath(BaseModel):
    """One problem."""

    number: Number


class MeasurePath(DefectPath):
    """One measure of a problem."""

    ordinal: Ordinal


class MeasureBody(_Strict):
    """One measure; with ``ordinal`` it changes that open one."""

    text: Words
    responsible_unit: Plain | None = None
    due_on: date | None = None
    ordinal: Ordinal | None = None


Measures = Annotated[list[MeasureBody], Field(max_length=MOST_MEASURES)]


class FindBody(_Strict):
    """A problem; its place is a location (``layer``, ``code``), or a division alone."""

    title: Plain
    category: Plain
    severity: Severity
    description: Words | None = None
    layer: LayerName | None = None
    code: Code | None = None
    division_code: DivisionCode | None = None
    source: Literal["manual", "supervision"] = "manual"
    aspect: Plain | None = Field(None, description="Needed for supervision.")
    lead_unit: Plain | None = None
    responsible_unit: Plain | None = None
    owner_name: Plain | None = None
    due_on: date | None = Field(None, description="Follows from the severity when left out.")
    measures: Measures = []


class ChangeDefectBody(_Strict):
    """Values to set right; those left out stay."""

    title: Plain | None = None
    description: Words | None = None
    category: Plain | None = None
    severity: Severity | None = None
    aspect: Plain | None = None
    due_on: date | None = None


class AssignBody(_Strict):
    """Who mends it by when; ``measures``, when given, are all that are still to be done."""

    owner: Plain | None = Field(None, description="User name of an account that may fix there.")
    owner_name: Plain | None = Field(None, description="A post without an account.")
    responsible_unit: Plain | None = None
    lead_unit: Plain | None = None
    due_on: date | None = None
    measures: Measures | None = None
    note: Words | None = None


class FixBody(_Strict):
    """How a measure was carried out."""

    feedback: Words
    cost_yuan: Money | None = None


class OpinionBody(_Strict):
    """What is said with it."""

    opinion: Words | None = None


class ReasonBody(_Strict):
    """Why."""

    reason: Words


class ReopenBody(ReasonBody):
    """Why, which measures (none: all), and by when."""

    measures: list[Ordinal] = Field([], max_length=MOST_MEASURES)
    due_on: date | None = None


class CommentBody(_Strict):
    """A word on a problem."""

    text: Words


class DisposalOut(BaseModel):
    """What becomes of one asset."""

    id: int
    location: PlaceOut
    division_code: str
    act: DisposalAct
    way: str | None
    class_: str | None = Field(alias="class", description="Four-way class (盘活分类).")
    trigger: str
    proposal: str
    state: DisposalState
    state_name: Text
    proposed_by: str | None
    proposed_at: str
    decided_by: str | None
    decided_at: str | None
    approval_no: str | None
    opinion: str | None
    done_on: date | None
    income_yuan: Decimal | None
    result: str | None
    invented: bool
    version: int


class AssetOut(BaseModel):
    """One asset that is not in good use, since when, and its latest disposal."""

    location: PlaceOut
    use_status: str
    asset_class: str
    division: str
    since: str
    original_value_yuan: Decimal | None
    disposal_id: int | None
    disposal_state: DisposalState | None


class AssetPage(BaseModel):
    """One page of the assets; ``total`` and ``original_value_yuan`` are of every page."""

    items: list[AssetOut]
    total: int
    original_value_yuan: Decimal
    page: int
    size: int


class AssetFilter(_Strict):
    """Which assets, in which order, which page."""

    division: DivisionCode | None = None
    layer: LayerName | None = None
    use_status: Literal["idle", "underused", "damaged", "lost"] | None = None
    state: DisposalState | Literal["none"] | None = None
    q: Plain | None = None
    sort: Plain = "since"
    descending: bool = False
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class DisposalPath(BaseModel):
    """One disposal."""

    id: Annotated[int, Field(ge=1, le=9_000_000_000_000_000_000)]


class ProposeBody(_Strict):
    """What is proposed for an asset."""

    layer: LayerName
    code: Code
    act: DisposalAct
    trigger: Plain
    proposal: Words
    way: Plain | None = None
    class_: Plain | None = Field(None, alias="class")


class ApproveBody(_Strict):
    """The number of the approval."""

    approval_no: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]+$")]
    opinion: Words | None = None


class RefuseBody(_Strict):
    """Why it is not approved."""

    opinion: Words


class FinishBody(_Strict):
    """How it ended; without income, 0."""

    result: Words
    income_yuan: Money
    done_on: date
