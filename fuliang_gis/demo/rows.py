"""Rows of the demo county, before they meet the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.areas.names import initials
from fuliang_gis.demo.settlements import Site

Value = str | int | float | Decimal | bool | date | list[str] | None

DATA_SOURCE = "演示数据（随机生成）"


@dataclass(frozen=True)
class Row:
    """One location: what every layer shares, and the layer's own ``fields``; EPSG:4490."""

    layer: str
    code: str
    name: str
    initials: str
    division_code: str
    geom: BaseGeometry
    asset_class: str
    use_status: str
    review_state: str
    custodian: str
    survey_date: date
    fields: Mapping[str, Value]


@dataclass(frozen=True)
class Survey:
    """One surveyed household; ``toilet`` is the code of its toilet."""

    division_code: str
    household_no: str
    toilet: str | None
    review_state: str
    surveyed_on: date
    entered_on: date


def point(position: np.ndarray) -> shapely.Point:
    """Return a lon/lat point."""
    return shapely.Point(float(position[0]), float(position[1]))


def day(rng: np.random.Generator, first: date, last: date) -> date:
    """Return a day between two, both included."""
    return first + timedelta(days=int(rng.integers(0, (last - first).days + 1)))


def pick(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    """Return one of the names, by their shares."""
    names = list(shares)
    weights = np.fromiter(shares.values(), dtype=np.float64)
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def picks(rng: np.random.Generator, shares: Mapping[str, float], count: int) -> list[str]:
    """Return many of the names, by their shares."""
    names = list(shares)
    weights = np.fromiter(shares.values(), dtype=np.float64)
    return [names[n] for n in rng.choice(len(names), count, p=weights / weights.sum()).tolist()]


def amount(value: float, digits: int = 1) -> Decimal:
    """Return a decimal with so many digits after the point."""
    return Decimal(f"{value:.{digits}f}")


def caretaker(site: Site) -> str:
    """Return the post that looks after a village's things."""
    return f"{site.spoken}管护员"


def letters(*parts: str) -> str:
    """Return the initials of a name given in parts that come again and again."""
    return "".join(map(initials, parts))
