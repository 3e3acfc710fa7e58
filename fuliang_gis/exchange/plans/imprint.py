"""What stands on a printed plan besides what it plans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Imprint:
    """Whose plan it is, for which years, and who made it when; ``invented`` marks demo data."""

    county: str
    township: str
    village: str
    base_year: int
    target_year: int
    printed_on: date
    prepared_by: str = ""
    title: str = ""
    invented: bool = False

    @property
    def heading(self) -> str:
        """Return the plan's title."""
        years = f"{self.base_year}—{self.target_year} 年"
        return self.title or f"{self.county}{self.township}{self.village}村庄规划（{years}）"


INVENTED_NOTE = "演示数据：均为虚构，不得用于实际工作"
