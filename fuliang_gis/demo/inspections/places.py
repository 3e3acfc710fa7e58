"""What is inspected in the demo county: its rows as inspectors meet them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.rows import Row, Value
from fuliang_gis.geo import crs
from fuliang_gis.inspections.duties.rules import Profile
from fuliang_gis.inspections.visits.checklist import Asked
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.sheets import Sheet


@dataclass(frozen=True)
class Place:
    """One inspected location; ``geom`` and ``inner`` lie on the plane of EPSG:4548 [m]."""

    id: int
    sheet: Sheet
    code: str
    name: str
    kind: str | None
    asset_class: str
    use_status: str
    division_code: str
    custodian: str
    since: date
    geom: BaseGeometry
    inner: shapely.Point
    fields: Mapping[str, Value]

    @property
    def layer(self) -> str:
        """The name of its layer."""
        return self.sheet.name

    @property
    def township(self) -> str:
        """The code of its township."""
        return self.division_code[:9]

    @cached_property
    def asked(self) -> Asked:
        """What inspectors are asked there."""
        told = self.sheet.inspection
        return Asked(
            tuple(item for item in told.checklist if item.applies_to(self.kind)),
            tuple(item for item in told.readings if item.applies_to(self.kind)),
        )

    def profile(self, ended_on: date | None = None) -> Profile:
        """Return what its duties follow from."""
        return Profile(self.layer, self.kind, self.asset_class, self.since, ended_on)

    def number(self, field: str, otherwise: float = 0.0) -> float:
        """Return a numeric field."""
        value = self.fields.get(field)
        return otherwise if value is None else float(value)  # type: ignore[arg-type]  # numbers only


def inspected(rows: Sequence[Row], ids: Mapping[str, int]) -> list[Place]:
    """Return the places that are inspected, in the order of their rows; households are not."""
    sheets = {name: layer.sheet for name, layer in layers().items()}
    chosen = [
        (row, sheets[row.layer], kind)
        for row in rows
        if row.asset_class != "household"
        and (kind := _kind(row, sheets[row.layer])) not in sheets[row.layer].inspection.exempt_kinds
    ]
    shapes = _on_plane([row.geom for row, _, _ in chosen])
    inner = shapely.point_on_surface(shapes)
    return [
        Place(
            ids[row.code],
            sheet,
            row.code,
            row.name,
            kind,
            row.asset_class,
            row.use_status,
            row.division_code,
            row.custodian,
            row.survey_date,
            shape,
            middle,
            row.fields,
        )
        for (row, sheet, kind), shape, middle in zip(chosen, shapes, inner, strict=True)
    ]


def _kind(row: Row, sheet: Sheet) -> str | None:
    value = row.fields.get(sheet.kind_field) if sheet.kind_field else None
    return str(value) if value is not None else None


def _on_plane(shapes: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(np.array(shapes), crs.to_plane))
