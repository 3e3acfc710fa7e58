"""What every reader hands on: layers of rows as a file has them, nothing judged yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shapely.geometry.base import BaseGeometry

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.exchange.plans.notes import Note
from fuliang_gis.planning.codes import EDITIONS

Value = str | int | float | None

#: What codes may be of: an edition of the classification, or the third land survey's DLBM.
SURVEY = "survey"
Edition = Literal["2023", "2020", "survey"]
NAMED_EDITIONS = (*EDITIONS, SURVEY)


@dataclass(frozen=True)
class RawRow:
    """One row: its number from 1, its geometry as it stands, its values by column.

    ``closed`` tells that a ring of it did not end where it begins and was closed to be read at all.
    """

    number: int
    geom: BaseGeometry | None
    values: Mapping[str, Value]
    closed: bool = False


@dataclass(frozen=True)
class RawLayer:
    """A layer of a file: ``crs`` as it says, ``notes`` of the reader, ``columns`` in their order.

    ``role`` is set where the format itself tells what a layer holds.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[RawRow]
    crs: str | None
    notes: tuple[Note, ...] = ()
    role: Role | None = None


@dataclass(frozen=True)
class Reading:
    """What a person says of a file, each where it is not plain from the file itself.

    ``edition`` is of the planned parcels, ``base_edition`` of the base year's; ``columns`` are by
    field (a key of ``fields.ALIASES``); ``roles`` are by layer name.
    """

    edition: Edition | None = None
    base_edition: Edition | None = None
    crs: int | None = None
    swap: bool = False
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
