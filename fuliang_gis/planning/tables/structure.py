"""The table of how land use is to change (国土空间功能结构调整表)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.codes import land_uses, top
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft, Parcel
from fuliang_gis.planning.tables.apportion import apportion, percentages

#: Decimals of hectares in tables: a hundredth is 100 m².
HECTARE_DIGITS = 2

#: Rows under 村域建设用地, by the balance group of the codes.
GROUPS = {
    "城镇用地": "城镇用地",
    "村庄建设用地": "村庄建设用地",
    "区域基础设施用地": "区域基础设施用地",
    "其他建设用地": "其他建设用地",
}
_SEA = ("18", "19", "20", "21", "22")


@dataclass(frozen=True)
class Cell:
    """A number and the parcels it comes from: [m²] as measured, [ha] as printed, share [%]."""

    m2: float
    ha: float
    percent: float
    parcels: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One row: base year, target year and the change [ha] between the printed numbers."""

    key: str
    zh: str
    depth: int
    base: Cell
    target: Cell

    @property
    def change_ha(self) -> float:
        """Return the change between the numbers as printed."""
        return round(self.target.ha - self.base.ha, HECTARE_DIGITS)


def structure(draft: Draft, profile: Profile) -> list[Row]:
    """Return the table's rows; rows without any land are left out.

    Printed hectares of the parts sum to the printed total, and so do the percentages.
    """
    base = _cells(draft.base.values(), profile)
    target = _cells(draft.parcels.values(), profile)
    return [
        Row(key, zh, depth, base[key], target[key])
        for key, zh, depth in _row_names(draft.edition)
        if base[key].parcels or target[key].parcels or key == "total"
    ]


def row_of(parcel: Parcel, profile: Profile) -> str:
    """Return the key of the row that a parcel counts in: a class, or a group of construction land.

    >>> from shapely import box
    >>> from fuliang_gis.planning.norms import profile
    >>> [row_of(Parcel("a", code, box(0, 0, 1, 1)), profile()) for code in ("0101", "0703", "1202")]
    ['01', '村庄建设用地', '区域基础设施用地']
    """
    if profile.is_construction(parcel.edition, parcel.code):
        group = land_uses(parcel.edition)[parcel.code].group
        # 06 counts as construction land in some provinces, yet keeps a row of its own.
        return GROUPS.get(group, top(parcel.code))
    first = top(parcel.code)
    return "sea" if first in _SEA else first


def _row_names(edition: str) -> list[tuple[str, str, int]]:
    uses = land_uses(edition)
    plain = [(code, uses[code].label, 0) for code in ("01", "02", "03", "04", "05", "06")]
    built = [(key, zh, 1) for key, zh in GROUPS.items()]
    rest = [("17", uses["17"].label, 0), ("sea", "18—22 用海", 0)]
    rest += [(code, uses[code].label, 0) for code in ("23", "24")]
    return [*plain, ("construction", "村域建设用地", 0), *built, *rest, ("total", "合计", 0)]


def _cells(parcels: Iterable[Parcel], profile: Profile) -> Mapping[str, Cell]:
    rows: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        rows.setdefault(row_of(parcel, profile), []).append(parcel)
    leaves = [key for key, _, _ in _row_names("2023") if key not in ("construction", "total")]
    m2 = [math.fsum(p.geom.area for p in rows.get(key, ())) for key in leaves]
    ha = apportion([hectares(value) for value in m2], HECTARE_DIGITS)
    shares = percentages(m2)
    cells = {
        key: Cell(m2[i], ha[i], shares[i], tuple(p.id for p in rows.get(key, ())))
        for i, key in enumerate(leaves)
    }
    cells["construction"] = _sum(cells, lambda key: key in GROUPS)
    cells["total"] = _sum(cells, lambda key: key != "construction")
    return cells


def _sum(cells: Mapping[str, Cell], takes: Callable[[str], bool]) -> Cell:
    chosen = [cell for key, cell in cells.items() if takes(key)]
    return Cell(
        math.fsum(cell.m2 for cell in chosen),
        round(sum(cell.ha for cell in chosen), HECTARE_DIGITS),
        round(sum(cell.percent for cell in chosen), 2),
        tuple(name for cell in chosen for name in cell.parcels),
    )
