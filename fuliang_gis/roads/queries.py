"""Reading the road network as a whole."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.roads.models import Road


def count(session: Session) -> int:
    """Count the road edges."""
    return session.scalar(select(func.count()).select_from(Road)) or 0


def township_names(session: Session) -> dict[str, str]:
    """Return the townships' names by code."""
    statement = select(Division.code, Division.name).where(Division.level == "township")
    return {row.code: row.name for row in session.execute(statement)}
