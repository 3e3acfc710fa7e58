"""Write divisions: the reference list, and surveyed boundaries in place of generated ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import shapely
from geoalchemy2 import WKBElement
from geoalchemy2.shape import from_shape, to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.areas.reference import DivisionRow, county_outline, reference
from fuliang_gis.areas.surveyed import Known, check, read_features
from fuliang_gis.db.base import SRID
from fuliang_gis.errors import Invalid

#: Surveyed outlines differ from the generalised one by less than this [degrees].
_EXTENT_MARGIN = 0.05


def load_reference(session: Session) -> int:
    """Add or refresh every division of the reference list; surveyed boundaries stay as they are.

    Returns:
        How many divisions there are.
    """
    rows = [_values(row) for row in reference()]
    added = insert(Division)
    kept = {
        name: case(
            (Division.invented | Division.boundary.is_(None), added.excluded[name]),
            else_=getattr(Division, name),
        )
        for name in ("seat", "boundary", "boundary_source", "invented")
    }
    named = ("name", "short_name", "initials", "level", "kind", "parent_code")
    fresh = {name: added.excluded[name] for name in named}
    session.execute(
        added.on_conflict_do_update(index_elements=[Division.code], set_=fresh | kept), rows
    )
    return len(rows)


def _values(row: DivisionRow) -> Mapping[str, object]:
    return asdict(row) | {"seat": stored(row.seat), "boundary": stored_polygon(row.boundary)}


def stored(geometry: BaseGeometry) -> WKBElement:
    """Return a geometry (EPSG:4490) as the database takes it."""
    return from_shape(geometry, SRID)


def stored_polygon(geometry: BaseGeometry) -> WKBElement:
    """Return a polygon or its parts (EPSG:4490) as the multipolygon that the database takes."""
    return stored(shapely.MultiPolygon(list(shapely.get_parts(geometry))))


def import_boundaries(session: Session, path: Path, source: str) -> int:
    """Replace boundaries by surveyed ones from a GeoJSON file (EPSG:4490), all or none.

    Features are matched by code, or by a name that only one division has. Townships come with all
    of their villages; one that has no polygon of its own becomes the union of its villages.

    Args:
        session: A transaction that may write divisions.
        path: The file.
        source: Where the boundaries come from, shown wherever they are.

    Returns:
        How many divisions changed.

    Raises:
        ImportRefused: The file cannot be read or is not in degrees.
        Invalid: At least one boundary cannot be taken; every problem is listed.
    """
    features = read_features(path)
    found = {row.code: row for row in session.scalars(select(Division).with_for_update())}
    known = {code: _known(row) for code, row in found.items()}
    surveyed = check(features, known, county_outline().buffer(_EXTENT_MARGIN).envelope)
    if surveyed.problems:
        raise Invalid(surveyed.problems)
    boundaries = _with_townships(surveyed.boundaries)
    for code, boundary in boundaries.items():
        _replace(found[code], boundary, source)
    session.flush()
    return len(boundaries)


def _known(row: Division) -> Known:
    boundary = to_shape(row.boundary) if row.boundary is not None else None
    return Known(row.code, row.name, row.level, boundary)


def _with_townships(boundaries: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    every = dict(boundaries)
    for town in sorted({code[:9] for code in boundaries if len(code) == 12} - boundaries.keys()):
        own = [shape for code, shape in boundaries.items() if code.startswith(town)]
        every[town] = shapely.union_all(own)
    return every


def _replace(row: Division, boundary: BaseGeometry, source: str) -> None:
    row.boundary = stored_polygon(boundary)
    row.boundary_source = source
    row.invented = False
    if row.seat is None or not boundary.covers(to_shape(row.seat)):
        row.seat = stored(shapely.point_on_surface(boundary))
