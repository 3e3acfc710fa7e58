"""What a plan is made of, on the plane of EPSG:4548 [m] (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

#: Decimals of coordinates [m]: a tenth of a millimetre, well below any survey.
DIGITS = 4


def on_grid(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry with its coordinates rounded, the same way for whoever shares them.

    >>> on_grid(shapely.Point(1.00004, 2.0)).wkt
    'POINT (1 2)'
    """
    return shapely.transform(geometry, lambda points: np.round(points, DIGITS))


@dataclass(frozen=True)
class Parcel:
    """A parcel (图斑): one land use; its coordinates are ``on_grid``.

    ``stated_m2`` and ``stated_name`` are what a file said of it; ``households`` share it when it is
    a homestead.
    """

    id: str
    code: str
    geom: BaseGeometry
    edition: str = "2023"
    name: str = ""
    stated_m2: float | None = None
    stated_name: str | None = None
    households: int = 1


@dataclass(frozen=True)
class ControlLine:
    """An area with rules of its own (管控边界); ``code`` is one of ``data/norms``."""

    id: str
    code: str
    geom: BaseGeometry
    name: str = ""


@dataclass(frozen=True)
class Goal:
    """An indicator of the plan: base and target as its table says them.

    ``key`` names how it is reckoned (see ``tables.goals``); ``binding`` is 约束性, else 预期性.
    ``at_least`` tells which side of ``target`` keeps it, None: it must be met exactly.
    """

    key: str
    zh: str
    unit: str
    base: float | None
    target: float
    binding: bool = True
    at_least: bool | None = None


@dataclass(frozen=True)
class Draft:
    """A plan as it stands: parcels inside a frozen village boundary.

    ``base`` are the base year's parcels; ``population`` is the target year's; ``waivers`` name
    findings that were granted, by parcel and article.
    """

    boundary: BaseGeometry
    parcels: Mapping[str, Parcel]
    base: Mapping[str, Parcel] = field(default_factory=dict)
    lines: Mapping[str, ControlLine] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    edition: str = "2023"
    population: float | None = None
    waivers: frozenset[tuple[str, str]] = frozenset()
