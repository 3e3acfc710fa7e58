"""Where people live: households of each village, and its hamlets in the valleys around its seat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from fuliang_gis.demo.shares import split
from fuliang_gis.roads.mesh import Settlement

Array = NDArray[np.float64]

#: Households per hamlet, about.
_HAMLET = 52
#: Houses along a lane between two junctions, about.
_HOUSES_A_LANE = 4.4
_FIRST = "上下东西里外前后大小中新老高"
_SECOND = "坞坑源田畈岭塘桥湾坦墩冲洲林竹坪"


@dataclass(frozen=True)
class Site:
    """A village-level division on the plane of EPSG:4548, with its people."""

    code: str
    name: str
    kind: str
    township: str
    township_name: str
    x: float
    y: float
    polygon: BaseGeometry
    households: int = 0
    population: int = 0

    @property
    def spoken(self) -> str:
        """The name as people say it: 勒功村, 查村, 城南居委会."""
        if self.kind == "village":
            return self.name.removesuffix("委会").replace("村村", "村")
        return self.name.removeprefix(self.township_name)

    @property
    def place(self) -> str:
        """The name with its township."""
        return self.township_name + self.spoken


@dataclass(frozen=True)
class Hamlet:
    """A cluster of houses; ``site`` numbers its village, ``main`` is the committee's hamlet."""

    site: int
    name: str
    x: float
    y: float
    households: int
    population: int
    main: bool
    settlement: Settlement


def peopled(
    sites: Sequence[Site], households: int, population: int, rng: np.random.Generator
) -> list[Site]:
    """Return the sites with households and people that add up to the county's."""
    base = {"village": 1.0, "community": 0.55, "farm": 0.16}
    weights = [base[site.kind] * rng.lognormal(0, 0.38) for site in sites]
    homes = split(households, weights, least=25)
    people = split(population, homes * rng.normal(1, 0.06, len(homes)))
    return [
        replace(site, households=int(h), population=int(p))
        for site, h, p in zip(sites, homes, people, strict=True)
    ]


def hamlets(
    sites: Sequence[Site], height: Callable[[Array], Array], rng: np.random.Generator
) -> list[Hamlet]:
    """Place each village's hamlets low in the land and apart, the committee's first."""
    found: list[Hamlet] = []
    for number, site in enumerate(sites):
        found.extend(_of_site(number, site, height, rng))
    return found


def _of_site(
    number: int, site: Site, height: Callable[[Array], Array], rng: np.random.Generator
) -> list[Hamlet]:
    wished = max(1, round(site.households / _HAMLET * rng.uniform(0.8, 1.2)))
    count = wished if site.kind == "village" else 1
    spots = _spots(site, count, height, rng)
    weights = rng.lognormal(0, 0.5, len(spots))
    weights[0] *= 1.8
    homes = split(site.households, weights, least=3)
    people = split(site.population, homes)
    names = _names(len(spots), rng)
    return [
        Hamlet(number, name, x, y, int(h), int(p), index == 0, _settlement(x, y, int(h), rng))
        for index, ((x, y), h, p, name) in enumerate(zip(spots, homes, people, names, strict=True))
    ]


def _settlement(x: float, y: float, households: int, rng: np.random.Generator) -> Settlement:
    junctions = max(3, round(households / _HOUSES_A_LANE))
    return Settlement(x, y, junctions, float(rng.uniform(0, np.pi)))


def _spots(
    site: Site, count: int, height: Callable[[Array], Array], rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Choose the lowest of random points that keep their distance; the seat is the first."""
    chosen = [(site.x, site.y)]
    inner = site.polygon.buffer(-220)
    if count == 1 or inner.is_empty:
        return chosen
    points = _random_points(inner, 24 * count, rng)
    apart = 0.62 * np.sqrt(site.polygon.area / count)
    ranked = points[np.argsort(height(points) + rng.uniform(0, 25, len(points)), kind="stable")]
    for x, y in ranked.tolist():
        if len(chosen) == count:
            break
        if all(np.hypot(x - a, y - b) > apart for a, b in chosen):
            chosen.append((round(x, 2), round(y, 2)))
    return chosen


def _random_points(area: BaseGeometry, count: int, rng: np.random.Generator) -> Array:
    west, south, east, north = area.bounds
    share = area.area / max((east - west) * (north - south), 1.0)
    drawn = rng.uniform((west, south), (east, north), (int(count / share) + 8, 2))
    shapely.prepare(area)
    return np.asarray(drawn[shapely.contains_xy(area, drawn[:, 0], drawn[:, 1])])


def _names(count: int, rng: np.random.Generator) -> list[str]:
    """Return names of hamlets, the first for the committee's; none is a family's name."""
    every = [a + b for a in _FIRST for b in _SECOND]
    return ["中心", *(every[n] for n in rng.choice(len(every), count - 1, replace=False))]
