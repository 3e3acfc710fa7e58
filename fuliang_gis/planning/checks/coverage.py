"""Checks of how parcels fit together: overlaps, gaps, the village boundary, shared edges."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.checks.ground import Ground, Indices, joined, parts_over
from fuliang_gis.planning.figures import figure


def overlap_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the pairs of parcels that lie on each other, where one of some is part of it.

    Of two parcels that overlap, one at least has an edge that is no edge of a coverage; so only
    parcels with such edges are laid over others.
    """
    faulty = ground.faulty if ids is None else _faulty_near(ground, ids)
    first, second = ground.tree.query(ground.geoms[faulty], predicate="intersects")
    pairs = np.unique(np.sort(np.column_stack([faulty[first], second]), axis=1), axis=0)
    first, second = pairs[pairs[:, 0] < pairs[:, 1]].T
    wanted = None if ids is None else set(ids)
    shared = shapely.intersection(ground.geoms[first], ground.geoms[second])
    least = ground.profile.tolerances.area_m2
    for a, b, both in zip(first, second, shared, strict=True):
        pair = tuple(sorted((str(ground.ids[a]), str(ground.ids[b]))))
        if wanted is not None and wanted.isdisjoint(pair):
            continue
        if parts := parts_over(both, least):
            place = joined(parts)
            yield Finding(
                "overlap",
                Severity.ERROR,
                f"图斑 {pair[0]} 与 {pair[1]} 重叠 {figure(place.area, 2)} 平方米。"
                "请把重叠处划归其中一个。",
                f"Parcels {pair[0]} and {pair[1]} overlap by {figure(place.area, 2)} m².",
                pair,
                place=place,
                area_m2=place.area,
                fix="cut_overlap",
            )


def edge_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the parcels some of whose edges ought to be a neighbour's and are not."""
    wanted = ground.at(ids)
    among = wanted if ids is None else _around(ground, wanted)
    if not len(among):
        return
    width = ground.profile.tolerances.edge_m
    faults = shapely.coverage_invalid_edges(ground.geoms[among], gap_width=width)
    for index, edges in zip(among, faults, strict=True):
        if edges.is_empty or (ids is not None and index not in wanted):
            continue
        name = str(ground.ids[index])
        yield Finding(
            "edge_mismatch",
            Severity.ERROR,
            f"图斑 {name} 有 {figure(edges.length, 1)} 米边界与相邻图斑不一致。"
            "请用“修补边界”对齐。",
            f"{figure(edges.length, 1)} m of the edge of parcel {name} do not match a neighbour's.",
            (name,),
            place=edges,
            fix="align_edges",
        )


def outside_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield what lies outside the village boundary."""
    among = ground.at(ids)
    out = among[~shapely.covers(ground.boundary, ground.geoms[among])]
    beyond = shapely.difference(ground.geoms[out], ground.draft.boundary)
    for index, rest in zip(out, beyond, strict=True):
        if parts := parts_over(rest, ground.profile.tolerances.area_m2):
            place, name = joined(parts), str(ground.ids[index])
            yield Finding(
                "outside",
                Severity.ERROR,
                f"图斑 {name} 有 {figure(place.area, 2)} 平方米在村界之外。请裁到村界。",
                f"{figure(place.area, 2)} m² of parcel {name} lie outside the village.",
                (name,),
                place=place,
                area_m2=place.area,
                fix="clip",
            )


def gap_findings(ground: Ground, window: BaseGeometry | None = None) -> Iterator[Finding]:
    """Yield what no parcel covers inside the village boundary, or inside a window of it."""
    if window is None:
        open_land = shapely.difference(ground.draft.boundary, _covered(ground))
    else:
        near = ground.tree.query(window, predicate="intersects")
        covered = shapely.union_all(shapely.intersection(ground.geoms[near], window))
        inside = shapely.intersection(ground.draft.boundary, window)
        open_land = shapely.difference(inside, covered)
    for part in parts_over(open_land, ground.profile.tolerances.area_m2):
        yield Finding(
            "gap",
            Severity.ERROR,
            f"村界内有 {figure(part.area, 2)} 平方米没有图斑。请补画，或并入相邻图斑。",
            f"{figure(part.area, 2)} m² inside the village have no parcel.",
            place=part,
            area_m2=part.area,
            fix="fill_gap",
        )


def _covered(ground: Ground) -> BaseGeometry:
    shapes = ground.geoms[ground.at(None)]
    # A sound coverage is joined by dropping the edges that occur twice.
    return shapely.union_all(shapes) if len(ground.faulty) else shapely.coverage_union_all(shapes)


def _faulty_near(ground: Ground, ids: Collection[str]) -> Indices:
    return ground.with_edge_faults(_around(ground, ground.at(ids)))


def _around(ground: Ground, indices: Indices) -> Indices:
    """Return parcels with those whose edges might have to be theirs."""
    return np.union1d(indices, ground.near(ground.geoms[indices]))
