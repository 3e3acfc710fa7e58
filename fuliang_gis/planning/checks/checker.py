"""All checks of a draft, and the few that one edit touches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks.coverage import (
    edge_findings,
    gap_findings,
    outside_findings,
    overlap_findings,
)
from fuliang_gis.planning.checks.findings import Finding
from fuliang_gis.planning.checks.ground import Ground
from fuliang_gis.planning.checks.lines import line_findings
from fuliang_gis.planning.checks.single import single_findings
from fuliang_gis.planning.checks.whole import homestead_findings, whole_findings
from fuliang_gis.planning.norms import LineNorms, Profile, line_norms, profile
from fuliang_gis.planning.parcels import Draft, Parcel

Check = Callable[[Ground, Collection[str] | None], Iterator[Finding]]

#: Findings about one parcel by itself, which only its own edit changes.
_OF_ONE: tuple[Check, ...] = (single_findings, outside_findings, line_findings, homestead_findings)
#: Findings about parcels beside each other, which an edit changes for all that it touches.
_BETWEEN: tuple[Check, ...] = (overlap_findings, edge_findings)


class Checker:
    """A draft with its findings, kept up to date edit by edit.

    Control lines, base and boundary stay as they are for its life.
    """

    def __init__(
        self, draft: Draft, given: Profile | None = None, norms: LineNorms | None = None
    ) -> None:
        self._ground = Ground(draft, given or profile(), norms or line_norms())
        self._of_one = [f for check in _OF_ONE for f in check(self._ground, None)]
        self._between = [f for check in _BETWEEN for f in check(self._ground, None)]
        self._gaps = list(gap_findings(self._ground))

    @property
    def draft(self) -> Draft:
        """Return the draft as it stands."""
        return self._ground.draft

    def parcel_findings(self) -> list[Finding]:
        """Return what is wrong with parcels and between them, worst first."""
        return sorted([*self._of_one, *self._between, *self._gaps], key=_rank)

    def findings(self) -> list[Finding]:
        """Return everything that is wrong, also with sums and goals, worst first."""
        return sorted([*self.parcel_findings(), *whole_findings(self._ground)], key=_rank)

    def edit(self, changed: Mapping[str, Parcel | None]) -> list[Finding]:
        """Take in parcels that were drawn, changed or removed (None); return parcel findings.

        Only what they touch, before or after, is checked again.
        """
        before = [self.draft.parcels[name] for name in changed if name in self.draft.parcels]
        after = [parcel for parcel in changed.values() if parcel is not None]
        kept = {**self.draft.parcels, **{parcel.id: parcel for parcel in after}}
        for name in [name for name, parcel in changed.items() if parcel is None]:
            kept.pop(name, None)
        old = self._ground
        self._ground = _following(old, replace(self.draft, parcels=kept))
        shapes = [p.geom for p in (*before, *after)]
        touched = set(changed) | _meeting(old, shapes) | _meeting(self._ground, shapes)
        self._of_one = self._again(_OF_ONE, self._of_one, set(changed))
        self._between = self._again(_BETWEEN, self._between, touched)
        self._check_gaps(shapes)
        return self.parcel_findings()

    def _again(
        self, checks: tuple[Check, ...], known: list[Finding], ids: set[str]
    ) -> list[Finding]:
        """Return known findings with those of some parcels found anew."""
        still = ids & self.draft.parcels.keys()
        fresh = [finding for check in checks for finding in check(self._ground, still)]
        return [*(finding for finding in known if ids.isdisjoint(finding.parcels)), *fresh]

    def _check_gaps(self, shapes: list[BaseGeometry]) -> None:
        """Look for gaps where parcels were or are, and in the gaps that meet there."""
        if not shapes:
            return
        window = shapely.box(*_bounds(shapes))
        # What was a gap there is looked at as a whole, and so is any that the wider window meets.
        while True:
            met = [gap for gap in self._gaps if _place(gap).intersects(window)]
            wider = shapely.box(*_bounds([window, *map(_place, met)]))
            if wider.equals(window):
                break
            window = wider
        kept = [gap for gap in self._gaps if gap not in met]
        self._gaps = [*kept, *gap_findings(self._ground, window)]


def _following(old: Ground, draft: Draft) -> Ground:
    """Return the ground of a changed draft, with what stays as it was."""
    ground = Ground(draft, old.profile, old.norms)
    for kept in ("lines", "line_geoms", "line_tree", "base", "base_geoms", "base_tree"):
        ground.__dict__[kept] = getattr(old, kept)
    if draft.parcels.keys() == old.draft.parcels.keys():
        # Only the shapes that changed are looked at anew.
        changed = [i for i, parcel in enumerate(ground.parcels) if parcel is not old.parcels[i]]
        sound = old.sound.copy()
        shapes = ground.geoms[changed]
        sound[changed] = shapely.is_valid(shapes) & ~shapely.is_empty(shapes)
        ground.__dict__["sound"], ground.__dict__["ids"] = sound, old.ids
    return ground


def _meeting(ground: Ground, shapes: list[BaseGeometry]) -> set[str]:
    sound = [shape for shape in shapes if shape.is_valid and not shape.is_empty]
    if not sound or not ground.parcels:
        return set()
    return set(ground.ids[ground.near(np.array(sound, dtype=object))].tolist())


def _place(finding: Finding) -> BaseGeometry:
    return shapely.Point() if finding.place is None else finding.place


def _bounds(shapes: list[BaseGeometry]) -> tuple[float, float, float, float]:
    left, bottom, right, top = shapely.total_bounds(np.array(shapes, dtype=object))
    return float(left), float(bottom), float(right), float(top)


def _rank(finding: Finding) -> tuple[int, str, tuple[str, ...], float]:
    order = {"error": 0, "permit": 1, "warning": 2}
    return order[finding.severity], finding.code, finding.parcels, -(finding.area_m2 or 0.0)
