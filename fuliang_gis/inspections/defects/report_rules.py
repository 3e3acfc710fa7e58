"""What somebody without an account may report, and what stands on the receipt (pure)."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fuliang_gis.errors import Invalid, Problem
from fuliang_gis.inspections.norms import norms

#: Shortest and longest account of what is wrong [characters].
SHORTEST, LONGEST = 2, 1000
#: Photos of one report.
MOST_PHOTOS = 3
#: Reports of one origin a day, and reports of one location that wait at the same time.
MOST_A_DAY = 20
MOST_WAITING = 30

STATE_NAMES: Mapping[str, tuple[str, str]] = {
    "waiting": ("待审核", "waiting"),
    "accepted": ("已受理", "accepted"),
    "refused": ("未受理", "refused"),
}

#: Letters and digits that nobody mistakes for each other when reading them out.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_HALF = 5
#: The part of an IPv6 address that one line has; telephones change the rest every hour.
_LINE_BITS = 64


@dataclass(frozen=True)
class ReportGiven:
    """What is wrong, and which kind of problem the person takes it for."""

    text: str
    category: str | None = None


def check_report(given: ReportGiven, photos: int = 0) -> None:
    """Refuse a report that says nothing or too much.

    Raises:
        Invalid: With one problem a fault.
    """
    faults = []
    length = len(given.text.strip())
    if not SHORTEST <= length <= LONGEST:
        zh = f"请写明哪里有问题，{SHORTEST} 至 {LONGEST} 字。"
        faults.append(Problem("length", zh, "Say what is wrong.", "text"))
    if given.category is not None and given.category not in norms().categories:
        zh = "请从列表中选择问题类型。"
        faults.append(Problem("unknown_choice", zh, "No such category.", "category"))
    if photos > MOST_PHOTOS:
        zh = f"最多 {MOST_PHOTOS} 张照片。"
        faults.append(Problem("too_many", zh, f"At most {MOST_PHOTOS} photos.", "photos"))
    if faults:
        raise Invalid(faults)


def new_receipt() -> str:
    """Return a receipt that nobody guesses, easy to read out."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF))
    return f"{signs[:_HALF]}-{signs[_HALF:]}"


def receipt_of(typed: str) -> str:
    """Return the receipt that somebody meant.

    >>> receipt_of(" k7m2p 9qxdw")
    'K7M2P-9QXDW'
    """
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    return f"{signs[:_HALF]}-{signs[_HALF:]}"[:40]


def origin_of(key: bytes, address: str, day: date) -> str:
    """Return what a network address is remembered as for one day: a keyed digest.

    Another day gives another one, so that nobody can be followed.

    >>> origin_of(b"k", "2001:db8::1", date(2026, 1, 1)) == origin_of(
    ...     b"k", "2001:db8::2", date(2026, 1, 1))
    True
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        known = None
    if known is not None and known.version > 4:
        address = str(ipaddress.ip_network((address, _LINE_BITS), strict=False))
    stated = f"{day.isoformat()}|{address}".encode()
    return hmac.digest(key, stated, "sha256").hex()[:32]
