"""The shapes of inspection teams in the API."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.inspections.rounds.team_checks import (
    LONGEST_BREAK,
    LONGEST_NAME,
    MOST_MEMBERS,
    TeamGiven,
)
from fuliang_gis.web.api.schemas import DivisionCode, Plain

Id = Annotated[int, Field(ge=1, le=2_000_000_000)]
#: A time of day in the county.
TimeOfDay = Annotated[
    str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")
]
TimeOut = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}:[0-9]{2}:[0-9]{2}$")]
Weekday = Annotated[int, Field(ge=1, le=7)]
Degrees = Annotated[float, Field(allow_inf_nan=False)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TeamValues(_Strict):
    """A team as a whole; without ``break_from`` and ``break_to`` it takes no break."""

    name: Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
    lon: Degrees = Field(description="Longitude of the station, EPSG:4490.")
    lat: Degrees = Field(description="Latitude of the station, EPSG:4490.")
    member_ids: list[Id] = Field(default=[], max_length=MOST_MEMBERS)
    skills: list[Plain] = Field(
        default=[], max_length=20, description="Purposes other than routine visits."
    )
    vehicle: Annotated[str, StringConstraints(max_length=LONGEST_NAME)] | None = None
    weekdays: list[Weekday] = Field(
        default=[1, 2, 3, 4, 5], max_length=7, description="1 is Monday."
    )
    starts: TimeOfDay = "08:30"
    ends: TimeOfDay = "17:30"
    break_from: TimeOfDay | None = Field("11:30", description="The break begins no earlier.")
    break_to: TimeOfDay | None = Field("13:00", description="The break begins no later.")
    break_minutes: int = Field(60, ge=0, le=LONGEST_BREAK)
    most_driving_minutes: int | None = Field(None, ge=1, le=24 * 60)

    def given(self, division_code: str = "") -> TeamGiven:
        """Return the team as operations take it."""
        told: dict[str, Any] = self.model_dump(exclude={"division_code"})
        for name in ("starts", "ends", "break_from", "break_to"):
            told[name] = time.fromisoformat(told[name]) if told[name] else None
        for name in ("member_ids", "skills", "weekdays"):
            told[name] = tuple(told[name])
        return TeamGiven(division_code=division_code, **told)


class TeamBody(TeamValues):
    """A new team."""

    division_code: DivisionCode


class TeamFilter(_Strict):
    """Which teams, which page."""

    division: DivisionCode | None = None
    retired: bool = Field(default=False, description="Those out of use instead.")
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class TeamPath(BaseModel):
    """One team."""

    team_id: Id


class MemberOut(BaseModel):
    """An account that works in a team."""

    id: int
    name: str


class TeamOut(BaseModel):
    """One team; the station is longitude and latitude, EPSG:4490."""

    id: int
    division_code: str
    division_name: str
    name: str
    lon: float
    lat: float
    members: list[MemberOut]
    skills: list[str]
    vehicle: str | None
    weekdays: list[Weekday]
    starts: TimeOut
    ends: TimeOut
    break_from: TimeOut | None
    break_to: TimeOut | None
    break_minutes: int
    most_driving_minutes: int | None
    active: bool
    invented: bool
    version: int


class TeamPage(BaseModel):
    """One page of teams; ``total`` counts every page."""

    items: list[TeamOut]
    total: int
    page: int
    size: int
