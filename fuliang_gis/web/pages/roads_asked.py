"""What the pages of roads are asked for, and what the form of a closure holds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import request, url_for

from fuliang_gis import clock
from fuliang_gis.db.base import Json
from fuliang_gis.locations.registry import layers
from fuliang_gis.roads.closures import ClosureGiven
from fuliang_gis.roads.connectivity import FARTHER_M
from fuliang_gis.web.pages.defect_entry import day
from fuliang_gis.web.pages.defects_asked import number

#: Distances that somebody may mean [m].
_FARTHEST = 100_000
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONGEST = 200_000


@dataclass(frozen=True)
class Asked:
    """What the report's list is narrowed to."""

    farther: float
    township: str
    layer: str
    page: int

    def address(self, endpoint: str = "roads.show", **changed: object) -> str:
        """Return the address of the same with something changed."""
        asked: dict[str, object] = {
            "farther": f"{self.farther:g}",
            "township": self.township,
            "layer": self.layer,
            "page": self.page,
        }
        usual = {"farther": f"{FARTHER_M:g}", "page": 1}
        kept = {n: v for n, v in (asked | changed).items() if v not in ("", usual.get(n))}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]


def report_asked() -> Asked:
    """Read what the report is asked for; what cannot be meant counts as not asked."""
    given = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    try:
        farther = float(given.get("farther", ""))
    except ValueError:
        farther = FARTHER_M
    township = given.get("township", "")
    return Asked(
        farther if 0 <= farther <= _FARTHEST else FARTHER_M,
        township if township.isascii() and township.isdigit() else "",
        name if (name := given.get("layer", "")) in layers() else "",
        number(given.get("page", ""), 1),
    )


@dataclass(frozen=True)
class ClosuresAsked:
    """Which closures are listed: those that hold or will, or all."""

    every: bool
    page: int

    def address(self, endpoint: str = "roads.show_closures", **changed: object) -> str:
        """Return the address of the same with something changed."""
        asked: dict[str, object] = {"show": "all" if self.every else "", "page": self.page}
        kept = {n: v for n, v in (asked | changed).items() if v not in ("", 1)}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]


def closures_asked() -> ClosuresAsked:
    """Read which closures are asked for."""
    return ClosuresAsked(request.args.get("show") == "all", number(request.args.get("page", ""), 1))


def closure_typed() -> dict[str, str]:
    """Return what was typed into the form."""
    return {
        name: value.replace("\0", "").strip()[:_LONGEST] for name, value in request.form.items()
    }


def closure_given(typed: Mapping[str, str]) -> ClosureGiven:
    """Read the form of a closure.

    Raises:
        Invalid: A date is none.
    """
    first = day(typed.get("valid_from", ""), "valid_from")
    last: date | None = day(typed.get("valid_to", ""), "valid_to")
    return ClosureGiven(
        typed.get("division_code", ""),
        typed.get("reason", ""),
        shape_of(typed.get("geom", ""), area=typed.get("shape") == "area"),
        first or clock.today(),
        last,
        _factor(typed.get("factor", "")) if typed.get("kind") == "slow" else None,
    )


def _factor(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        # What is no number is out of range.
        return math.nan


def shape_of(text: str, *, area: bool) -> Json | None:
    """Read a line or area as GeoJSON, or as longitudes and latitudes in a row; None for neither.

    >>> shape_of("117.2,29.3 117.3，29.4", area=False)
    {'type': 'LineString', 'coordinates': [[117.2, 29.3], [117.3, 29.4]]}
    >>> shape_of("somewhere", area=False) is None
    True
    """
    if text.lstrip().startswith("{"):
        return _geometry(text)
    numbers = [float(each) for each in _NUMBER.findall(text)]
    places = [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=False)]
    if len(numbers) % 2 or len(places) < (3 if area else 2):
        return None
    if not area:
        return {"type": "LineString", "coordinates": places}
    ring = places if places[0] == places[-1] else [*places, places[0]]
    return {"type": "Polygon", "coordinates": [ring]}


def _geometry(text: str) -> Json | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        found = features[0] if isinstance(features, list) and len(features) == 1 else None
    if isinstance(found, dict) and found.get("type") == "Feature":
        found = found.get("geometry")
    return found if isinstance(found, dict) else None
