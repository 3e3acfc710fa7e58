"""The shapes that the API takes and gives; what a value may be is the layer sheet's matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: Texts reach the database, which holds no NUL.
Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=200)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\x00/]+$", max_length=64)]
LayerName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
DivisionCode = Annotated[str, StringConstraints(pattern=r"^(\d{6}|\d{9}|\d{12})$")]
Version = Annotated[int, Field(ge=1, le=2_000_000_000)]

Position = Annotated[list[float], Field(min_length=2, max_length=3)]
Line = list[Position]
Scalar = Annotated[str, StringConstraints(max_length=4000)] | bool | int | float | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Geometry(_Strict):
    """A GeoJSON geometry, EPSG:4490, longitude before latitude."""

    type: Literal["Point", "LineString", "MultiLineString", "Polygon", "MultiPolygon"]
    coordinates: Position | Line | list[Line] | list[list[Line]]


class Text(BaseModel):
    """A text in Chinese and English."""

    zh: str
    en: str


class Fault(BaseModel):
    """One fault in one given value."""

    field: str | None
    code: str
    zh: str
    en: str


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457); ``code`` is stable, ``instance`` is the request's id."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    detail_en: str
    instance: str
    field: str | None
    errors: list[Fault] | None = None
    current: dict[str, Any] | None = None
    current_version: int | None = None


class Me(BaseModel):
    """The person asking."""

    username: str
    display_name: str
    role: str
    role_name: str
    scope: str
    scope_name: str
    permissions: list[str]


class ChoiceOut(BaseModel):
    """One allowed value of a field."""

    value: str
    zh: str
    en: str
    colour: str | None


class FieldOut(BaseModel):
    """One field of a layer; ``minimum`` and ``maximum`` are plausible values in ``unit``."""

    name: str
    label: Text
    type: Literal["text", "integer", "decimal", "date", "boolean", "choice", "choices"]
    required: bool
    unit: str | None
    minimum: float | None
    maximum: float | None
    choices: Sequence[ChoiceOut]
    group: str
    list: bool
    popup: bool
    help: str | None
    kinds: Sequence[str]


class LayerOut(BaseModel):
    """One layer's sheet."""

    name: str
    title: Text
    geometry: list[str]
    asset_class: str
    kind_field: str | None
    colour: str
    icon: str
    legend: list[ChoiceOut]
    fields: list[FieldOut]


class Layers(BaseModel):
    """Every layer, in the order of the sheets."""

    layers: list[LayerOut]


class DivisionOut(BaseModel):
    """A county, township or village-level division."""

    code: str
    name: str
    level: Literal["county", "township", "village"]
    parent_code: str | None
    invented: bool = Field(description="Whether the boundary is invented.")


class Divisions(BaseModel):
    """Divisions, in the order of their codes."""

    divisions: list[DivisionOut]


class DivisionFilter(_Strict):
    """Which divisions."""

    parent: DivisionCode | None = None
    level: Literal["county", "township", "village"] | None = None


class DivisionPath(BaseModel):
    """One division."""

    code: DivisionCode


StatusCodeName = Literal[
    "danger", "overdue", "defect", "idle", "due_soon", "to_visit", "fine", "disposed", "no_duty"
]


class StatusOut(BaseModel):
    """A location's status today: code, name, colour, and the sentence that says why."""

    code: StatusCodeName
    zh: str
    en: str
    colour: str
    sentence: str


class LocationOut(BaseModel):
    """A location: the shared fields, and beside them those of its layer's sheet.

    ``status`` follows from obligations, defects and the day, not from the version; the public
    sees none.
    """

    model_config = ConfigDict(extra="allow")

    layer: str
    code: str
    name: str
    division_code: str
    geom: Geometry
    asset_class: str
    use_status: str
    review_state: str
    status: StatusOut | None
    invented: bool
    version: int
    created_at: str
    updated_at: str
    deleted_at: str | None


class LocationPage(BaseModel):
    """One page of a list; ``total`` counts every page."""

    items: list[LocationOut]
    total: int
    page: int
    size: int


class ChangeOut(BaseModel):
    """One change: who, when, and the changed fields before and after."""

    version: int
    action: Literal["create", "update", "delete", "restore", "undo"]
    actor: str | None
    at: str
    before: dict[str, Any]
    after: dict[str, Any]


class History(BaseModel):
    """Every change of a location, the newest first."""

    changes: list[ChangeOut]


class LayerPath(BaseModel):
    """One layer."""

    layer: LayerName


class LocationPath(LayerPath):
    """One location."""

    code: Code


class LocationFilter(_Strict):
    """Which locations, in which order, which page."""

    division: DivisionCode | None = None
    kind: Plain | None = None
    status: StatusCodeName | None = Field(None, description="Status of inspection today.")
    use_status: Plain | None = None
    asset_class: Plain | None = None
    review_state: Plain | None = None
    q: Plain | None = Field(None, description="Part of a name or code, or pinyin initials.")
    sort: Plain = "code"
    descending: bool = False
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class WriteHeader(BaseModel):
    """Headers of every write."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,128}$",
        description="The same key with the same request gives the first answer again.",
    )


class ChangeHeader(WriteHeader):
    """Headers of every write to an existing location."""

    if_match: str | None = Field(
        None,
        alias="If-Match",
        pattern=r'^"?[0-9]{1,9}"?$',
        description="The row version that the change is based on (ETag); 428 without it.",
    )

    def version(self) -> int | None:
        """Return the row version that the caller names."""
        return int(self.if_match.strip('"')) if self.if_match else None


class CreateBody(_Strict):
    """A new location: values by field name, as in the layer's sheet."""

    values: dict[str, Scalar | list[Scalar]]
    geom: Geometry


class ChangeBody(_Strict):
    """Values by field name; fields left out stay as they are."""

    values: dict[str, Scalar | list[Scalar]]


class MoveBody(_Strict):
    """Where the location is."""

    geom: Geometry


class UndoBody(_Strict):
    """The version whose values are to stand again."""

    to_version: Version


class DeleteQuery(_Strict):
    """Why the location is deleted."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]
