"""Values of a file's rows as a plan wants them: codes with their leading nought, areas in m²."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from fuliang_gis.exchange.plans.raw import Value

#: Square metres of the units that areas come in.
UNITS = {"m2": 1.0, "mu": 10_000 / 15, "ha": 10_000.0}
UNIT_NAMES = {"m2": "平方米", "mu": "亩", "ha": "公顷"}
#: How far the usual ratio of stated to measured areas may lie from a unit's.
_SLACK = 1.25
_CODE = re.compile(r"(\d{2}(?:\d{2}){0,2}(?:H\d)?)(?:\D.*)?", re.DOTALL)


def text(value: Value) -> str:
    """Return a value as text; whole numbers lose the decimals that tables give them.

    >>> text(12.0), text(None), text(" 甲 ")
    ('12', '', '甲')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def number(value: Value) -> float | None:
    """Return a value as a number, None where it is none.

    >>> number("1,234.5"), number(""), number("约3")
    (1234.5, None, None)
    """
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    try:
        found = float(text(value).replace(",", ""))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


@dataclass(frozen=True)
class Code:
    """A code as it was written and as it is meant."""

    written: str
    meant: str

    @property
    def padded(self) -> bool:
        """Tell whether something had to be added or left off."""
        return self.written != self.meant


def code(value: Value) -> Code:
    """Return a code; numbers get their leading nought back, names after it are left off.

    >>> code(703).meant, code("0703 农村宅基地").meant, code("05H1").meant, code("甲").meant
    ('0703', '0703', '05H1', '甲')
    """
    written = text(value)
    if written.isascii() and written.isdigit():
        return Code(written, written.zfill(len(written) + len(written) % 2))
    found = _CODE.fullmatch(written)
    return Code(written, found[1] if found else written)


def unit_of(stated: Sequence[float], measured: Sequence[float]) -> str | None:
    """Return the unit in which areas are stated, by what they measure [m²]; None if none fits.

    >>> unit_of([1.2, 0.5], [12_001, 5_003]), unit_of([7.0], [12_000])
    ('ha', None)
    """
    ratios = [m / s for s, m in zip(stated, measured, strict=True) if s > 0 and m > 0]
    if not ratios:
        return None
    usual = median(ratios)
    fits = {unit: max(usual / size, size / usual) for unit, size in UNITS.items()}
    best = min(fits, key=lambda unit: fits[unit])
    return best if fits[best] <= _SLACK else None


def agrees(stated: Value, measured_m2: float, unit: str) -> bool:
    """Tell whether a stated area is the measured one, as finely as it is written.

    >>> agrees("1.2001", 12_001.3, "ha"), agrees("1.21", 12_001.3, "ha")
    (True, False)
    """
    value = number(stated)
    if value is None:
        return True
    written = stated if isinstance(stated, str) else f"{value:.6f}".rstrip("0")
    step = 10.0 ** -len(written.strip().partition(".")[2])
    return abs(value - measured_m2 / UNITS[unit]) <= 0.5 * step + 1e-9
