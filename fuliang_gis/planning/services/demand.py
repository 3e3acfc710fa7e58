"""Where people live: homesteads as points with their households (pure, EPSG:4548 [m])."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fuliang_gis.planning.codes import under
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft, Parcel


@dataclass(frozen=True)
class Demand:
    """A homestead: its parcel, a place inside it [m], its households.

    ``estimated`` tells that nobody wrote down the households: they follow from its area.
    """

    parcel: str
    name: str
    x: float
    y: float
    households: int
    m2: float
    estimated: bool = False


def demands(draft: Draft, profile: Profile) -> list[Demand]:
    """Return the homesteads of a scheme, by parcel.

    >>> from shapely import box
    >>> from fuliang_gis.planning.norms import profile
    >>> home = Parcel("a", "0703", box(0, 0, 20, 10), households=3)
    >>> [(d.parcel, d.x, d.households) for d in demands(Draft(home.geom, {"a": home}), profile())]
    [('a', 10.0, 3)]
    """
    chosen = _homesteads(draft.parcels, profile)
    return [_demand(each, max(each.households, 1), estimated=False) for each in chosen]


def base_demands(draft: Draft, profile: Profile, homestead_m2: float) -> list[Demand]:
    """Return the homesteads of the base year.

    The base year knows no households: what the scheme keeps has its scheme's, others as many as
    fit at so many m² a household.
    """
    found = []
    for each in _homesteads(draft.base, profile):
        kept = draft.parcels.get(each.id)
        if kept is not None and under(kept.code, profile.homestead_uses):
            found.append(_demand(each, max(kept.households, 1), estimated=False))
        else:
            homes = max(round(each.geom.area / homestead_m2), 1)
            found.append(_demand(each, homes, estimated=True))
    return found


def _homesteads(parcels: Mapping[str, Parcel], profile: Profile) -> list[Parcel]:
    chosen = [each for each in parcels.values() if under(each.code, profile.homestead_uses)]
    return sorted(chosen, key=lambda each: each.id)


def _demand(parcel: Parcel, households: int, *, estimated: bool) -> Demand:
    place = parcel.geom.representative_point()
    area = float(parcel.geom.area)
    return Demand(
        parcel.id, parcel.name, float(place.x), float(place.y), households, area, estimated
    )
