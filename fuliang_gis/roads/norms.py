"""What ``data/norms/roads.toml`` says: classes, speeds, surfaces, access, names."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA
from fuliang_gis.roads.models import ROAD_CLASSES

PATH = DATA / "norms" / "roads.toml"


@dataclass(frozen=True)
class Kind:
    """What a kind of OSM road becomes: a class of ours and its usual speed [km/h]."""

    road_class: str
    speed: float


@dataclass(frozen=True)
class RoadNorms:
    """The file as a whole; speeds in km/h.

    ``class_names`` gives the class of ours by what offices write, in lower case.
    """

    highway: Mapping[str, Kind]
    tracktype: Mapping[str, float]
    surface: Mapping[str, float]
    share: float
    ferry: float
    walk: float
    slowest: float
    fastest: float
    access_keys: tuple[str, ...]
    denied: frozenset[str]
    allowed: frozenset[str]
    barriers: frozenset[str]
    class_names: Mapping[str, str]
    class_speed: Mapping[str, float]

    def bounded(self, speed: float) -> float:
        """Return a speed within what the file calls slowest and fastest [km/h], to a tenth."""
        return round(min(max(speed, self.slowest), self.fastest), 1)


@cache
def road_norms() -> RoadNorms:
    """Read the file once.

    Raises:
        SetUpError: It is missing, is no TOML, lacks a part, or names a class that we do not have.
    """
    try:
        return _read(tomllib.loads(PATH.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SetUpError(
            reason=f"无法读取道路规则文件 {PATH}：{error}。请恢复或改正该文件后重试。",
            reason_en=f"Cannot read the road norms {PATH}: {error}. Restore it.",
        ) from error


def _read(raw: Mapping[str, Mapping[str, object]]) -> RoadNorms:
    speed, access = raw["speed"], raw["access"]
    names = {
        str(word).lower(): road_class
        for road_class, words in raw["names"].items()
        for word in _list(words)
    }
    kinds = {
        name: Kind(str(each["class"]), _number(each["speed"]))
        for name, each in raw["highway"].items()
        if isinstance(each, dict)
    }
    used = {kind.road_class for kind in kinds.values()} | set(names.values())
    if unknown := used - ROAD_CLASSES.keys():
        raise ValueError(f"unknown road class {', '.join(sorted(unknown))}")
    return RoadNorms(
        highway=kinds,
        tracktype=_speeds(raw["tracktype"]),
        surface=_speeds(raw["surface"]),
        share=_number(speed["share"]),
        ferry=_number(speed["ferry"]),
        walk=_number(speed["walk"]),
        slowest=_number(speed["slowest"]),
        fastest=_number(speed["fastest"]),
        access_keys=tuple(_list(access["keys"])),
        denied=frozenset(_list(access["denied"])),
        allowed=frozenset(_list(access["allowed"])),
        barriers=frozenset(_list(access["barriers"])),
        class_names=names,
        class_speed={name: _number(raw["class_speed"][name]) for name in ROAD_CLASSES},
    )


def _number(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]  # What is wrong is caught.
    if not number > 0:
        raise ValueError(f"{value} is not positive")
    return number


def _speeds(given: Mapping[str, object]) -> dict[str, float]:
    return {name: _number(value) for name, value in given.items()}


def _list(given: object) -> list[str]:
    if not isinstance(given, list):
        raise TypeError(f"{given!r} is not a list")
    return [str(each) for each in given]
