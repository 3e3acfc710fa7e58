"""What somebody without an account may say of a plan on notice, and how it is answered (pure)."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shapely import Point
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import Problem

#: Shortest and longest opinion, longest name and reply [characters].
SHORTEST, LONGEST = 2, 1000
LONGEST_NAME, LONGEST_REPLY = 40, 1000
#: Opinions of one origin a day, and of one plan that wait at the same time.
MOST_A_DAY, MOST_WAITING = 20, 500
#: How far outside the village somebody may point [m]: roads and streams go on.
BEYOND = 500.0

STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("待审核", "waiting"),
    "shown": ("已公开", "shown"),
    "hidden": ("不公开", "hidden"),
}
VERDICT_NAMES: Mapping[str, tuple[str, str]] = {
    "adopted": ("采纳", "adopted"),
    "partly": ("部分采纳", "partly adopted"),
    "not_adopted": ("未采纳", "not adopted"),
}


@dataclass(frozen=True)
class OpinionGiven:
    """An opinion; ``parcel`` is a parcel's id, ``place`` is EPSG:4548, east before north [m]."""

    text: str
    signed: str = ""
    parcel: str = ""
    place: tuple[float, float] | None = None


def opinion_problems(
    given: OpinionGiven, parcels: Collection[str], boundary: BaseGeometry
) -> list[Problem]:
    """Return what is wrong with an opinion."""
    found = []
    if not SHORTEST <= len(given.text.strip()) <= LONGEST:
        zh = f"请写下您的意见，{SHORTEST} 至 {LONGEST} 字。"
        found.append(Problem("length", zh, "Say what you think.", "text"))
    if len(given.signed.strip()) > LONGEST_NAME:
        zh = f"署名最多 {LONGEST_NAME} 字，也可以不填。"
        found.append(Problem("too_long", zh, "The name is too long.", "signed"))
    if given.parcel.strip() and given.parcel.strip() not in parcels:
        zh = "没有这个编号的图斑。请在地图上点选，或留空。"
        found.append(Problem("unknown_choice", zh, "There is no such parcel.", "parcel"))
    if given.place is not None and boundary.distance(Point(given.place)) > BEYOND:
        zh = "标出的位置不在本村范围内，请重新点选，或留空。"
        found.append(Problem("out_of_range", zh, "The place lies outside.", "place"))
    return found


def answer_problems(verdict: str, reply: str) -> list[Problem]:
    """Return what is wrong with an answer."""
    found = []
    if verdict not in VERDICT_NAMES:
        told = ("请选择是否采纳。", "Choose whether it is adopted.")
        found.append(Problem("unknown_choice", *told, "verdict"))
    if not 0 < len(reply.strip()) <= LONGEST_REPLY:
        zh = f"请写明理由，最多 {LONGEST_REPLY} 字；它附在报批材料中。"
        found.append(Problem("required", zh, "Give the reason.", "reply"))
    return found


def stamp(state: str, verdict: str | None, reply: str | None, at: datetime | None) -> int:
    """Return what tells one state of an opinion from another, as row versions do.

    >>> stamp("waiting", None, None, None) != stamp("shown", None, None, None)
    True
    """
    told = f"{state}|{verdict}|{reply}|{at.timestamp() if at else 0}".encode()
    return zlib.crc32(told) % 1_000_000_000
