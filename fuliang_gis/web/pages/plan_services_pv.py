"""The part of the page of services that tells of the sun: an estimate beside what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.visits.meter_queries import Recorded, pv_stations
from fuliang_gis.planning.services.pv import Station, Yield, pv_norms, pv_yield
from fuliang_gis.web.pages.plan_services_asked import Sun


@dataclass(frozen=True)
class Compared:
    """A station that stands: what its meter says of a year, and what the estimate does [kWh]."""

    recorded: Recorded
    estimated: float

    @property
    def ratio(self) -> float | None:
        """Return recorded over estimated; None where the meter does not tell."""
        return None if self.recorded.year_kwh is None else self.recorded.year_kwh / self.estimated


@dataclass(frozen=True)
class Sunshine:
    """An estimate (None: ``faults`` say why), and stations that stand.

    ``mean_recorded`` and ``mean_estimated`` are full-load hours of all stations whose meters tell.
    """

    typed: dict[str, str]
    found: Yield | None
    faults: dict[str, str]
    own: Sequence[Compared]
    stations: int
    mean_recorded: float | None
    mean_estimated: float | None

    @property
    def highest(self) -> float:
        """Return the best month's energy [kWh]."""
        return max(self.found.months) if self.found else 0.0

    @property
    def priced(self) -> bool:
        """Tell whether the norms know what a kilowatt costs."""
        return pv_norms().project.yuan_per_kw is not None


def sunshine(session: Transaction, actor: Actor, division_code: str, asked: Sun) -> Sunshine:
    """Estimate the station that is asked for, and compare what stands with its meters."""
    found, faults = None, {}
    try:
        found = pv_yield(asked.station)
    except Invalid as refusal:
        faults = {str(problem.field): problem.zh for problem in refusal.problems}
    compared = [Compared(each, _estimated(each)) for each in pv_stations(session, actor)]
    told = [each for each in compared if each.ratio is not None]
    return Sunshine(
        asked.typed,
        found,
        faults,
        [each for each in compared if each.recorded.division_code == division_code],
        len(told),
        fmean(each.recorded.specific or 0.0 for each in told) if told else None,
        fmean(each.estimated / each.recorded.capacity for each in told) if told else None,
    )


def _estimated(station: Recorded) -> float:
    bounds = pv_norms().bounds
    tilt = bounds["tilt"].usual if station.tilt is None else station.tilt
    azimuth = bounds["azimuth"].usual if station.azimuth is None else station.azimuth
    losses = bounds["losses"].usual
    place = (station.lat, station.lon)
    return pv_yield(Station(station.capacity, tilt, azimuth, losses, *place)).year
