"""What a person chooses of a file that is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fuliang_gis.exchange.plans.notes import Note
from fuliang_gis.geo.crs import PLANE

Format = Literal["gpkg", "shp", "gdb", "geojson", "dxf", "txt"]
Scheme = Literal["standard", "village"]


@dataclass(frozen=True)
class TxtOptions:
    """How boundary points are written: what receivers differ in.

    ``decimals`` are those of coordinates (精度); ``area_unit`` is ``ha`` or ``m2``; ``header`` goes
    before the lines that the format has by itself, such as 数据产生单位.
    """

    repeat_first: bool = True
    prefix: str = "J"
    north_first: bool = True
    zoned: bool = True
    decimals: int = 3
    area_unit: Literal["ha", "m2"] = "ha"
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Writing:
    """How a plan is written.

    ``crs`` is 4548, 4527 or 4490 (GeoJSON is always in 4490, TXT says its own); ``scheme`` tells
    which colours a drawing has.
    """

    crs: int = PLANE
    txt: TxtOptions = TxtOptions()
    scheme: Scheme = "standard"


@dataclass(frozen=True)
class Written:
    """A file that was written, and what it could not hold."""

    path: Path
    notes: tuple[Note, ...]
