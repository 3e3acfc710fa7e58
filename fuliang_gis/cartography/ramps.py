"""Colour ramps of thematic maps, read from ``maps/styles/ramps.toml``, mixed in OKLab."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.errors import BadParameter
from fuliang_gis.material import MAPS

_Array = NDArray[np.float64]

# OKLab (Ottosson 2020): linear sRGB to cone responses, their cube roots to lightness and two hues.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Ramp:
    """Colours from low to high; ``diverging`` ones are pale in the middle."""

    name: str
    title: str
    diverging: bool
    stops: tuple[str, ...]

    def colours(self, count: int) -> tuple[str, ...]:
        """Return one colour a class (``#rrggbb``), evenly spread; one class takes a full one."""
        places = np.linspace(0, 1, count) if count > 1 else np.array([0.7])
        stops = np.linspace(0, 1, len(self.stops))
        known = np.array([_to_oklab(stop) for stop in self.stops])
        mixed = np.column_stack([np.interp(places, stops, known[:, axis]) for axis in range(3)])
        return tuple(_from_oklab(colour) for colour in mixed)


@cache
def ramps() -> Mapping[str, Ramp]:
    """Return every ramp by name, in the order of the file."""
    return {
        name: Ramp(name, raw["title"]["zh"], raw["kind"] == "diverging", tuple(raw["colours"]))
        for name, raw in _file()["ramps"].items()
    }


def ramp(name: str) -> Ramp:
    """Return one ramp.

    Raises:
        BadParameter: There is none of that name.
    """
    if name not in ramps():
        raise BadParameter(
            name="ramp", reason="没有这种配色", reason_en="no such ramp", field="ramp"
        )
    return ramps()[name]


def no_data_colour() -> str:
    """Return the colour of areas without a number."""
    return str(_file()["no_data"])


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((MAPS / "styles" / "ramps.toml").read_text("utf-8"))


def linear_rgb(colour: str) -> _Array:
    """Return the linear-light red, green and blue of ``#rrggbb``, each 0 to 1.

    >>> linear_rgb("#ffffff").tolist()
    [1.0, 1.0, 1.0]
    """
    encoded = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _to_oklab(colour: str) -> _Array:
    lab: _Array = _TO_LAB @ np.cbrt(_TO_CONES @ linear_rgb(colour))
    return lab


def _from_oklab(lab: _Array) -> str:
    linear = np.clip(np.linalg.solve(_TO_CONES, np.linalg.solve(_TO_LAB, lab) ** 3), 0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return "#" + "".join(f"{round(part * 255):02x}" for part in encoded)
