"""Reading divisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from geoalchemy2.shape import to_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from fuliang_gis.areas.models import Division
from fuliang_gis.errors import NotFound

#: Lists need no polygons, which are most of a division's bytes.
_LISTED = select(Division).options(defer(Division.boundary), defer(Division.seat))


def list_divisions(
    session: Session, *, parent: str | None = None, level: str | None = None
) -> Sequence[Division]:
    """Return divisions by code, without their polygons; of one parent or level when told."""
    wanted = _LISTED.order_by(Division.code)
    if parent is not None:
        wanted = wanted.where(Division.parent_code == parent)
    if level is not None:
        wanted = wanted.where(Division.level == level)
    return session.scalars(wanted).all()


def get(session: Session, code: str) -> Division:
    """Return one division.

    Raises:
        NotFound: There is none of that code.
    """
    found = session.scalar(_LISTED.where(Division.code == code))
    if found is None:
        raise NotFound(what="行政区划", key=code)
    return found


def path(session: Session, code: str) -> Sequence[Division]:
    """Return a division with everything above it, the county first."""
    codes = [code[:digits] for digits in (6, 9, 12) if len(code) >= digits]
    return session.scalars(_LISTED.where(Division.code.in_(codes)).order_by(Division.code)).all()


def by_codes(session: Session, codes: Collection[str]) -> Sequence[Division]:
    """Return the divisions of these codes, without their polygons."""
    return session.scalars(_LISTED.where(Division.code.in_(codes))).all()


def boundaries(session: Session, level: str, within: str = "") -> dict[str, BaseGeometry]:
    """Return the polygons (EPSG:4490) of one level by code, of those whose code starts so."""
    rows = session.execute(
        select(Division.code, Division.boundary)
        .where(Division.level == level, Division.code.startswith(within))
        .order_by(Division.code)
    )
    return {code: to_shape(boundary) for code, boundary in rows if boundary is not None}
