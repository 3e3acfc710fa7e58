"""The connectivity report: parts of the network, and locations that it does not reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.locations.models import Location
from fuliang_gis.roads.hanging import ISLAND, MAIN, TRAP, Hanging, Nearness, Part
from fuliang_gis.roads.network import network, version
from fuliang_gis.routing.graph import Floats, Ints, RoadGraph

#: Locations farther from a road than this are told of unless another distance is asked for [m].
FARTHER_M = 500.0
TOWNSHIP_DIGITS = 9
#: Rows of one page of the list.
PAGE_SIZE = 50

FAR: str = "far"
#: Why a location is in the list, in Chinese, most telling first.
WHY = {FAR: "离路太远", "island": "在孤立路段旁", "trap": "在只进不出的路旁"}
_WHY_OF = {ISLAND: "island", TRAP: "trap"}

_LOCATIONS_VERSION = text("""
select concat_ws('/', coalesce(sum(changes), 0), (select count(*) from location)) from data_version
""")

Codes = NDArray[np.str_]

#: What the web hands on: a session, whose kind it need not know.
Transaction: TypeAlias = Session


@dataclass(frozen=True)
class Cut:
    """One cell of the table by township and layer: how many are far, and how many unreachable."""

    far: int = 0
    unreachable: int = 0

    def __add__(self, other: Cut) -> Cut:
        """Add up two cells."""
        return Cut(self.far + other.far, self.unreachable + other.unreachable)


@dataclass(frozen=True)
class Unreached:
    """A location of the list: how far from the nearest road [m], and why it is told."""

    layer: str
    code: str
    name: str
    township: str
    lon: float
    lat: float
    metres: float
    why: str


@dataclass(frozen=True)
class Report:
    """What one network and the locations beside it look like.

    Arrays are parallel, one entry a location of the scope.
    """

    graph: RoadGraph
    hanging: Hanging
    ids: Ints
    layers: Codes
    divisions: Codes
    lonlat: Floats
    near: Nearness
    islands: Sequence[Part] = ()
    traps: Sequence[Part] = ()

    @property
    def kilometres(self) -> float:
        """Length of all roads [km]."""
        return sum(edge.metres for edge in self.graph.edges) / 1000

    def within(self, scope: str) -> Report:
        """Return the report with the locations of one division alone."""
        kept = np.flatnonzero(np.strings.startswith(self.divisions, scope))
        return Report(
            self.graph,
            self.hanging,
            self.ids[kept],
            self.layers[kept],
            self.divisions[kept],
            self.lonlat[kept],
            Nearness(self.near.metres[kept], self.near.edge[kept], self.near.standing[kept]),
            self.islands,
            self.traps,
        )

    def told(self, farther: float) -> Ints:
        """Return which locations are farther than so many metres, or off the main network."""
        chosen = (self.near.metres > farther) | (self.near.standing != MAIN)
        found = np.flatnonzero(chosen)
        return found[np.argsort(-self.near.metres[found], kind="stable")]

    def cuts(self, farther: float) -> Mapping[tuple[str, str], Cut]:
        """Count the locations that are told, by township and layer."""
        counts: Counter[tuple[str, str]] = Counter()
        off: Counter[tuple[str, str]] = Counter()
        for index in self.told(farther).tolist():
            key = (str(self.divisions[index])[:TOWNSHIP_DIGITS], str(self.layers[index]))
            counts[key] += bool(self.near.metres[index] > farther)
            off[key] += bool(self.near.standing[index] != MAIN)
        return {key: Cut(counts[key], off[key]) for key in counts.keys() | off.keys()}

    def chosen(self, farther: float, township: str = "", layer: str = "") -> Ints:
        """Return which locations are told, of one township and layer where these are given."""
        told = self.told(farther)
        fits = np.strings.startswith(self.divisions[told], township)
        if layer:
            fits &= self.layers[told] == layer
        return told[fits]

    def why(self, index: int, farther: float) -> str:
        """Return why a location is told: a key of ``WHY``."""
        if self.near.metres[index] > farther:
            return FAR
        return _WHY_OF[int(self.near.standing[index])]


@dataclass
class _Kept:
    """The last report of this process, and what it is of."""

    lock: Lock = field(default_factory=Lock)
    key: str = ""
    report: Report | None = None


_kept = _Kept()


def report(session: Session, scope: str) -> Report:
    """Return the report for the locations of a division; made anew only after changes.

    Raises:
        Invalid: There are no roads.
    """
    graph = network(session)
    key = f"{version(session)}/{session.scalar(_LOCATIONS_VERSION)}"
    with _kept.lock:
        if _kept.report is None or _kept.key != key or _kept.report.graph is not graph:
            _kept.key, _kept.report = key, _made(session, graph)
        whole = _kept.report
    return whole.within(scope)


def _made(session: Session, graph: RoadGraph) -> Report:
    on_it = func.ST_PointOnSurface(Location.geom)
    place = case((func.ST_Dimension(Location.geom) == 0, Location.geom), else_=on_it)
    rows = session.execute(
        select(
            Location.id,
            Location.layer,
            Location.division_code,
            func.ST_X(place),
            func.ST_Y(place),
        ).where(Location.deleted_at.is_(None))
    ).all()
    hanging = Hanging(graph)
    ids, layers, divisions, lon, lat = zip(*rows, strict=True) if rows else ((),) * 5
    lonlat = np.array([lon, lat], dtype=np.float64).T.reshape(-1, 2)
    return Report(
        graph,
        hanging,
        np.array(ids, dtype=np.int64),
        np.array(layers, dtype=np.str_),
        np.array(divisions, dtype=np.str_),
        lonlat,
        hanging.nearest(lonlat),
        hanging.islands(),
        hanging.traps(),
    )


def unreached(
    session: Session,
    found: Report,
    farther: float,
    *,
    township: str = "",
    layer: str = "",
    page: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Unreached]:
    """Return one page of the locations that are told, the farthest from a road first."""
    chosen = found.chosen(farther, township, layer)
    shown = chosen[(page - 1) * size : page * size].tolist()
    ids = [int(found.ids[index]) for index in shown]
    town = func.left(Location.division_code, TOWNSHIP_DIGITS)
    rows = session.execute(
        select(Location.id, Location.code, Location.name, Division.name)
        .outerjoin(Division, Division.code == town)
        .where(Location.id.in_(ids))
    )
    told = {number: (code, name, place or "") for number, code, name, place in rows}
    pairs = [(index, told[n]) for index, n in zip(shown, ids, strict=True) if n in told]
    return Page([_unreached(found, i, farther, each) for i, each in pairs], len(chosen), page, size)


def _unreached(found: Report, index: int, farther: float, told: tuple[str, str, str]) -> Unreached:
    code, name, township = told
    lon, lat = found.lonlat[index].tolist()
    return Unreached(
        str(found.layers[index]),
        code,
        name,
        township,
        lon,
        lat,
        float(found.near.metres[index]),
        found.why(index, farther),
    )
