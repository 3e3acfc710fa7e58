"""The tables of a plan as a workbook: goals, structure, transfers, parcels."""

from __future__ import annotations

from typing import IO

from fuliang_gis.exchange.plans.printed import (
    Printed,
    goals_table,
    lines_table,
    parcels_table,
    structure_table,
    transfer_table,
)
from fuliang_gis.exchange.tables import Sheet, write_book
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft


def write_workbook(file: IO[bytes], draft: Draft, profile: Profile, *, invented: bool) -> None:
    """Write the plan's tables, a sheet each; numbers are numbers, rounded as they are printed."""
    write_book(file, [_sheet(each) for each in plan_tables(draft, profile)], invented=invented)


def plan_tables(draft: Draft, profile: Profile) -> list[Printed]:
    """Return every table of a plan in its order."""
    return [
        goals_table(draft, profile),
        structure_table(draft, profile),
        transfer_table(draft, profile),
        lines_table(draft),
        parcels_table(draft, profile),
    ]


def _sheet(table: Printed) -> Sheet:
    return Sheet(table.title, table.headings, table.rows)
