"""Writes that the database itself refused, read back from the embedded server's own log.

A refused statement takes its transaction with it, so the database cannot keep a row about it; the
server's log can, for any client, whether or not our code was involved. An external server keeps its
log where its administrator says; then there is nothing to read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fuliang_gis import clock
from fuliang_gis.accounts.policies import COUNTY_DIGITS, has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.settings import Settings

#: SQLSTATE of insufficient_privilege, which every refusal of the guard carries.
REFUSED = "42501"

#: Longest part of a statement shown.
EXCERPT = 500


@dataclass(frozen=True)
class Refusal:
    """One statement that the database refused."""

    at: datetime
    user: str
    database: str
    application: str
    client: str
    message: str
    statement: str


def may_read(actor: Actor) -> bool:
    """Tell whether the actor may see refused statements, which name rows of the whole county."""
    of_county = len(actor.scope) == COUNTY_DIGITS
    return (
        of_county and has(actor, Permission.READ_AUDIT) and has(actor, Permission.MANAGE_ACCOUNTS)
    )


def log_folder(settings: Settings) -> Path | None:
    """Return where the embedded server keeps its log; None for an external server."""
    return None if settings.database_url else Cluster(settings).log


def read_refusals(folder: Path | None, limit: int = 200) -> list[Refusal]:
    """Return the latest refusals, newest first; none when there is no log to read."""
    try:
        files = sorted(folder.glob("*.json")) if folder else []
    except OSError:
        return []
    found = [refusal for file in files for refusal in _in_file(file)]
    return sorted(found, key=lambda refusal: refusal.at, reverse=True)[:limit]


def _in_file(file: Path) -> Iterator[Refusal]:
    try:
        lines = file.open(encoding="utf-8", errors="replace")
    except OSError:
        return
    with lines:
        for line in lines:
            # Most lines are something else; parsing them all would be most of the work.
            if f'"{REFUSED}"' in line and (entry := _parsed(line)) is not None:
                yield _refusal(entry)


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        # The server may be in the middle of writing the last line.
        return None
    return entry if isinstance(entry, dict) and entry.get("state_code") == REFUSED else None


def _refusal(entry: dict[str, Any]) -> Refusal:
    return Refusal(
        at=_moment(entry.get("timestamp", "")),
        user=str(entry.get("user", "")),
        database=str(entry.get("dbname", "")),
        application=str(entry.get("application_name", "")),
        client=str(entry.get("remote_host", "")),
        message=str(entry.get("message", "")),
        statement=str(entry.get("statement", ""))[:EXCERPT],
    )


def _moment(written: str) -> datetime:
    # The server writes its zone by abbreviation, and it is configured to write the county's.
    day, _, rest = written.partition(" ")
    return datetime.fromisoformat(f"{day} {rest.split(' ')[0]}").replace(tzinfo=clock.ZONE)
