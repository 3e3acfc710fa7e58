"""What became what: the gross transfer matrix (用地流量) behind the net change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.tables.structure import row_of


@dataclass(frozen=True)
class Transfer:
    """Land [m²] that changes from one row of the structure table to another, with its parcels."""

    before: str
    after: str
    m2: float
    parcels: tuple[str, ...]


def transfers(draft: Draft, profile: Profile, least_m2: float | None = None) -> list[Transfer]:
    """Return how much of each row becomes each row, also what stays, largest first.

    Args:
        least_m2: Smaller intersections are rounding of shared edges; default: the profile's.
    """
    # What crosses itself has no area to share; the checks tell of it.
    before = [each for each in draft.base.values() if each.geom.is_valid]
    after = [each for each in draft.parcels.values() if each.geom.is_valid]
    if not before or not after:
        return []
    old = np.array([each.geom for each in before], dtype=object)
    new = np.array([each.geom for each in after], dtype=object)
    first, second = shapely.STRtree(old).query(new, predicate="intersects")
    areas = shapely.area(shapely.intersection(new[first], old[second]))
    least = profile.tolerances.area_m2 if least_m2 is None else least_m2
    rows_before = [row_of(each, profile) for each in before]
    rows_after = [row_of(each, profile) for each in after]
    sums: dict[tuple[str, str], float] = {}
    names: dict[tuple[str, str], dict[str, None]] = {}
    for now, then, area in zip(first.tolist(), second.tolist(), areas.tolist(), strict=True):
        if area <= least:
            continue
        key = rows_before[then], rows_after[now]
        sums[key] = sums.get(key, 0.0) + area
        names.setdefault(key, {})[after[now].id] = None
    found = [Transfer(a, b, m2, tuple(names[a, b])) for (a, b), m2 in sums.items()]
    return sorted(found, key=lambda each: (-each.m2, each.before, each.after))
