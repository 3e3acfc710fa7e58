"""A layer's list as a table: the sheet's Chinese headings, labels instead of stored values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.exchange import queries
from fuliang_gis.exchange.tables import Cell
from fuliang_gis.inspections.status.queries import beside, facts_of
from fuliang_gis.inspections.status.rules import status_of
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.fields import REVIEW_STATE
from fuliang_gis.locations.queries import Beside, Filters, count, order
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field

REAL, INVENTED = "实际", "演示（虚构）"

_DEGREE_DIGITS = 6
_VILLAGE_DIGITS = 12
_STATUS_HEADINGS = ("状态", "状态说明")
_PLACE_HEADINGS = ("乡镇", "村", "经度（CGCS2000）", "纬度（CGCS2000）", "数据性质")


@dataclass(frozen=True)
class Export:
    """What is exported: a list as it is filtered and sorted, all pages of it.

    ``status`` narrows to a status of inspection as it is on ``today``.

    Raises:
        BadRequest: The layer's list cannot be filtered or sorted so.
    """

    layer_name: str
    filters: Filters
    sort: str = "code"
    descending: bool = False
    status: str | None = None
    today: date = field(default_factory=clock.today)

    def __post_init__(self) -> None:
        # Refused before the first byte is sent, when it can still be told.
        order(self.layer, self.sort, descending=self.descending, beside=self.beside)

    @property
    def beside(self) -> Beside:
        """What is joined for the status."""
        return beside(self.today, self.status)

    @property
    def layer(self) -> Layer:
        """The layer that is listed."""
        return layer(self.layer_name)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields that become columns."""
        return (*writable_fields(self.layer), REVIEW_STATE)

    @property
    def headings(self) -> list[str]:
        """The columns' headings: labels of the sheet, with units."""
        named = [f"{f.label.zh}（{f.unit}）" if f.unit else f.label.zh for f in self.fields]
        return [*named, *_STATUS_HEADINGS, *_PLACE_HEADINGS]

    def invented(self, session: Session, actor: Actor) -> bool:
        """Tell whether any row is invented."""
        return queries.any_invented(session, actor, self.layer_name, self.filters, self.beside)

    def count(self, session: Session, actor: Actor) -> int:
        """Count the rows below the headings."""
        return count(session, actor, self.layer_name, self.filters, self.beside)

    def rows(self, session: Session, actor: Actor) -> Iterator[list[Cell]]:
        """Yield the rows below the headings."""
        names = [field.name for field in self.fields]
        found = queries.export_rows(
            session,
            actor,
            self.layer_name,
            self.filters,
            names,
            sort=self.sort,
            descending=self.descending,
            beside=self.beside,
        )
        return _cells(found, self.fields, self.today)


def _cells(
    rows: Iterable[tuple[Any, ...]], fields: Sequence[Field], today: date
) -> Iterator[list[Cell]]:
    writers = [_writer(field) for field in fields]
    division = next(i for i, field in enumerate(fields) if field.name == "division_code")
    for row in rows:
        *told, township, village, lon, lat, invented = row
        values, facts = told[: len(fields)], told[len(fields) :]
        status = status_of(facts_of(tuple(facts)), today)
        cells: list[Cell] = [w(value) for w, value in zip(writers, values, strict=True)]
        own = village if len(values[division]) == _VILLAGE_DIGITS else None
        place = (round(lon, _DEGREE_DIGITS), round(lat, _DEGREE_DIGITS))
        yield [
            *cells,
            status.zh,
            status.sentence,
            township,
            own,
            *place,
            INVENTED if invented else REAL,
        ]


def _writer(field: Field) -> Callable[[object], Cell]:
    labels = field.choice_labels

    def write(value: object) -> Cell:
        if isinstance(value, bool):
            return "是" if value else "否"
        if value is None or isinstance(value, (int, float, Decimal, date)):
            return value
        if isinstance(value, list):
            return "、".join(labels.get(item, str(item)) for item in value)
        return labels.get(str(value), str(value))

    return write
