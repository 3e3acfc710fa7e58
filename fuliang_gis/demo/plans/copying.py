"""What writes one plan's rows by COPY, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import psycopg
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.clock import ZONE
from fuliang_gis.db.bulk import copy, new_ids
from fuliang_gis.demo.plans.story import Act
from fuliang_gis.demo.plans.villages import Village
from fuliang_gis.planning.models import PLAN_SRID

#: The version of the first scheme that villagers vote on.
VOTED_VERSION = 2

#: One row by column.
Record = dict[str, object]


@dataclass(frozen=True)
class Pen:
    """Writes rows of one plan; ``posts`` are accounts by what they do, ``schemes`` two ids."""

    connection: psycopg.Connection
    village: Village
    posts: Mapping[str, int]
    acts: Sequence[Act]
    as_of: date
    signs: np.random.Generator
    plan: int
    schemes: tuple[int, int]

    @property
    def shared(self) -> Record:
        """Return what every row of the plan holds."""
        return {"plan_id": self.plan, "division_code": self.village.site.code}

    @property
    def begun(self) -> datetime:
        """Return when somebody began to draft the plan."""
        first = self.acts[0].held_on if self.acts else self.as_of - timedelta(days=20)
        return at(first - timedelta(days=90), 9)

    def ids(self, table: str, count: int) -> list[int]:
        """Take ids of a table."""
        return new_ids(self.connection, table, count)

    def copy(self, table: str, rows: Sequence[Record]) -> None:
        """Write rows that all have the same columns."""
        if rows:
            copy(self.connection, table, list(rows[0]), (list(row.values()) for row in rows))


def as_hex(shape: BaseGeometry) -> str:
    """Return a shape (EPSG:4548) as COPY takes it."""
    return str(shapely.to_wkb(shapely.set_srid(shape, PLAN_SRID), hex=True, include_srid=True))


def multi(shape: BaseGeometry) -> BaseGeometry:
    """Return a polygon as one of many."""
    return MultiPolygon([shape]) if isinstance(shape, Polygon) else shape


def at(day: date, hour: int) -> datetime:
    """Return an hour of a day in the county."""
    return datetime.combine(day, time(hour), ZONE)
