"""What planners change in an invented village, and what they still have to mend (pure)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from fuliang_gis.demo.plans.base import Base, Piece
from fuliang_gis.demo.plans.land import Land
from fuliang_gis.errors import Invalid
from fuliang_gis.planning.editing import Changes, applied, split
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.parcels import Draft, Goal, Parcel
from fuliang_gis.planning.tables.goals import reckon

#: New homesteads: m² a household, below what cropland allows.
_HOMESTEAD_M2 = 112.0
#: A parcel of this size is wanted for sanitation and for a power room [m²].
_SMALL_M2 = 420.0
#: Reserved land takes this part of what the norm allows at most.
_RESERVE = 0.8


@dataclass(frozen=True)
class Laid:
    """A scheme's changes, its parcels afterwards, and where it wants facilities.

    ``sites`` are parcels by what they are for.
    """

    draft: Draft
    changes: Changes
    sites: dict[str, Parcel]


def draft_of_base(base: Base, population: int) -> Draft:
    """Return the plan as it begins: everything stays."""
    lines = {line.id: line for line in base.lines}
    return Draft(base.boundary, base.parcels, base.parcels, lines, population=population)


def sound_scheme(land: Land, base: Base, start: Draft) -> Laid:
    """Lay out a village so that nothing is wrong with it.

    New homesteads, services, a square, sanitation and reserved land lie at the edge of the main
    hamlet; the smallest one gives land back, and grass becomes cropland.
    """
    plan = _Plan(start)
    edge = _edge(land, base)
    plan.recode(edge[0], "0703", "新建宅基地一", _households(edge[0]))
    plan.recode(edge[1], "0703", "新建宅基地二", _households(edge[1]))
    plan.part(edge[2], ("1309", "垃圾收集点及公厕"), "1403", "村民广场")
    plan.part(edge[3], ("1303", "光伏配电间"), "0704", "综合服务中心")
    plan.recode(_reserve(base, start, edge[4:]), "16", "留白机动用地")
    for number, piece in enumerate(_reclaimed(land, base), start=1):
        plan.recode(piece, "0103", f"拆旧复垦{number}")
    for piece in base.pieces:
        if piece.parcel.code == "0403":
            plan.recode(piece, "0103", "整治为旱地")
    for number, piece in enumerate(_to_terrace(base), start=1):
        plan.recode(piece, "0101", f"旱改水{number}")
    return plan.laid()


def faulty_scheme(land: Land, base: Base, laid: Laid) -> Laid:
    """Lay out a village as planners do before the checks have told them better."""
    plan = _Plan(laid.draft)
    edge = [each for each in _edge(land, base) if each.parcel == laid.draft.parcels[each.parcel.id]]
    plan.recode(edge[0], "0703", "新建宅基地三", max(1, round(_households(edge[0]) * 0.7)))
    farmland = next(line for line in base.lines if line.code == "0202")
    shapely.prepare(farmland.geom)
    fields = sorted((p for p in base.pieces if p.zone == "low"), key=lambda p: p.area)
    fields = [p for p in fields if p.area > 4 * _SMALL_M2]
    inside = [p for p in fields if farmland.geom.covers(p.parcel.geom.representative_point())]
    outside = [p for p in fields if p not in inside]
    if inside:
        plan.recode(inside[0], "060201", "育秧大棚")
    if outside:
        plan.recode(outside[0], "0704", "村史馆")
    return plan.laid(laid)


def goals_of(draft: Draft) -> tuple[Goal, ...]:
    """Return goals that the scheme keeps, as its geometry has them."""
    wanted = (
        ("construction", "村域建设用地", "ha", True, False),
        ("village_construction", "村庄建设用地规模", "ha", True, False),
        ("cropland", "耕地保有量", "ha", True, True),
        ("basic_farmland", "永久基本农田", "ha", True, True),
        ("ecological_redline", "生态保护红线", "ha", True, True),
        ("forest", "林地保有量", "ha", False, True),
        ("reserve", "留白用地", "ha", False, False),
        ("per_head", "人均村庄建设用地", "m²", False, False),
    )
    asked = [
        Goal(key, zh, unit, None, 0.0, binding=binding, at_least=least)
        for key, zh, unit, binding, least in wanted
    ]
    found = reckon(replace(draft, goals=tuple(asked)), profile())
    return tuple(
        replace(
            each.goal,
            base=None if each.base is None else round(each.base, 2),
            target=round(each.target or 0.0, 2),
        )
        for each in found
    )


class _Plan:
    """A draft with what was changed in it so far."""

    def __init__(self, draft: Draft) -> None:
        self._start = self._draft = draft
        self._sites: dict[str, Parcel] = {}
        self._number = 0

    def recode(self, piece: Piece | None, code: str, label: str, households: int = 1) -> None:
        """Give a whole parcel another use."""
        if piece is not None:
            before = self._draft.parcels[piece.parcel.id]
            self._take(replace(before, code=code, name=label, households=households))

    def part(self, piece: Piece, small: tuple[str, str], code: str, label: str) -> None:
        """Give a parcel another use, and cut a small one off it."""
        self.recode(piece, code, label)
        shape = piece.parcel.geom
        west, south, east, north = shape.bounds
        for share in np.linspace(0.12, 0.6, 13).tolist():
            x = west + share * (east - west)
            along = shapely.LineString([(x, south - 5), (x, north + 5)])
            self._number += 1
            try:
                changes = split(
                    self._draft, piece.parcel.id, along, iter((f"G{self._number:03d}",))
                )
            except (Invalid, StopIteration):
                continue
            cut = next(p for name, p in changes.items() if p and name.startswith("G"))
            if cut.geom.area >= _SMALL_M2:
                self._draft = applied(self._draft, changes)
                self._take(replace(cut, code=small[0], name=small[1]))
                return

    def laid(self, before: Laid | None = None) -> Laid:
        """Return what it has come to; ``sites`` also those of the scheme it began with."""
        old, new = self._start.parcels, self._draft.parcels
        changes: Changes = {name: each for name, each in new.items() if old.get(name) != each}
        changes |= {name: None for name in old if name not in new}
        sites = {**(before.sites if before else {}), **self._sites}
        return Laid(self._draft, changes, sites)

    def _take(self, parcel: Parcel) -> None:
        self._draft = applied(self._draft, {parcel.id: parcel})
        self._sites[parcel.name] = parcel


def _edge(land: Land, base: Base) -> list[Piece]:
    """Return cropland at the edge of hamlets, the nearest to the main one's middle first."""
    seat = shapely.Point(land.places[0].middle)
    taken = [
        piece
        for piece in base.pieces
        if piece.zone == "fringe"
        and piece.parcel.code in ("0101", "0103")
        and piece.area > 4 * _SMALL_M2
    ]
    return sorted(taken, key=lambda piece: piece.parcel.geom.distance(seat))


def _reclaimed(land: Land, base: Base) -> list[Piece]:
    """Return homesteads of the smallest hamlet."""
    smallest = min(range(len(land.places)), key=lambda n: len(land.places[n].houses))
    homes = [p for p in base.pieces if p.parcel.code == "0703" and p.place == smallest]
    return homes[: max(1, len(homes) // 2)]


def _reserve(base: Base, start: Draft, edge: Sequence[Piece]) -> Piece | None:
    """Return a parcel that may be reserved: no more than the norm's share."""
    norms = profile()
    built = math.fsum(
        p.area for p in base.pieces if norms.is_construction(start.edition, p.parcel.code)
    )
    most = _RESERVE * norms.reserve_share * built
    return next((piece for piece in edge if piece.area <= most), None)


def _to_terrace(base: Base) -> list[Piece]:
    return [p for p in base.pieces if p.zone == "low" and p.parcel.code == "0103"][:4]


def _households(piece: Piece) -> int:
    return math.ceil(piece.area / _HOMESTEAD_M2)
