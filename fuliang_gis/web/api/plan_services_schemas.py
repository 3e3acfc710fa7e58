"""The shapes of analyses of a plan's services; places are EPSG:4548 [m], times minutes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.planning.siting import MOST_SITES
from fuliang_gis.web.api.schemas import Plain
from fuliang_gis.web.api.village_plans_schemas import Id, Name

ServiceKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$", max_length=40)]
East = Annotated[float, Field(ge=0, le=1_000_000)]
North = Annotated[float, Field(ge=0, le=10_000_000)]
SitingModel = Literal["cover_all", "most_covered", "least_time"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CoverageQuery(_Strict):
    """Which service, how people go, how long [min], and where they live.

    ``year`` is the scheme (``target``) or the base year; ``proposed`` counts what the plan
    proposes; without a scheme the main one is taken, without a version its newest.
    """

    service: ServiceKey = "toilet"
    mode: Literal["walk", "drive"] = "walk"
    minutes: int = Field(15, ge=1, le=240)
    year: Literal["target", "base"] = "target"
    proposed: bool = True
    scheme: Id | None = None
    version: Id | None = None


class SitingQuery(CoverageQuery):
    """What is looked for: by which model, how many sites, whether places may need a permit."""

    model: SitingModel = "cover_all"
    sites: int = Field(1, ge=1, le=MOST_SITES)
    permits: bool = False


class ServedFacilityOut(BaseModel):
    """A facility; ``origin`` is existing or proposed, ``households`` who it serves in time."""

    key: str
    name: str
    origin: str
    x: float
    y: float
    households: int


class ServedHomesteadOut(BaseModel):
    """A homestead; times are null where there is no way; ``facility`` is its quickest one's key."""

    parcel: str
    name: str
    x: float
    y: float
    households: int
    estimated: bool
    minutes: float | None
    straight: float | None
    facility: str | None


class CoverageSums(BaseModel):
    """Sums in households; shares (0–1) over roads, and as straight lines would have it."""

    households: int
    covered: int
    share: float
    straight_covered: int
    straight_share: float
    mean_minutes: float | None


class CoverageOut(CoverageSums):
    """Who is reached; ``area`` shows the land from which a facility is reached in time."""

    service: str
    mode: str
    minutes: int
    year: str
    version: int
    facilities: list[ServedFacilityOut]
    homesteads: list[ServedHomesteadOut]
    area: dict[str, Any]


class ChosenSiteOut(BaseModel):
    """A chosen site; ``kind`` is parcel or road, ``permits`` are articles that ask for one."""

    parcel: str
    use_code: str
    x: float
    y: float
    kind: str
    permits: list[str]
    households: int
    mean_minutes: float | None
    homesteads: list[str]


class SitingOut(BaseModel):
    """Sites; who is reached before and after; homesteads that no candidate reaches."""

    service: str
    model: SitingModel
    candidates: int
    optimal: bool
    before: CoverageSums
    after: CoverageSums
    sites: list[ChosenSiteOut]
    out_of_reach: list[str]


class AdoptedSiteBody(_Strict):
    """A site to be taken up: its name, and a place inside a parcel of the main scheme."""

    name: Plain
    parcel: Name
    x: East
    y: North
    households: int = Field(0, ge=0, le=1_000_000)


class AdoptSitesBody(_Strict):
    """Sites of one service that become proposed facilities and rows of the table of projects."""

    service: ServiceKey
    minutes: int = Field(15, ge=1, le=240)
    sites: list[AdoptedSiteBody] = Field(min_length=1, max_length=MOST_SITES)


class AdoptPvBody(_Strict):
    """A PV station that becomes a proposed facility and a row of the table of projects.

    It stands ``on`` a roof or the ground of a parcel of the main scheme; capacity [kWp], tilt [°],
    azimuth [° from north] and losses (0–1) are those of its estimate.
    """

    name: Plain
    parcel: Name
    on: Literal["roof", "ground"]
    kw: float = 60
    tilt: float = 22
    azimuth: float = 180
    losses: float = 0.14


class AdoptedProjectOut(BaseModel):
    """A row of the table of projects that a site became; its remark tells a station's yield."""

    id: int
    ordinal: int
    kind: str
    name: str
    parcel: str | None
    remark: str
    facility: int | None


class AdoptedSitesOut(BaseModel):
    """What sites became; ``version`` is the plan's row version then."""

    version: int
    projects: list[AdoptedProjectOut]


class PvYieldQuery(_Strict):
    """A station: capacity [kWp], tilt [°], azimuth [° from north], losses (0–1), its place."""

    kw: float = 60
    tilt: float = 22
    azimuth: float = 180
    losses: float = 0.14
    lon: float = Field(117.2, ge=70, le=140)
    lat: float = Field(29.4, ge=0, le=60)


class PvYieldOut(BaseModel):
    """An estimate: energy [kWh] and irradiation of the modules [kWh/m²] by month."""

    year_kwh: float
    specific: float
    months_kwh: list[float]
    irradiation: list[float]
