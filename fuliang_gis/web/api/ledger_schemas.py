"""The shape of a location's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from fuliang_gis.inspections.status.history import (
    Disposed,
    Excepted,
    Owed,
    Problem,
    Reported,
    Visited,
)
from fuliang_gis.web.api.schemas import ChangeOut, StatusOut


class LedgerOut(BaseModel):
    """Everything about one location as it stands on ``today``; each part the newest first.

    ``phase`` of an obligation: done, late (done after its end), missed, excused, open, upcoming.
    """

    layer: str
    code: str
    name: str
    today: date
    status: StatusOut
    obligations: Sequence[Owed]
    visits: Sequence[Visited]
    defects: Sequence[Problem]
    disposals: Sequence[Disposed]
    exceptions: Sequence[Excepted]
    reports: Sequence[Reported]
    changes: Sequence[ChangeOut]
