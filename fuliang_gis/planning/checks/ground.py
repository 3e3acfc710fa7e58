"""A draft as arrays, so that checks run over all parcels at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.norms import LineNorms, Profile
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel

#: Narrower polygons come from rounding coordinates along an edge [m].
ROUNDING_M = 0.001

Geometries = NDArray[np.object_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Ground:
    """A draft with what it is checked by, and its geometry in arrays ``(parcels,)``."""

    draft: Draft
    profile: Profile
    norms: LineNorms

    @cached_property
    def parcels(self) -> tuple[Parcel, ...]:
        """Return the parcels in their order."""
        return tuple(self.draft.parcels.values())

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """Return the parcels' ids."""
        return np.array([each.id for each in self.parcels], dtype=str)

    @cached_property
    def geoms(self) -> Geometries:
        """Return the parcels' shapes as they are."""
        return np.array([each.geom for each in self.parcels], dtype=object)

    @cached_property
    def sound(self) -> NDArray[np.bool_]:
        """Tell which shapes are valid and hold something; only these are compared with others."""
        found: NDArray[np.bool_] = shapely.is_valid(self.geoms) & ~shapely.is_empty(self.geoms)
        return found

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Return the shapes' index; unsound ones are never met."""
        shapes = self.geoms.copy()
        shapes[~self.sound] = None
        return shapely.STRtree(shapes)

    @cached_property
    def faulty(self) -> Indices:
        """Return the places of parcels that have an edge which is no edge of a coverage."""
        return self.with_edge_faults(self.at(None))

    def near(self, shapes: Geometries) -> Indices:
        """Return the places of the parcels that shapes meet, or nearly meet."""
        reach = self.profile.tolerances.edge_m
        found: Indices = self.tree.query(shapes, predicate="dwithin", distance=reach)[1]
        return np.unique(found)

    def with_edge_faults(self, among: Indices) -> Indices:
        """Return those of some parcels whose edges do not fit the others' among them."""
        if not len(among):
            return among
        return among[~shapely.is_empty(shapely.coverage_invalid_edges(self.geoms[among]))]

    @cached_property
    def lines(self) -> tuple[ControlLine, ...]:
        """Return the control lines in their order."""
        return tuple(self.draft.lines.values())

    @cached_property
    def line_geoms(self) -> Geometries:
        """Return the control lines' shapes."""
        return np.array([each.geom for each in self.lines], dtype=object)

    @cached_property
    def line_tree(self) -> shapely.STRtree:
        """Return the control lines' index."""
        return shapely.STRtree(self.line_geoms)

    @cached_property
    def base(self) -> tuple[Parcel, ...]:
        """Return the base year's parcels in their order."""
        return tuple(self.draft.base.values())

    @cached_property
    def base_geoms(self) -> Geometries:
        """Return the base year's shapes."""
        return np.array([each.geom for each in self.base], dtype=object)

    @cached_property
    def base_tree(self) -> shapely.STRtree:
        """Return the base year's index."""
        return shapely.STRtree(self.base_geoms)

    @cached_property
    def boundary(self) -> BaseGeometry:
        """Return the village boundary, prepared for many questions."""
        shapely.prepare(self.draft.boundary)
        return self.draft.boundary

    def at(self, ids: Collection[str] | None) -> Indices:
        """Return the places of some sound parcels in the arrays; of all when none are named."""
        wanted = self.sound if ids is None else self.sound & np.isin(self.ids, list(ids))
        return np.flatnonzero(wanted)


def parts_over(geometry: BaseGeometry, least_m2: float) -> list[Polygon]:
    """Return the polygons of a geometry that are larger than an area [m²] and no mere rounding."""
    return [
        part
        for part in shapely.get_parts(geometry)
        if isinstance(part, Polygon) and part.area > max(least_m2, ROUNDING_M * part.length / 2)
    ]


def joined(parts: list[Polygon]) -> Polygon | MultiPolygon:
    """Return polygons as one geometry."""
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)
