"""The shapes of what is told about rounds: moves and prices, lines, directions, comparisons."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from fuliang_gis.web.api.rounds_schemas import PlanSummary, Strict, TotalsOut
from fuliang_gis.web.api.teams_schemas import TimeOut

#: Longitude and latitude with a comma between them.
LonLat = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,9})?,-?[0-9]{1,2}(\.[0-9]{1,9})?$"),
]
Place = Annotated[
    list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=2, max_length=2)
]


class RoundCostOut(BaseModel):
    """What a round asks: times, driving [s], [m]; without stops it has no times."""

    team_id: int
    team_name: str
    day: date
    stops: int
    starts: TimeOut | None
    ends: TimeOut | None
    driving_seconds: int
    driving_metres: int


class BrokenOut(BaseModel):
    """A condition that would not hold; ``field`` is what to change."""

    code: str
    zh: str
    en: str
    field: str


class PriceOut(BaseModel):
    """The rounds that a move touches, before and after; ``ordinal`` is its place, 0: none."""

    before: list[RoundCostOut]
    after: list[RoundCostOut]
    ordinal: int
    added_seconds: int
    added_metres: int
    feasible: bool
    broken: list[BrokenOut]


class MovedOut(PlanSummary):
    """A plan after a move, with what it cost."""

    price: PriceOut


class RoundKey(BaseModel):
    """One team's day."""

    team_id: int
    day: date


class ReplanOut(BaseModel):
    """What planning again changes; numbers are those of obligations.

    ``missed`` were to be made up for, ``moved`` are others that made room; it took ``seconds`` [s].
    """

    from_day: date
    missed: list[int]
    inserted: list[int]
    left_over: list[int]
    moved: list[int]
    rounds: list[RoundKey]
    added_seconds: int
    seconds: float


class ReplannedOut(PlanSummary):
    """A plan after what was missed got other days."""

    replan: ReplanOut


class RestOut(BaseModel):
    """What is left of a day: stops in order, obligations dropped, and when it ends."""

    round_id: int
    stops: list[int]
    dropped: list[int]
    ends: TimeOut


class RestedOut(PlanSummary):
    """A plan after the rest of a team's day was put in order."""

    rest: RestOut


class LineString(BaseModel):
    """A GeoJSON line, EPSG:4490; empty where there is no way."""

    type: Literal["LineString"]
    coordinates: list[list[float]]


class FeatureCollection(BaseModel):
    """GeoJSON: each round's line, then its station and stops; ``kind`` tells them apart."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]


class StepOut(BaseModel):
    """One instruction in Chinese, the road it leads onto, and for how far [m]."""

    text: str
    road: str
    metres: float


class LegOut(BaseModel):
    """The way to one stop, or home without one: driving [s], [m], and its steps."""

    stop_id: int | None
    ordinal: int | None
    start: str
    goal: str
    leave: TimeOut
    arrive: TimeOut
    driving_seconds: int
    metres: int
    walk_metres: int
    steps: list[StepOut]
    geometry: LineString


class Directions(BaseModel):
    """A round's legs in order."""

    legs: list[LegOut]


class SlotOut(BaseModel):
    """Where a plan puts a stop."""

    team_id: int
    team_name: str
    day: date
    ordinal: int


class StopChangeOut(BaseModel):
    """A stop on which two plans differ, and in what."""

    obligation_id: int | None
    layer: str
    code: str
    name: str
    a: SlotOut | None
    b: SlotOut | None
    kinds: list[Literal["team", "day", "order", "only_a", "only_b"]]


class ComparisonOut(BaseModel):
    """Two plans side by side; ``same`` counts the stops on which they agree."""

    a: PlanSummary
    b: PlanSummary
    totals_a: TotalsOut
    totals_b: TotalsOut
    changes: list[StopChangeOut]
    same: int


class RouteQuery(Strict):
    """Two places, and the day whose closures count (today when left out)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: LonLat = Field(alias="from", description="Longitude,latitude, EPSG:4490.")
    goal: LonLat = Field(alias="to", description="Longitude,latitude, EPSG:4490.")
    on: date | None = None


class RouteOut(BaseModel):
    """The way over roads: driving [s], [m], the walks at its ends [m], geometry, directions."""

    driving_seconds: int
    metres: int
    walk_from_metres: int
    walk_to_metres: int
    seconds: int = Field(description="Driving and both walks.")
    geometry: LineString
    steps: list[StepOut]


class MatrixBody(Strict):
    """Places, longitude before latitude, EPSG:4490, and the day whose closures count."""

    places: list[Place] = Field(min_length=2, max_length=200)
    on: date | None = None


class MatrixOut(BaseModel):
    """Driving times [s] from each place (row) to each (column); null: no way."""

    seconds: list[list[int | None]]
