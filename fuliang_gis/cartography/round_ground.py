"""What lies under the map of a round: roads and divisions of an extent (plane, EPSG:4548)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.db.base import SRID
from fuliang_gis.geo.crs import GEOGRAPHIC, PLANE, reproject
from fuliang_gis.roads.models import Road

#: What bends a drawn road or edge less than this is left out [m].
_TOLERANCE_M = 6.0

#: West, south, east, north [m, EPSG:4548].
Extent = tuple[float, float, float, float]


@dataclass(frozen=True)
class Area:
    """A division: its outline and where its name stands."""

    level: str
    name: str
    outline: BaseGeometry
    seat: tuple[float, float]


@dataclass(frozen=True)
class Ground:
    """Roads by class, and divisions."""

    classes: Sequence[str]
    roads: NDArray[np.object_]
    areas: Sequence[Area]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.roads)

    def roads_in(self, extent: Extent) -> dict[str, list[BaseGeometry]]:
        """Return the parts of roads inside an extent, by class."""
        found: dict[str, list[BaseGeometry]] = {}
        for at in map(int, self._tree.query(shapely.box(*extent))):
            road: BaseGeometry = self.roads[at]
            part = shapely.clip_by_rect(road, *extent)
            if not part.is_empty:
                found.setdefault(self.classes[at], []).append(part)
        return found


def ground(session: Session, extent: Extent) -> Ground:
    """Read the ground of an extent; two statements."""
    box = func.ST_MakeEnvelope(*reproject(shapely.box(*extent), PLANE, GEOGRAPHIC).bounds, SRID)
    roads = session.execute(
        select(Road.road_class, func.ST_AsBinary(Road.geom))
        .where(Road.geom.bool_op("&&")(box))
        .order_by(Road.id)
    ).all()
    areas = session.execute(
        select(
            Division.level,
            Division.short_name,
            func.ST_AsBinary(Division.boundary),
            func.ST_AsBinary(Division.seat),
        )
        .where(
            Division.level.in_(("township", "village")),
            Division.boundary.bool_op("&&")(box),
        )
        .order_by(Division.code)
    ).all()
    lines = _on_plane([bytes(wkb) for _, wkb in roads])
    return Ground(
        [road_class for road_class, _ in roads],
        np.asarray(shapely.simplify(lines, _TOLERANCE_M), dtype=object),
        [_area(*row) for row in areas],
    )


def _area(level: str, name: str, boundary: bytes, seat: bytes | None) -> Area:
    (outline,) = _on_plane([bytes(boundary)])
    if seat is None:
        place = shapely.point_on_surface(outline)
    else:
        (place,) = _on_plane([bytes(seat)])
    return Area(level, name, shapely.simplify(outline, _TOLERANCE_M), (place.x, place.y))


def _on_plane(geometries: Sequence[bytes]) -> NDArray[np.object_]:
    return reproject(shapely.from_wkb(np.array(geometries, dtype=object)), GEOGRAPHIC, PLANE)
