"""What a PV station may yield in a usual year, by pvlib and without any download (pure).

Clear-sky irradiance (Haurwitz) times the month's clearness is split into beam and diffuse (Erbs),
put on the plane of the modules (isotropic sky), and turned into power (PVWatts, cell temperature
after Faiman), for one typical day a month. An estimate: within a tenth or two of what a station
yields, and blind to its own shade.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.errors import Invalid, Problem, SetUpError
from fuliang_gis.material import DATA

if TYPE_CHECKING:
    import pandas as pd

PATH = DATA / "norms" / "pv.toml"

#: The day of each month whose sun stands for the month's (Klein 1977).
_DAYS = (17, 16, 16, 15, 15, 11, 17, 16, 15, 15, 14, 10)
#: Any year that is none of leap.
_YEAR = 2023
_STEP_MIN = 15
#: Estimates that one process keeps: a county's stations are compared on every plan's page.
_KEPT = 1024


@dataclass(frozen=True)
class Bounds:
    """What an input may be."""

    usual: float
    least: float
    most: float


@dataclass(frozen=True)
class PvProject:
    """What a station is in the table of projects: its kind, and the land use of one on the ground.

    ``yuan_per_kw`` is what a kilowatt costs, None: nobody has said.
    """

    kind: str
    ground_code: str
    yuan_per_kw: float | None = None


@dataclass(frozen=True)
class PvNorms:
    """Monthly clearness and temperatures [°C], shape 12 each, and the bounds of inputs."""

    clearness: tuple[float, ...]
    temperature: tuple[float, ...]
    wind: float
    albedo: float
    temperature_coefficient: float
    inverter: float
    bounds: Mapping[str, Bounds]
    project: PvProject


@dataclass(frozen=True)
class Station:
    """A station: capacity [kWp], tilt [°], where it faces [° from north, clockwise], losses (0–1).

    It stands at a latitude and longitude [°].
    """

    kw: float
    tilt: float
    azimuth: float
    losses: float
    latitude: float
    longitude: float


@dataclass(frozen=True)
class Yield:
    """Energy a month [kWh], and irradiation of the modules a month [kWh/m²]."""

    kw: float
    months: tuple[float, ...]
    irradiation: tuple[float, ...]

    @property
    def year(self) -> float:
        """Return the energy of the year [kWh]."""
        return sum(self.months)

    @property
    def specific(self) -> float:
        """Return full-load hours [kWh/kWp]."""
        return self.year / self.kw


@cache
def pv_norms() -> PvNorms:
    """Read the settings once.

    Raises:
        SetUpError: They are missing, are no TOML, or lack a part.

    >>> len(pv_norms().clearness), pv_norms().bounds["azimuth"].usual
    (12, 180)
    """
    try:
        raw = tomllib.loads(PATH.read_text("utf-8"))
        return PvNorms(
            _twelve(raw["clearness"]),
            _twelve(raw["temperature"]),
            float(raw["wind"]),
            float(raw["albedo"]),
            float(raw["temperature_coefficient"]),
            float(raw["inverter"]),
            {name: Bounds(**raw[name]) for name in ("kw", "tilt", "azimuth", "losses")},
            PvProject(**raw["project"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise SetUpError(
            reason=f"无法读取光伏估算文件 {PATH}：{error}。请恢复或改正该文件后重试。",
            reason_en=f"Cannot read the norms of PV yield {PATH}: {error}. Restore it.",
        ) from error


def _twelve(given: Sequence[float]) -> tuple[float, ...]:
    if len(given) != len(_DAYS):
        raise ValueError("12 months")
    return tuple(map(float, given))


def station_problems(station: Station) -> list[Problem]:
    """Return which inputs cannot be."""
    names = {"kw": "装机容量", "tilt": "倾角", "azimuth": "朝向", "losses": "系统损失"}
    found = []
    for field, zh in names.items():
        bounds, value = pv_norms().bounds[field], getattr(station, field)
        if not bounds.least <= value <= bounds.most:
            told = f"{zh}应在 {bounds.least:g} 到 {bounds.most:g} 之间。"
            en = f"{field} must lie between {bounds.least:g} and {bounds.most:g}."
            found.append(Problem("out_of_range", told, en, field))
    return found


def pv_yield(station: Station) -> Yield:
    """Estimate a station's yield.

    Raises:
        Invalid: An input cannot be.
    """
    if problems := station_problems(station):
        raise Invalid(problems)
    return _yield(station)


@lru_cache(maxsize=_KEPT)
def _yield(station: Station) -> Yield:
    # It brings pandas and half of scipy: only who asks for the sun waits for them.
    import pvlib

    norms = pv_norms()
    at = _moments()
    sun = pvlib.solarposition.get_solarposition(at, station.latitude, station.longitude)
    month = at.month.to_numpy() - 1
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"]
    ghi = clear * np.array(norms.clearness)[month]
    split = pvlib.irradiance.erbs(ghi, sun["zenith"], at.day_of_year.to_numpy())
    on_plane = pvlib.irradiance.get_total_irradiance(
        station.tilt,
        station.azimuth,
        sun["apparent_zenith"],
        sun["azimuth"],
        split["dni"],
        ghi,
        split["dhi"],
        albedo=norms.albedo,
        model="isotropic",
    )["poa_global"].fillna(0.0)
    air = np.array(norms.temperature)[month]
    cell = pvlib.temperature.faiman(on_plane, air, norms.wind)
    direct = pvlib.pvsystem.pvwatts_dc(on_plane, cell, station.kw, norms.temperature_coefficient)
    power = direct * (1 - station.losses) * norms.inverter
    return Yield(
        station.kw,
        _by_month(np.asarray(power), month),
        _by_month(np.asarray(on_plane) / 1000, month),
    )


def _moments() -> pd.DatetimeIndex:
    """Return the moments of twelve typical days, in the county's time."""
    import pandas as pd

    steps = pd.timedelta_range(f"{_STEP_MIN / 2}min", periods=24 * 60 // _STEP_MIN, freq="15min")
    days = [pd.Timestamp(_YEAR, month, day) for month, day in enumerate(_DAYS, start=1)]
    moments = pd.DatetimeIndex([day + step for day in days for step in steps])
    return moments.tz_localize("Asia/Shanghai")


def _by_month(rate: NDArray[np.float64], month: NDArray[np.int64]) -> tuple[float, ...]:
    """Return what a rate an hour comes to in each month."""
    a_day = np.bincount(month, weights=rate, minlength=len(_DAYS)) * _STEP_MIN / 60
    return tuple(
        float(value) * calendar.monthrange(_YEAR, number)[1]
        for number, value in enumerate(a_day, start=1)
    )
