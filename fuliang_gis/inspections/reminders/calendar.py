"""Calendars as iCalendar (RFC 5545) with stable identifiers: a post's days, and appointments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from icalendar import Calendar, Event

from fuliang_gis.clock import ZONE

#: Entries of one feed; calendar programs fetch it whole, several times a day.
MOST = 500


@dataclass(frozen=True)
class Entry:
    """One whole-day entry; ``key`` never changes for the same matter."""

    key: str
    day: date
    summary: str
    description: str
    path: str


@dataclass(frozen=True)
class Appointment:
    """One entry with its hours; ``key`` never changes for the same matter.

    ``sequence`` grows when it changes, so that programs take the later one; ``lonlat`` is where it
    is (WGS-84); one that is not ``sure`` may yet be moved.
    """

    key: str
    begins: datetime
    ends: datetime
    summary: str
    description: str
    path: str
    place: str = ""
    lonlat: tuple[float, float] | None = None
    sequence: int = 0
    sure: bool = True


def feed(title: str, entries: Sequence[Entry], *, domain: str, site: str, today: date) -> bytes:
    """Return the feed.

    Days are the county's (Asia/Shanghai) and carry no time, so that no calendar program moves them.

    Args:
        domain: What makes the identifiers unique in the world.
        site: The service's address for links, without a slash at its end.
    """
    calendar = _calendar(title)
    calendar.add("refresh-interval", timedelta(hours=6), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    # The same all day, so that a program that asks again is told that nothing has changed.
    stamp = datetime.combine(today, time(), ZONE)
    for entry in entries[:MOST]:
        calendar.add_component(_event(entry, f"{entry.key}@{domain}", site, stamp))
    written: bytes = calendar.to_ical()
    return written


def agenda(
    title: str, entries: Sequence[Appointment], *, domain: str, site: str, stamp: datetime
) -> bytes:
    """Return appointments as a file; their hours are the county's, with its time zone beside them.

    Args:
        domain: What makes the identifiers unique in the world.
        site: The service's address for links, without a slash at its end.
        stamp: When what is told was settled.
    """
    calendar = _calendar(title)
    for entry in entries:
        calendar.add_component(_appointment(entry, f"{entry.key}@{domain}", site, stamp))
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _calendar(title: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//fuliang-gis//reminders//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", title)
    calendar.add("x-wr-timezone", ZONE.key)
    return calendar


def _appointment(entry: Appointment, uid: str, site: str, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.begins)
    event.add("dtend", entry.ends)
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("location", entry.place)
    event.add("url", f"{site}{entry.path}")
    event.add("status", "CONFIRMED" if entry.sure else "TENTATIVE")
    if entry.lonlat is not None:
        event.add("geo", (entry.lonlat[1], entry.lonlat[0]))
    return event


def _event(entry: Entry, uid: str, site: str, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("url", f"{site}{entry.path}")
    event.add("transp", "TRANSPARENT")
    return event
