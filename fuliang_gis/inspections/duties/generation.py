"""Writing obligations ahead of their periods, and after a change, as the rules now have it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.inspections.duties import generation_sql as sql
from fuliang_gis.inspections.duties.periods import PeriodKind, Span, period_of
from fuliang_gis.inspections.duties.records import load_exemptions, load_rules
from fuliang_gis.inspections.duties.rules import Duty, DutyBook, Exemption, Profile
from fuliang_gis.inspections.status.operations import refresh

#: Two generations of everything wait for each other at this lock.
_LOCK = 360222_01


@dataclass(frozen=True)
class Generated:
    """How many obligations were made, changed and taken back, and where."""

    made: int
    changed: int
    removed: int
    location_ids: tuple[int, ...]


def horizon(today: date) -> date:
    """Return how far ahead obligations are kept: to the end of the next quarter.

    >>> horizon(date(2026, 11, 25))
    datetime.date(2027, 3, 31)
    """
    this = period_of(PeriodKind.QUARTER, today)
    return period_of(PeriodKind.QUARTER, this.end + timedelta(days=1)).end


def generate(
    session: Session,
    through: date,
    *,
    today: date,
    location_ids: Collection[int] | None = None,
) -> Generated:
    """Make the obligations of all locations (or some) until a day as the rules have them now.

    What is past due stays as it is, and so does everything done or excused; an open obligation
    that no longer follows is taken back, one whose dates changed keeps its plan where it still
    fits. Doing it again changes nothing. One statement writes it all, so that it is whole or not
    at all.

    Args:
        through: Every window that has begun by then; those made further ahead are kept up as well.
        today: The county's date; only what falls due on or after it is written.
    """
    if location_ids is None:
        session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    session.flush()
    some = location_ids is not None
    given: dict[str, object] = {"today": today, "ids": sorted(location_ids or ())}
    reach = session.scalar(sql.REACH_OF_SOME if some else sql.REACH, given)
    book = DutyBook(load_rules(session), Span(today, max(through, today, reach or today)))
    exemptions = load_exemptions(session, book.horizon.start, location_ids)
    given |= {"floor": book.horizon.start, "excepted": sorted(exemptions)}
    alike = session.execute(sql.profiles(some=some), given).all()
    given |= _columns(_duties(book, alike, exemptions))
    if not some:
        session.execute(sql.LOOPS, {"how": "off"})
    made, changed, removed, places = session.execute(sql.reconcile(some=some), given).one()
    if not some:
        session.execute(sql.LOOPS, {"how": "on"})
    touched = tuple(sorted(set(places or ())))
    if touched:
        session.execute(sql.settle(some=some), given)
        refresh(session, touched)
    return Generated(made, changed, removed, touched)


def follow(session: Session, location_ids: Iterable[int], today: date) -> Generated:
    """Bring duties and status of some locations up to date after they, or their rules, changed."""
    ids = sorted(set(location_ids))
    if not ids:
        return Generated(0, 0, 0, ())
    done = generate(session, horizon(today), today=today, location_ids=ids)
    refresh(session, ids)
    return done


#: A class of locations that owe the same, and one duty of it.
_Owed = tuple[sql.Alike, Duty]


def _duties(
    book: DutyBook,
    alike: Iterable[Any],
    exemptions: Mapping[int, tuple[Exemption, ...]],
) -> list[_Owed]:
    found: list[_Owed] = []
    for row in alike:
        one = sql.Alike(*row)
        profile = Profile(
            one.layer,
            one.kind,
            one.asset_class,
            one.active_from,
            exemptions=exemptions.get(one.excepted, ()),
        )
        found += [(one, duty) for duty in book.of(profile)]
    return found


def _columns(owed: Sequence[_Owed]) -> dict[str, list[object]]:
    """Return the duties column by column, as ``unnest`` takes them."""
    columns: dict[str, list[object]] = {name: [] for name in sql.DUTY_COLUMNS}
    for alike, duty in owed:
        values = (
            alike.layer,
            alike.kind or "",
            alike.asset_class,
            alike.active_from,
            alike.excepted,
            duty.purpose,
            duty.period.value,
            duty.span.start,
            duty.span.end,
            duty.ordinal,
            duty.opens_on,
            duty.warn_on,
            duty.due_on,
            duty.rule_id,
            duty.exception_id,
        )
        for name, value in zip(columns, values, strict=True):
            columns[name].append(value)
    return {f"d_{name}": column for name, column in columns.items()}
