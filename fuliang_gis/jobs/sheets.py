"""The printed sheets of rounds: read and drawn in a session, laid out without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography.round_map import draw_rounds
from fuliang_gis.exchange.paper import Frame
from fuliang_gis.exchange.pdf import Book
from fuliang_gis.reporting import rounds_sheet
from fuliang_gis.reporting.rounds_data import ToldRound, ways

_MAP = Frame(rounds_sheet.MAP_WIDTH, rounds_sheet.MAP_HEIGHT)


def drawn_sheets(
    session: Session, rounds: Sequence[ToldRound], day: date, *, county_code: str, site: str
) -> list[str]:
    """Return the sheet of each round as a page of HTML that needs nothing else.

    Args:
        day: Under whose closures the ways are drawn.
        site: The service's own address, for the codes.
    """
    driven = ways(session, rounds, day)
    maps = draw_rounds(session, driven, _MAP)
    county = areas.get(session, county_code).name
    imprint = rounds_sheet.Imprint(county, clock.now(), site)
    return [
        rounds_sheet.sheets_html([told], [way], [drawn], imprint)
        for told, way, drawn in zip(rounds, driven, maps, strict=True)
    ]


def bound(sheets: Sequence[str], tell: Callable[[int], None] = lambda _: None) -> bytes:
    """Return sheets as one PDF; ``tell`` hears how many are laid out."""
    book = Book()
    for number, sheet in enumerate(sheets, 1):
        book.add(sheet)
        tell(number)
    return book.write()
