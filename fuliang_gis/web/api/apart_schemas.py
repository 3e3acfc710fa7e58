"""The shapes of locations that keep apart, in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fuliang_gis.inspections.rounds.apart_groups import LONGEST_REASON, MOST_LOCATIONS
from fuliang_gis.web.api.closures_schemas import Id, Words


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApartBody(_Strict):
    """Locations (ids) of which no two are visited on one day, and why."""

    location_ids: list[Id] = Field(min_length=2, max_length=MOST_LOCATIONS)
    reason: Annotated[Words, Field(max_length=LONGEST_REASON)]


class ApartPath(BaseModel):
    """One group of locations that keep apart."""

    group_id: Annotated[int, Field(ge=1, le=2_000_000_000)]


class ApartFilter(_Strict):
    """Which groups, which page."""

    q: Words | None = Field(None, description="Part of a location's name or code, or of a reason.")
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class ApartLocation(BaseModel):
    """A location of a group; outside one's own division it has neither code nor name."""

    id: int
    layer: str
    code: str
    name: str
    division_name: str
    deleted: bool


class ApartOut(BaseModel):
    """A group of locations that keep apart; its division is that of the office in charge."""

    id: int
    division_code: str
    division_name: str
    reason: str
    locations: list[ApartLocation]
    created_by: str | None
    created_at: str


class ApartPage(BaseModel):
    """One page of groups, the newest first; ``total`` counts every page."""

    items: list[ApartOut]
    total: int
    page: int
    size: int
