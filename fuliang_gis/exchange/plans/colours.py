"""Colours of land uses and control lines in drawings, and marks that part equal colours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fuliang_gis.exchange.plans.options import Scheme
from fuliang_gis.planning.codes import Colour, LandUse, land_uses

_UNKNOWN: Colour = (255, 255, 255)

#: Marks of the first, second … use of one colour: angles of hatch lines [°], none for the first.
MARKS: tuple[tuple[int, ...], ...] = (
    (), (45,), (135,), (0,), (90,), (45, 135), (0, 90), (0, 45), (90, 135), (0, 135), (45, 90),
)  # fmt: skip

#: Control lines by code, or by its first two digits.
_LINES: Mapping[str, str] = {
    "0101": "#38a800",
    "0102": "#e60000",
    "0201": "#a87000",
    "0202": "#ffaa00",
    "0301": "#c500ff",
    "0302": "#ff73df",
    "0400": "#0070ff",
    "H": "#8400a8",
}


@dataclass(frozen=True)
class Look:
    """How a land use is drawn: its colour, and lines across it where others have that colour."""

    colour: Colour
    marks: tuple[int, ...]

    @property
    def hex(self) -> str:
        """Return the colour as ``#rrggbb``."""
        return "#{:02x}{:02x}{:02x}".format(*self.colour)

    @property
    def dark(self) -> bool:
        """Tell whether words on it should be white."""
        red, green, blue = self.colour
        return 0.299 * red + 0.587 * green + 0.114 * blue < 110


def colour_of(edition: str, code: str, scheme: Scheme) -> Colour:
    """Return the colour of a code, white where it is unknown.

    >>> colour_of("2023", "070301", "standard"), colour_of("2023", "0703", "village")
    ((255, 211, 128), (236, 137, 138))
    """
    use = land_uses(edition).get(code)
    while use is not None:
        found = _own(use, scheme)
        if found is not None:
            return found
        use = land_uses(edition).get(use.parent)
    return _UNKNOWN


def _own(use: LandUse, scheme: Scheme) -> Colour | None:
    return (use.village_colour or use.colour) if scheme == "village" else use.colour


def looks(edition: str, codes: Iterable[str], scheme: Scheme) -> dict[str, Look]:
    """Return how each of some codes is drawn, no two alike as long as there are marks.

    >>> found = looks("2023", ["0704", "0703"], "standard")
    >>> found["0703"].marks, found["0704"].marks
    ((), (45,))
    """
    used: dict[Colour, int] = {}
    found: dict[str, Look] = {}
    for code in sorted(set(codes)):
        colour = colour_of(edition, code, scheme)
        turn = used.get(colour, 0)
        used[colour] = turn + 1
        found[code] = Look(colour, MARKS[turn % len(MARKS)])
    return found


def line_colour(code: str) -> str:
    """Return the colour of a control line as ``#rrggbb``."""
    return _LINES.get(code) or next(
        (colour for start, colour in _LINES.items() if code.startswith(start)), "#4e4e4e"
    )
