"""Which three villages of the demo county have plans, and what they are before anybody plans."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fuliang_gis.accounts.demo import OTHER_TOWNSHIP, TOWNSHIP
from fuliang_gis.demo.layers.villages import key_levels
from fuliang_gis.demo.plans.base import Base, base_of
from fuliang_gis.demo.plans.land import Land, land_of
from fuliang_gis.demo.plans.schemes import (
    Laid,
    draft_of_base,
    faulty_scheme,
    goals_of,
    sound_scheme,
)
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.world import World
from fuliang_gis.planning.checks import Checker
from fuliang_gis.planning.parcels import Draft, Goal

#: How far each plan got, and in which township.
STATES = (("draft", TOWNSHIP), ("notice", TOWNSHIP), ("in_force", OTHER_TOWNSHIP))
#: How many people more are expected by the target year.
_GROWTH = 1.05


@dataclass(frozen=True)
class Village:
    """A village with its base year and both its schemes."""

    state: str
    site: Site
    base: Base
    start: Draft
    sound: Laid
    faulty: Laid
    goals: tuple[Goal, ...]


def villages_of(world: World) -> list[Village]:
    """Return the villages: key ones of the two townships that demo accounts know, small first."""
    found: list[Village] = []
    for state, township in STATES:
        taken = {village.site.code for village in found}
        for number in _candidates(world, township):
            land = land_of(world, number)
            base = base_of(land, world.rng(80 + number))
            if world.sites[number].code not in taken and _flawless(base):
                found.append(_village(state, world.sites[number], land, base))
                break
    return found


def _candidates(world: World, township: str) -> Iterator[int]:
    """Yield the township's key villages, the smallest first, then its others."""
    own = [n for n in world.rural if world.sites[n].township == township]
    levels = key_levels(world)
    yield from sorted(own, key=lambda n: (n not in levels, world.sites[n].polygon.area))


def _flawless(base: Base) -> bool:
    """Tell whether nothing is wrong: two outlines that nearly meet may leave a hair between."""
    return not Checker(draft_of_base(base, 1)).findings()


def _village(state: str, site: Site, land: Land, base: Base) -> Village:
    start = draft_of_base(base, round(site.population * _GROWTH))
    sound = sound_scheme(land, base, start)
    return Village(
        state, site, base, start, sound, faulty_scheme(land, base, sound), goals_of(sound.draft)
    )
