"""Reading what an address asks of a page: one of several, a division, a day; or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from fuliang_gis import clock
from fuliang_gis.accounts.policies import COUNTY_DIGITS
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import BadParameter
from fuliang_gis.inspections.duties.compliance_queries import DIGITS


def one_of(
    given: Mapping[str, str], name: str, offered: Mapping[str, object], otherwise: str
) -> str:
    """Return the value of a parameter, ``otherwise`` where it is not given.

    Raises:
        BadParameter: It is not on offer.
    """
    value = given.get(name) or otherwise
    if value != otherwise and value not in offered:
        raise bad(name, f"应为 {'、'.join(offered)} 之一", f"one of {', '.join(offered)}")
    return value


def division(text: str, actor: Actor) -> str | None:
    """Return the division asked for, None for the actor's own.

    Raises:
        BadParameter: It is no code of a division.
    """
    if not text or text == actor.scope:
        return None
    if not (text.isascii() and text.isdigit() and len(text) in (COUNTY_DIGITS, *DIGITS.values())):
        raise bad("division", "应为行政区划代码", "a division code")
    return text


def read_day(text: str, name: str) -> date | None:
    """Read a date; nothing from nothing.

    Raises:
        BadParameter: It is no date, or of a year that nobody means.
    """
    if not text:
        return None
    # A month alone stands for its first day, as browsers send it.
    day = day_or_none(f"{text}-01" if len(text) == len("2026-11") else text)
    if day is None:
        zh = f"请填写日期，如 2026-11-25，年份在 {clock.FIRST_YEAR} 至 {clock.LAST_YEAR} 之间"
        raise bad(name, zh, "a date such as 2026-11-25, of a year from 2000 to 2100")
    return day


def day_or_none(text: str) -> date | None:
    """Read a date; None where it is none, or of a year that nobody means.

    >>> day_or_none("2026-11-25"), day_or_none("9999-12-31"), day_or_none("")
    (datetime.date(2026, 11, 25), None, None)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if clock.is_meant(day) else None


def bad(name: str, reason: str, reason_en: str) -> BadParameter:
    """Return the refusal of a parameter."""
    return BadParameter(name=name, reason=reason, reason_en=reason_en, field=name)
