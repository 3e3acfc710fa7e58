"""How a file's parcels fit each other and the village: what would be moved, told before it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fuliang_gis.planning.checks.findings import Finding
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft, Parcel
from fuliang_gis.planning.repair import Moved, repair
from fuliang_gis.web.pages.plans_incoming import Incoming
from fuliang_gis.web.pages.plans_mending import place_of
from fuliang_gis.web.pages.plans_view import Looked

#: Places that are listed of each kind.
_MOST = 20


@dataclass(frozen=True)
class Fit:
    """What fitting would do to parcels: what moves, most land first, or why it cannot be done."""

    role: str
    label: str
    parcels: Mapping[str, Parcel]
    moved: tuple[Moved, ...]
    refused: tuple[Finding, ...]

    @property
    def area_m2(self) -> float:
        """Return how much land changes hands."""
        return sum(each.area_m2 for each in self.moved)

    @property
    def width_m(self) -> float:
        """Return how wide it is at most."""
        return max((each.width_m for each in self.moved), default=0.0)

    @property
    def listed(self) -> list[tuple[str, Moved]]:
        """Return the places that are listed, each with what the map knows it by."""
        return [(f"{self.role}-moved-{i}", each) for i, each in enumerate(self.moved[:_MOST])]

    @property
    def hindering(self) -> list[tuple[str, Finding]]:
        """Return what hinders it, each with what the map knows it by."""
        return [(f"{self.role}-far-{i}", each) for i, each in enumerate(self.refused[:_MOST])]

    def places(self) -> list[dict[str, object]]:
        """Return where all that is, for the map."""
        return [
            *(place_of(key, each.parcel, each.place) for key, each in self.listed),
            *(place_of(k, f.zh, f.place) for k, f in self.hindering if f.place is not None),
        ]


def fits(looked: Looked, found: Incoming) -> list[Fit]:
    """Return how the parcels of a file would be fitted, once none of them is broken."""
    return [
        fit(looked, role, held)
        for role, held in (("parcels", found.parcels), ("base", found.base))
        if held and not any(each.left and each.role.value == role for each in found.mends)
    ]


def fit(looked: Looked, role: str, held: Mapping[str, Parcel]) -> Fit:
    """Return how parcels would be fitted to each other and to the village boundary."""
    draft = Draft(looked.boundary, held, edition=looked.plan.edition)
    done = repair(draft, held.keys(), profile(looked.plan.profile))
    now = {name: done.parcels.get(name, each).geom for name, each in held.items()}
    after = {name: replace(each, geom=now[name]) for name, each in held.items()}
    moved = tuple(sorted(done.moved, key=lambda each: -each.area_m2))
    label = "图斑" if role == "parcels" else "现状图斑"
    return Fit(role, label, after, moved, done.refused)
