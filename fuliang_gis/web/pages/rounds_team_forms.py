"""The form of a team: reading it, filling it, and how it differs from the team as it is now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time

from werkzeug.datastructures import MultiDict

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.rounds import teams as crews
from fuliang_gis.inspections.rounds.teams import TeamGiven, TeamRow
from fuliang_gis.web.pages.rounds_asked import whole

WEEKDAYS = {number: f"周{name}" for number, name in enumerate("一二三四五六日", 1)}
_LONGEST = 300

#: Fields of the form as the list of differences names them.
_NAMES: Mapping[str, str] = {
    "name": "名称",
    "vehicle": "车辆",
    "lon": "经度",
    "lat": "纬度",
    "weekdays": "工作日",
    "starts": "上班",
    "ends": "下班",
    "break_from": "午休最早",
    "break_to": "午休最晚",
    "break_minutes": "午休时长（分）",
    "most_driving_minutes": "每日最长行车（分）",
    "skills": "技能",
    "members": "成员",
}


def differing(row: TeamRow, typed: MultiDict[str, str]) -> list[tuple[str, str, str]]:
    """Return the fields in which a team as it is now differs from what was typed."""
    now = typed_of(given_of(row))
    place = _place(typed)
    shown = {member.id: member.name for member in row.members}
    found = []
    for name, label in _NAMES.items():
        theirs, ours = now.getlist(name), typed.getlist(name)
        if name in ("lon", "lat"):
            ours = [] if place is None else [f"{place[name == 'lat']:.6f}"]
        if sorted(theirs) != sorted(ours):
            found.append((label, _said(name, theirs, shown), _said(name, ours, shown)))
    return found


def _said(name: str, values: list[str], members: Mapping[int, str]) -> str:
    if name == "weekdays":
        values = [WEEKDAYS[number] for each in values if (number := whole(each)) in WEEKDAYS]
    elif name == "skills":
        values = [crews.skills().get(each, each) for each in values]
    elif name == "members":
        values = [members.get(whole(each) or 0, f"账号 {each}") for each in values]
    return "、".join(values) or "（空）"


def given_of(row: TeamRow) -> TeamGiven:
    """Return a team as it would be told."""
    return TeamGiven(
        row.division_code,
        row.name,
        row.lon,
        row.lat,
        tuple(member.id for member in row.members),
        row.skills,
        row.vehicle,
        row.weekdays,
        row.starts,
        row.ends,
        row.break_from,
        row.break_to,
        row.break_minutes,
        row.most_driving_minutes,
    )


def typed_of(team: TeamGiven) -> MultiDict[str, str]:
    """Return a team as its form holds it."""
    found: MultiDict[str, str] = MultiDict()
    found["division"], found["name"] = team.division_code, team.name
    if team.lon and team.lat:
        found["lon"], found["lat"] = f"{team.lon:.6f}", f"{team.lat:.6f}"
    found["vehicle"] = team.vehicle or ""
    for name in ("starts", "ends", "break_from", "break_to"):
        moment: time | None = getattr(team, name)
        found[name] = f"{moment:%H:%M}" if moment else ""
    found["break_minutes"] = str(team.break_minutes)
    most = team.most_driving_minutes
    found["most_driving_minutes"] = "" if most is None else str(most)
    found.setlist("weekdays", [str(each) for each in team.weekdays])
    found.setlist("skills", list(team.skills))
    found.setlist("members", [str(each) for each in team.member_ids])
    return found


def given(typed: MultiDict[str, str]) -> TeamGiven:
    """Read a team from its form.

    Raises:
        Invalid: A place, a time or a number is none.
    """
    problems: list[Problem] = []
    place = _place(typed)
    if place is None:
        zh = "请在地图上点选工作站，或填写经纬度。"
        problems.append(Problem("required", zh, "A station is required.", "station"))
    times = {name: _time(typed, name, problems) for name in ("starts", "ends")}
    pause = {name: _time(typed, name, problems) for name in ("break_from", "break_to")}
    for name in times:
        if times[name] is None and not any(each.field == name for each in problems):
            problems.append(Problem("required", "请填写时间。", "A time is required.", name))
    minutes = _number(typed, "break_minutes", problems)
    driving = _number(typed, "most_driving_minutes", problems)
    starts, ends = times["starts"], times["ends"]
    if problems or place is None or starts is None or ends is None:
        raise Invalid(problems)
    return TeamGiven(
        _text(typed, "division"),
        _text(typed, "name"),
        *place,
        tuple(number for each in typed.getlist("members") if (number := whole(each))),
        tuple(_clean(each) for each in typed.getlist("skills")),
        _text(typed, "vehicle") or None,
        tuple(number for each in typed.getlist("weekdays") if (number := whole(each))),
        starts,
        ends,
        pause["break_from"],
        pause["break_to"],
        0 if minutes is None else minutes,
        driving,
    )


def _place(typed: MultiDict[str, str]) -> tuple[float, float] | None:
    """Read the station: as the map gives it, else as typed, else as it was."""
    geometry = typed.get("station")
    try:
        if not geometry and typed.get("lon") and typed.get("lat"):
            return float(typed["lon"]), float(typed["lat"])
        lon, lat = json.loads(geometry or typed.get("station_was", ""))["coordinates"]
        return float(lon), float(lat)
    except (ValueError, TypeError, KeyError):
        return None


def geometry_of(typed: MultiDict[str, str]) -> str:
    """Return the station as GeoJSON; nothing where there is none."""
    place = _place(typed)
    return "" if place is None else json.dumps({"type": "Point", "coordinates": place})


def _time(typed: MultiDict[str, str], name: str, problems: list[Problem]) -> time | None:
    text = _text(typed, name)
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        problems.append(Problem("bad_time", "应为时间，如 08:30。", "Not a time.", name))
        return None


def _number(typed: MultiDict[str, str], name: str, problems: list[Problem]) -> int | None:
    text = _text(typed, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        problems.append(Problem("bad_number", "应为整数（分钟）。", "Not a number.", name))
        return None
    return int(text)


def _text(typed: MultiDict[str, str], name: str) -> str:
    return _clean(typed.get(name, ""))


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()[:_LONGEST]
