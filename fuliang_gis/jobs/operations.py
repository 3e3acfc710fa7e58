"""Housekeeping of rows that have served their time."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import CursorResult, delete, text
from sqlalchemy.orm import Session

# An account belongs to a division: its table must be known before a row of it is touched.
import fuliang_gis.areas.models  # noqa: F401
from fuliang_gis import clock
from fuliang_gis.accounts.models import IdempotencyKey

#: How long the answer to a write can be replayed.
REPLAYABLE = timedelta(hours=24)


def waiting_jobs(session: Session) -> int:
    """Return how many jobs wait for a worker."""
    waiting = text("select count(*) from procrastinate_jobs where status = 'todo'")
    return int(session.execute(waiting).scalar_one())


def purge_idempotency_keys(session: Session) -> int:
    """Remove answers that are too old to be asked for again; return how many."""
    statement = delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - REPLAYABLE)
    result = session.execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount
