"""What OSM tags mean for a car: whether it may pass, how fast, which way (pure).

The numbers are ``data/norms/roads.toml``'s; the meaning of tags is the OpenStreetMap Wiki's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fuliang_gis.roads.norms import RoadNorms

Tags = Mapping[str, str]
Way = Literal["both", "forward", "backward"]

_MILES, _KNOTS = 1.609344, 1.852
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/?h|kmh|kph|mph|knots)?", re.IGNORECASE)
_UNITS = {"mph": _MILES, "knots": _KNOTS}
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3})(?::(\d{2}))?")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_ONEWAYS: Mapping[str, Way] = {
    "yes": "forward",
    "true": "forward",
    "1": "forward",
    "-1": "backward",
    "reverse": "backward",
    "no": "both",
    "false": "both",
    "0": "both",
}
_ROUND = frozenset({"roundabout", "circular"})
#: Kinds that are one-way unless they say otherwise.
_ONEWAY_KINDS = frozenset({"motorway", "motorway_link"})


@dataclass(frozen=True)
class Refused:
    """A way that is no road for a car: the reason's code and what the way says."""

    code: str
    said: str


@dataclass(frozen=True)
class Driven:
    """A way that a car may drive; ``minutes`` is a ferry's stated crossing, end to end."""

    road_class: str
    speed: float
    way: Way
    name: str | None
    surface: str | None
    ferry: bool = False
    minutes: float | None = None


def driven(tags: Tags, norms: RoadNorms) -> Driven | Refused | None:
    """Judge a way; None for what is no kind of road at all, such as a river."""
    if tags.get("route") == "ferry" and "highway" not in tags:
        return _ferry(tags, norms)
    kind = tags.get("highway")
    if kind is None:
        return None
    if kind not in norms.highway:
        return Refused("no_car_road", kind)
    if tags.get("area") == "yes":
        return Refused("area", kind)
    if (said := denied(tags, norms)) is not None:
        return Refused("no_access", said)
    return Driven(
        norms.highway[kind].road_class,
        speed(tags, norms),
        direction(tags),
        road_name(tags),
        tags.get("surface"),
    )


def denied(tags: Tags, norms: RoadNorms) -> str | None:
    """Return the tag that keeps cars off, the most specific one deciding; None where none does."""
    for key in norms.access_keys:
        if key in tags:
            return f"{key}={tags[key]}" if tags[key] in norms.denied else None
    return None


def blocks(tags: Tags, norms: RoadNorms) -> bool:
    """Tell whether a node stops cars: a bollard, a locked gate."""
    said = next((tags[key] for key in norms.access_keys if key in tags), None)
    if said in norms.denied:
        return "barrier" in tags or "highway" not in tags
    return tags.get("barrier") in norms.barriers and said not in norms.allowed


def direction(tags: Tags) -> Way:
    """Return the direction in which a way may be driven."""
    for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway"):
        if tags.get(key) in _ONEWAYS:
            return _ONEWAYS[tags[key]]
    if tags.get("junction") in _ROUND or tags.get("highway") in _ONEWAY_KINDS:
        return "forward"
    return "both"


def speed(tags: Tags, norms: RoadNorms) -> float:
    """Return the usual speed [km/h]: by limit or class, never more than the surface allows."""
    limit = limit_of(tags, norms)
    usual = norms.highway[tags["highway"]].speed if limit is None else limit * norms.share
    if tags["highway"] == "track" and limit is None:
        usual = norms.tracktype.get(tags.get("tracktype", ""), usual)
    # Stated twice, the rougher one is driven over as well.
    surfaces = tags.get("surface", "").split(";")
    caps = [norms.surface[name] for each in surfaces if (name := each.strip()) in norms.surface]
    return norms.bounded(min([usual, *caps]))


def limit_of(tags: Tags, norms: RoadNorms) -> float | None:
    """Return the legal limit [km/h]; the lower one where directions differ; None if unknown."""
    for keys in (("maxspeed:motorcar",), ("maxspeed",), ("maxspeed:forward", "maxspeed:backward")):
        told = [kilometres_per_hour(tags[key], norms) for key in keys if key in tags]
        if found := [each for each in told if each is not None]:
            return min(found)
    return None


def kilometres_per_hour(text: str, norms: RoadNorms) -> float | None:
    """Return a speed as OSM writes it [km/h]; of several the lowest; None for words.

    >>> from fuliang_gis.roads.norms import road_norms
    >>> [kilometres_per_hour(t, road_norms()) for t in ("60", "30 mph", "80;60", "none", "walk")]
    [60.0, 48.28032, 60.0, None, 6.0]
    """
    if text == "walk":
        return norms.walk
    found = [_SPEED.fullmatch(part.strip()) for part in text.split(";")]
    speeds = [float(m[1]) * _UNITS.get((m[2] or "").lower(), 1.0) for m in found if m is not None]
    return min((each for each in speeds if each > 0), default=None)


def minutes_of(text: str) -> float | None:
    """Return a duration as OSM writes it [min].

    >>> [minutes_of(text) for text in ("25", "1:10", "00:20:30", "PT1H5M", "soon")]
    [25.0, 70.0, 20.5, 65.0, None]
    """
    if found := _ISO.fullmatch(text):
        days, hours, minutes, seconds = (float(each or 0) for each in found.groups())
        return days * 1440 + hours * 60 + minutes + seconds / 60 or None
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (float(each or 0) for each in found.groups())
        return hours * 60 + minutes + seconds / 60 or None
    return None


def road_name(tags: Tags) -> str | None:
    """Return what a road is called: its Chinese name, its name, or its number."""
    names = (tags.get(key, "").strip() for key in ("name:zh", "name", "ref"))
    return next((name for name in names if name), None)


def _ferry(tags: Tags, norms: RoadNorms) -> Driven | Refused:
    # Most village ferries carry people alone, so a ferry must say that it takes cars.
    said = next((tags[key] for key in norms.access_keys[:-1] if key in tags), None)
    if said not in norms.allowed:
        return Refused("ferry_without_cars", road_name(tags) or "")
    minutes = minutes_of(tags.get("duration", ""))
    name = road_name(tags) or "渡口"
    return Driven(
        "unclassified", norms.ferry, direction(tags), name, "ferry", ferry=True, minutes=minutes
    )
