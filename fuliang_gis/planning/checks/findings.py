"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry


class Severity(StrEnum):
    """An error keeps a plan from being submitted; a permit can be granted; a warning is told."""

    ERROR = "error"
    PERMIT = "permit"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or may be.

    ``parcels`` and ``lines`` are ids, sorted; ``place`` is where (EPSG:4548), None for the plan as
    a whole; ``area_m2`` how much of it. ``fix`` names the quick remedy that the editor knows.
    """

    code: str
    severity: Severity
    zh: str
    en: str
    parcels: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    place: BaseGeometry | None = None
    area_m2: float | None = None
    article: str = ""
    fix: str = ""

    @property
    def key(self) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
        """Return what tells the finding from others of the same plan, save gaps."""
        return self.code, self.parcels, self.lines, self.article
