"""The shapes of visits in the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from flask_openapi3.models.file import FileStorage
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.inspections.visits import rules
from fuliang_gis.web.api.schemas import Code, DivisionCode, LayerName, Plain

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Note = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=rules.NOTE_LENGTH)]
Short = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=rules.SHORT_LENGTH)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PositionBody(_Strict):
    """Where the device was; positions in GCJ-02 (web maps of China) are turned back."""

    lon: float
    lat: float
    accuracy_m: float | None = Field(None, ge=0, description="Radius [m] as the device tells it.")
    system: Literal["cgcs2000", "wgs84", "gcj02"] = "wgs84"

    def given(self) -> rules.Position:
        """Return the same for the operation."""
        return rules.Position(self.lon, self.lat, self.accuracy_m, self.system)


class AnswerBody(_Strict):
    """The answer to one question of the checklist."""

    name: Name
    answer: Literal["ok", "fail", "na"]
    note: Short | None = None


class ReadingBody(_Strict):
    """One number read on site, in the unit of the layer's sheet."""

    name: Name
    value: float


class Told(_Strict):
    """What a visit tells; every question of the checklist wants its answer."""

    uuid: UUID = Field(description="Made by the device; the same visit sent again is stored once.")
    purpose: Name = "routine"
    visited_at: datetime | None = Field(
        None, description="The device's time with its zone; without it, the time of arrival."
    )
    position: PositionBody | None = None
    off_site_reason: Short | None = None
    answers: list[AnswerBody] = Field(default_factory=list, max_length=100)
    readings: list[ReadingBody] = Field(default_factory=list, max_length=100)
    condition: Literal["good", "fair", "poor"] | None = None
    use_status: Literal["in_use", "underused", "idle", "damaged", "lost"] | None = None
    note: Note | None = None

    def given(self, layer: str, code: str) -> rules.Given:
        """Return the same for the operation."""
        return rules.Given(
            uuid=self.uuid,
            layer=layer,
            code=code,
            purpose=self.purpose,
            visited_at=self.visited_at,
            position=self.position.given() if self.position else None,
            off_site_reason=self.off_site_reason,
            answers=[rules.Answer(each.name, each.answer, each.note) for each in self.answers],
            readings=[rules.Read(each.name, each.value) for each in self.readings],
            condition=self.condition,
            use_status=self.use_status,
            note=self.note,
        )


class VisitBody(Told):
    """A visit of one location."""

    layer: LayerName
    code: Code


class CorrectionBody(Told):
    """A visit told anew; ``uuid`` is the new version's."""

    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=rules.SHORT_LENGTH, pattern=r"^[^\x00]+$")
    ]


class PhotoForm(BaseModel):
    """One picture: JPEG, PNG, WebP or HEIC, at most 40 MB."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: FileStorage
    role: Literal["visit", "signature"] = "visit"


class VisitPath(BaseModel):
    """One visit."""

    uuid: UUID


class VisitFilter(_Strict):
    """Which visits, which page; the latest come first."""

    division: DivisionCode | None = None
    layer: LayerName | None = None
    code: Code | None = None
    result: Literal["normal", "abnormal"] | None = None
    purpose: Name | None = None
    off_site: bool | None = None
    mine: bool = Field(default=False, description="Only what the person asking has recorded.")
    since: date | None = None
    until: date | None = None
    q: Plain | None = Field(None, description="Part of a location's name or code, or initials.")
    superseded: bool = Field(default=False, description="Versions that were corrected too.")
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class VisitPlaceOut(BaseModel):
    """A position in EPSG:4490, with its radius and the way to the location [m]."""

    lon: float
    lat: float
    accuracy_m: float | None
    distance_m: float | None


class AnswerOut(BaseModel):
    """One answer, with the question as it was asked."""

    name: str
    zh: str
    answer: Literal["ok", "fail", "na"]
    note: str | None


class ReadingOut(BaseModel):
    """One reading; ``wrong`` when it breaks its limit."""

    name: str
    zh: str
    unit: str | None
    value: float
    wrong: bool


class FileOut(BaseModel):
    """A stored picture and the addresses of its forms; ``exif`` is for the office."""

    digest: str
    role: str
    mime: str
    size: int
    width: int | None
    height: int | None
    taken_at: datetime | None
    public: str
    thumbnail: str
    original: str


class FoundOut(BaseModel):
    """A defect that the visit opened."""

    number: str
    title: str
    severity: str
    state: str


class DoneOut(BaseModel):
    """An obligation that the visit completed."""

    purpose: str
    period: str
    period_start: date
    due_on: date
    done_on: date | None


class VisitSummary(BaseModel):
    """A visit as lists show it."""

    uuid: UUID
    layer: str
    code: str
    name: str
    division_code: str
    purpose: str
    inspector: str
    visited_at: datetime
    received_at: datetime
    result: Literal["normal", "abnormal"]
    condition: str | None
    use_status: str | None
    note: str | None
    position: VisitPlaceOut | None
    off_site: bool
    off_site_reason: str | None
    revision: int
    superseded_at: datetime | None


class VisitOut(VisitSummary):
    """One visit with all that belongs to it."""

    answers: list[AnswerOut]
    readings: list[ReadingOut]
    revision_reason: str | None
    revises: UUID | None
    revised_by: UUID | None
    files: list[FileOut]
    defects: list[FoundOut]
    obligations: list[DoneOut]


class VisitPage(BaseModel):
    """One page of a list; ``total`` counts every page."""

    items: list[VisitSummary]
    total: int
    page: int
    size: int
