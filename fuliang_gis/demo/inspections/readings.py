"""Numbers that inspectors read: meters that only grow, water within its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.schedule import Call
from fuliang_gis.demo.shares import split

#: What all stations together generated between twelve monthly readings [kWh]: figure PV-02.
GENERATED_KWH = 2_490_500
READINGS = 12
_PV, _WATER = "pv_stations", "water_projects"
_DAYS = 365.2425


@dataclass(frozen=True)
class Meters:
    """What each meter shows at each call, by the call's number."""

    shown: Mapping[int, int]

    @classmethod
    def of(cls, calls: Sequence[Call], rng: np.random.Generator) -> Meters:
        """Let every meter run; the stations' together by exactly ``GENERATED_KWH`` a year."""
        by_place: dict[int, list[int]] = {}
        places: dict[int, Place] = {}
        for number, call in enumerate(calls):
            if call.place.layer in (_PV, _WATER):
                by_place.setdefault(call.place.id, []).append(number)
                places[call.place.id] = call.place
        for numbers in by_place.values():
            numbers.sort(key=lambda number: calls[number].day)
        shown: dict[int, int] = {}
        stations = [key for key, place in places.items() if place.layer == _PV]
        for key, kwh in zip(stations, _yields([places[k] for k in stations], rng), strict=True):
            days = [calls[number].day for number in by_place[key]]
            shown |= zip(by_place[key], generation(days, kwh, _before(places[key])), strict=True)
        for key, place in places.items():
            if place.layer == _WATER:
                days = [calls[number].day for number in by_place[key]]
                shown |= zip(by_place[key], _supplied(days, place, rng), strict=True)
        return cls(shown)


def _yields(stations: Sequence[Place], rng: np.random.Generator) -> list[int]:
    """Return what each station generates [kWh/a]: by its capacity, dust and shade."""
    if not stations:
        return []
    kwp = np.array([station.number("capacity_kwp", 60) for station in stations])
    weak = np.array([0.8 if station.use_status == "underused" else 1.0 for station in stations])
    shares = kwp * weak * rng.normal(1, 0.05, len(stations)).clip(0.8, 1.2)
    return [int(kwh) for kwh in split(GENERATED_KWH, shares)]


def _before(station: Place) -> int:
    """Return what a station's meter showed when the demo's year began [kWh], about."""
    since = station.fields.get("commissioned_on")
    years = 2022 - since.year if isinstance(since, date) else 5
    return round(station.number("capacity_kwp", 60) * 985 * max(1, years))


def generation(days: Sequence[date], kwh: int, before: int) -> list[int]:
    """Return readings [kWh] that grow with the sun, by ``kwh`` over the last twelve.

    >>> months = [date(2024 + n // 12, n % 12 + 1, 15) for n in range(14)]
    >>> shown = generation(months, 100_000, 500)
    >>> shown[0], shown[-1] - shown[-13], shown == sorted(shown)
    (500, 100000, True)
    """
    sun = _sun(days)
    first = max(0, len(days) - 1 - READINGS)
    year = (sun[-1] - sun[first]) or 1.0
    grown = np.floor((sun - sun[first]) / year * kwh).astype(np.int64)
    if len(days) > 1:
        # Dividing and multiplying again may lose the last kilowatt-hour.
        grown[-1] = kwh
    return [int(value) for value in grown - grown[0] + before]


def _sun(days: Sequence[date]) -> NDArray[np.float64]:
    """Return light gathered until each day, in days of the mean; July gives most, January least."""
    t = np.array([day.toordinal() for day in days], dtype=np.float64)
    turn = 2 * np.pi / _DAYS
    # Day 105 of the year is where the yearly wave crosses its mean upwards.
    return np.asarray(t - 0.38 / turn * np.cos(turn * (t - date(2020, 4, 14).toordinal())))


def _supplied(days: Sequence[date], place: Place, rng: np.random.Generator) -> list[int]:
    a_day = place.number("actual_m3_year", place.number("design_m3d", 20) * 220) / _DAYS
    start = place.number("actual_m3_year", 5_000) * float(rng.uniform(2, 9))
    passed = [(day - days[0]).days for day in days]
    shown = [start + a_day * day * float(rng.uniform(0.985, 1.0)) for day in passed]
    # Use differs from month to month, but no meter runs backwards.
    return [round(value) for value in np.maximum.accumulate(shown).tolist()]


def water(
    place: Place, broken: str | None, rng: np.random.Generator
) -> Iterator[tuple[str, float]]:
    """Yield chlorine, turbidity and pH at a tap; all within their limits but the broken one."""
    if place.fields.get("disinfection", True) or broken == "chlorine_mg_l":
        low = broken == "chlorine_mg_l"
        chlorine = rng.uniform(0.0, 0.045) if low else rng.lognormal(-1.25, 0.45)
        yield "chlorine_mg_l", round(float(np.clip(chlorine, 0.0 if low else 0.06, 1.8)), 2)
    cloudy = broken == "turbidity_ntu"
    turbidity = rng.uniform(1.1, 3.4) if cloudy else rng.lognormal(-0.9, 0.4)
    yield "turbidity_ntu", round(float(np.clip(turbidity, 0.08, 4.0 if cloudy else 0.95)), 2)
    ph = rng.uniform(5.6, 6.4) if broken == "ph" else np.clip(rng.normal(7.25, 0.22), 6.6, 8.3)
    yield "ph", round(float(ph), 1)
