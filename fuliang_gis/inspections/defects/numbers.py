"""What problems are called: ``WT-<year>-<five digits>``, without gaps or doubles."""

from __future__ import annotations

import re

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import Defect

PATTERN = re.compile(r"WT-\d{4}-\d{5,}")
_LOCK = "defect numbers"


def lock(session: Session) -> None:
    """Let one transaction at a time open problems; the others wait until it is over.

    A number is free again when its transaction fails, so that none is left out.
    """
    key = func.hashtextextended(_LOCK, 0)
    session.execute(select(func.pg_advisory_xact_lock(key)))


def next_number(session: Session, year: int) -> str:
    """Return the next number of a year; it is this transaction's until it ends."""
    lock(session)
    start = f"WT-{year}-"
    digits = cast(func.substring(Defect.number, len(start) + 1), Integer)
    highest = session.scalar(select(func.max(digits)).where(Defect.number.startswith(start)))
    return f"{start}{(highest or 0) + 1:05d}"
