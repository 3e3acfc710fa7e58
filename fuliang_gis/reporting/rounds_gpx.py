"""Rounds as GPX 1.1 for satellite receivers and phones: waypoints, routes and tracks in WGS-84.

CGCS2000 and WGS-84 differ by centimetres, so stored places go in as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from fuliang_gis.reporting.rounds_data import ToldRound, ToldStop, Way
from fuliang_gis.reporting.rounds_words import (
    INVENTED,
    card_path,
    clock_time,
    kilometres,
    round_title,
)

GPX_TYPE = "application/gpx+xml"
_SPACE = "http://www.topografix.com/GPX/1/1"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def gpx(title: str, rounds: Sequence[ToldRound], ways: Sequence[Way], *, site: str) -> bytes:
    """Return rounds as one GPX file.

    Args:
        title: What receivers list the file as.
        rounds: Each becomes a route through its stops and a track along its roads.
        ways: Where each is driven.
        site: The service's address for links, without a slash at its end.
    """
    root = ET.Element(
        "gpx",
        {
            "xmlns": _SPACE,
            "xmlns:xsi": _INSTANCE,
            "xsi:schemaLocation": f"{_SPACE} {_SPACE}/gpx.xsd",
            "version": "1.1",
            "creator": "fuliang-gis",
        },
    )
    about = ET.SubElement(root, "metadata")
    _text(about, "name", title)
    if any(each.invented for each in rounds):
        _text(about, "desc", INVENTED)
    # The schema wants all waypoints first, then all routes, then all tracks.
    for told, way in zip(rounds, ways, strict=True):
        _waypoints(root, told, way, site)
    for told, way in zip(rounds, ways, strict=True):
        _route(root, told, way)
    for told, way in zip(rounds, ways, strict=True):
        _track(root, told, way)
    ET.indent(root, " ")
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _waypoints(root: ET.Element, told: ToldRound, way: Way, site: str) -> None:
    station = _place(root, "wpt", way.station)
    _text(station, "name", f"{told.team.name} 工作站")
    _text(station, "sym", "Building")
    for each in told.stops:
        stop = each.stop
        point = _place(root, "wpt", (stop.lon, stop.lat))
        _text(point, "name", _name(each))
        _text(point, "desc", _description(told, each))
        link = ET.SubElement(point, "link", {"href": f"{site}{card_path(stop)}"})
        _text(link, "text", stop.code)
        _text(point, "sym", "Flag, Blue")
        _text(point, "type", each.layer_title)


def _route(root: ET.Element, told: ToldRound, way: Way) -> None:
    route = ET.SubElement(root, "rte")
    _text(route, "name", round_title(told))
    _text(route, "desc", f"{len(told.stops)} 个点，{kilometres(told.round.driving_metres)} 公里")
    home = f"{told.team.name} 工作站"
    named = [(way.station, home), *(((s.stop.lon, s.stop.lat), _name(s)) for s in told.stops)]
    for place, name in [*named, (way.station, home)]:
        _text(_place(route, "rtept", place), "name", name)


def _track(root: ET.Element, told: ToldRound, way: Way) -> None:
    track = ET.SubElement(root, "trk")
    _text(track, "name", round_title(told))
    segment = ET.SubElement(track, "trkseg")
    for place in way.line:
        _place(segment, "trkpt", place)


def _name(each: ToldStop) -> str:
    return f"{each.stop.ordinal:02d} {each.stop.name}"


def _description(told: ToldRound, each: ToldStop) -> str:
    stop = each.stop
    day, mark = told.round.day.isoformat(), "虚构。" if each.invented else ""
    hours = f"{clock_time(stop.begin)}～{clock_time(stop.leave)}"
    return f"{day} {hours} {each.purpose}，{stop.division_name}。{mark}"


def _place(parent: ET.Element, tag: str, lonlat: tuple[float, float]) -> ET.Element:
    return ET.SubElement(parent, tag, {"lat": f"{lonlat[1]:.6f}", "lon": f"{lonlat[0]:.6f}"})


def _text(parent: ET.Element, tag: str, text: str) -> None:
    # What XML cannot hold at all is left out.
    kept = (sign for sign in text if sign >= " " and sign not in "\ufffe\uffff")
    ET.SubElement(parent, tag).text = "".join(kept)
