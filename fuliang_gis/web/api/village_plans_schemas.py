"""The shapes of village plans in the API; coordinates are EPSG:4548 [m], x (east) before y."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.planning.given import MOST_PARCELS
from fuliang_gis.web.api.schemas import DivisionCode, Line, Plain, Version

Id = Annotated[int, Field(ge=1, le=2_000_000_000)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00/]+$", min_length=1, max_length=64)]
UseCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
LineCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,6}$")]
Year = Annotated[int, Field(ge=1990, le=2100)]
PlanState = Literal[
    "draft",
    "assembly",
    "township",
    "notice",
    "county",
    "approved",
    "published",
    "in_force",
    "replaced",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlanePolygon(_Strict):
    """A polygon on the plane."""

    type: Literal["Polygon"]
    coordinates: list[Line]


class PlaneArea(_Strict):
    """A polygon on the plane, or several."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Line] | list[list[Line]]


class VillagePlanBody(_Strict):
    """A new plan; without a boundary it takes that of the village as the service knows it."""

    division_code: DivisionCode
    title: Plain
    base_year: Year
    target_year: Year
    edition: Literal["2023", "2020"] = "2023"
    population: int | None = Field(None, ge=1, le=10_000_000)
    boundary: PlaneArea | None = None


class PlanBaseParcelBody(_Strict):
    """A parcel of the base year."""

    id: Name
    code: UseCode
    geometry: PlanePolygon


class PlanControlLineBody(_Strict):
    """A control line; codes are those of ``data/norms/control_lines.toml``."""

    id: Name
    code: LineCode
    label: Plain = ""
    geometry: PlaneArea


class PlanBaseBody(_Strict):
    """Base year and control lines, in place of those the plan has."""

    parcels: list[PlanBaseParcelBody] = Field(max_length=MOST_PARCELS)
    lines: list[PlanControlLineBody] = Field(default=[], max_length=MOST_PARCELS)


class PlanParcelBody(_Strict):
    """A parcel as it is to be."""

    code: UseCode
    label: Plain = ""
    households: int = Field(1, ge=1, le=10_000)
    geometry: PlanePolygon


class SchemeChangesBody(_Strict):
    """Parcels that were drawn or changed, by id; null removes one."""

    changes: dict[Name, PlanParcelBody | None] = Field(min_length=1, max_length=MOST_PARCELS)
    message: Plain = ""


class SchemeBranchBody(_Strict):
    """A scheme that begins as another one is."""

    title: Plain


class SchemeRestoreBody(_Strict):
    """Which version is to come back."""

    ordinal: Version


class VillagePlanPath(BaseModel):
    """One plan."""

    plan_id: Id


class SchemePath(BaseModel):
    """One scheme of a plan."""

    scheme_id: Id


class VillagePlanFilter(_Strict):
    """Which plans, which page."""

    division: DivisionCode | None = None
    state: PlanState | None = None
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class SchemeVersionFilter(_Strict):
    """Which page of versions."""

    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class SchemeAt(_Strict):
    """Which version; left out: the newest."""

    version: Version | None = None


class SchemeOut(BaseModel):
    """One scheme; ``version`` is its newest."""

    id: int
    plan_id: int
    title: str
    version: int
    parcels: int
    chosen: bool
    branched_from: int | None
    saved_at: str | None
    author: str | None


class VillagePlanOut(BaseModel):
    """One plan."""

    id: int
    version: int
    division_code: str
    village: str
    township: str | None
    title: str
    base_year: int
    target_year: int
    edition: str
    profile: str
    population: int | None
    state: str
    state_name: str
    area_m2: float
    invented: bool
    schemes: list[SchemeOut]


class VillagePlanSummary(BaseModel):
    """One plan in a list."""

    id: int
    division_code: str
    village: str
    township: str | None
    title: str
    state: str
    state_name: str
    schemes: int
    area_m2: float


class VillagePlanPage(BaseModel):
    """One page of plans, by village; ``total`` counts every page."""

    items: list[VillagePlanSummary]
    total: int
    page: int
    size: int


class SchemeSketchOut(BaseModel):
    """Boundary, parcels, base year and control lines as GeoJSON on the plane."""

    version: int
    crs: Literal["EPSG:4548"]
    boundary: dict[str, Any]
    parcels: list[dict[str, Any]]
    base: list[dict[str, Any]]
    lines: list[dict[str, Any]]


class ParcelMovedOut(BaseModel):
    """Land that fitting gave to a parcel or took from it."""

    parcel: str
    width_m: float
    area_m2: float
    geometry: dict[str, Any]


class SchemeSavedOut(BaseModel):
    """What a save made of the changes; ``parcels`` are those that differ from what was sent."""

    version: int
    merged: bool
    digest: str
    moved: list[ParcelMovedOut]
    parcels: list[dict[str, Any]]


class PlanFindingOut(BaseModel):
    """One finding of the checks."""

    code: str
    severity: Literal["error", "permit", "warning"]
    zh: str
    en: str
    parcels: list[str]
    lines: list[str]
    article: str
    fix: str
    area_m2: float | None
    geometry: dict[str, Any] | None


class LandCellOut(BaseModel):
    """A number of the structure table with the parcels it comes from."""

    m2: float
    ha: float
    percent: float
    parcels: list[str]


class LandRowOut(BaseModel):
    """One row of the structure table (国土空间功能结构调整表)."""

    key: str
    zh: str
    depth: int
    base: LandCellOut
    target: LandCellOut
    change_ha: float


class LandTransferOut(BaseModel):
    """Land that changes from one row of the structure table to another."""

    before: str
    after: str
    m2: float
    parcels: list[str]


class PlanGoalOut(BaseModel):
    """One goal as the plan states it and as geometry has it."""

    key: str
    zh: str
    unit: str
    binding: bool
    stated_base: float | None
    stated_target: float
    base: float | None
    target: float | None
    kept: bool | None
    parcels: list[str]


class SchemeReportOut(BaseModel):
    """Findings, worst first, and the tables of a scheme at a version."""

    version: int
    findings: list[PlanFindingOut]
    structure: list[LandRowOut]
    transfers: list[LandTransferOut]
    goals: list[PlanGoalOut]


class SchemeVersionOut(BaseModel):
    """One version of a scheme."""

    version: int
    digest: str
    message: str
    parcels: int
    changed: int
    author: str | None
    saved_at: str


class SchemeVersionPage(BaseModel):
    """One page of versions, the newest first; ``total`` counts every page."""

    items: list[SchemeVersionOut]
    total: int
    page: int
    size: int
