"""The shapes of road closures in the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.roads.closures import MOST_FACTOR
from fuliang_gis.web.api.schemas import DivisionCode, Geometry

Id = Annotated[int, Field(ge=1, le=9_000_000_000_000_000_000)]
Words = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=500)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ClosureBody(_Strict):
    """Roads that are closed, or slow, where a shape touches them."""

    division_code: DivisionCode
    reason: Words
    geom: Geometry
    valid_from: date
    valid_to: date | None = Field(None, description="Left out: until it is lifted.")
    factor: float | None = Field(
        None,
        gt=1,
        le=MOST_FACTOR,
        allow_inf_nan=False,
        description="By what travel times are multiplied; left out: closed.",
    )


class ClosurePath(BaseModel):
    """One closure."""

    closure_id: Id


class ClosureFilter(_Strict):
    """Which closures, which page."""

    on: date | None = Field(None, description="Only those that hold on this day or later.")
    lifted: bool = Field(default=False, description="Those that were lifted too.")
    page: int = Field(1, ge=1, le=1_000_000)
    size: int = Field(50, ge=1, le=500)


class ClosureOut(BaseModel):
    """One closure; ``roads`` counts the road edges that it touches."""

    id: int
    division_code: str
    division_name: str
    reason: str
    factor: float | None
    geometry: dict[str, Any]
    valid_from: date
    valid_to: date | None
    declared_by: str | None
    declared_at: str
    lifted_by: str | None
    lifted_at: str | None
    roads: int
    invented: bool


class ClosurePage(BaseModel):
    """One page of closures, the newest first; ``total`` counts every page."""

    items: list[ClosureOut]
    total: int
    page: int
    size: int
