"""What PV stations are recorded to have generated, by the meters that inspectors read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.policies import within
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.models import Visit
from fuliang_gis.locations.layers.pv_stations import PvStation

METER = "meter_kwh"
#: A year is told from readings that are at least so far apart [days], and at most.
_LEAST_DAYS, _MOST_DAYS = 330, 400
_YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Recorded:
    """A station with what it generates a year [kWh], None where meters do not tell.

    ``capacity`` [kWp]; tilt and azimuth [°] as they were surveyed; the place is lon/lat.
    """

    id: int
    code: str
    name: str
    division_code: str
    capacity: float
    tilt: float | None
    azimuth: float | None
    lon: float
    lat: float
    year_kwh: float | None

    @property
    def specific(self) -> float | None:
        """Return full-load hours [kWh/kWp]."""
        return None if self.year_kwh is None else self.year_kwh / self.capacity


def pv_stations(session: Session, actor: Actor) -> list[Recorded]:
    """Return the stations of the actor's division with a year of their meters."""
    place = func.ST_PointOnSurface(PvStation.geom)
    stations = session.execute(
        select(
            PvStation.id,
            PvStation.code,
            PvStation.name,
            PvStation.division_code,
            PvStation.capacity_kwp,
            PvStation.tilt_deg,
            PvStation.azimuth_deg,
            func.ST_X(place),
            func.ST_Y(place),
        )
        .where(within(actor, PvStation.division_code), PvStation.deleted_at.is_(None))
        .order_by(PvStation.code)
    ).all()
    readings = _readings(session, actor)
    return [
        Recorded(
            row[0],
            row[1],
            row[2],
            row[3],
            float(row[4]),
            _degrees(row[5]),
            _degrees(row[6]),
            row[7],
            row[8],
            yearly(readings.get(row[0], ())),
        )
        for row in stations
    ]


def yearly(readings: Iterable[tuple[datetime, float]]) -> float | None:
    """Return what a meter counts a year, from readings in any order; None where they are too few.

    A meter that was changed runs backwards once; then nothing is told.

    >>> day = datetime(2026, 1, 1)
    >>> round(yearly([(day, 100.0), (day + timedelta(days=365), 1100.0)]))
    1001
    >>> yearly([(day, 100.0), (day + timedelta(days=30), 200.0)])
    """
    told = sorted(readings)
    if not told or any(b[1] < a[1] for a, b in pairwise(told)):
        return None
    last, count = told[-1]
    earlier = [
        (last - at, count - before)
        for at, before in told
        if timedelta(days=_LEAST_DAYS) <= last - at <= timedelta(days=_MOST_DAYS)
    ]
    if not earlier:
        return None
    span, energy = min(earlier, key=lambda each: abs(each[0].days - _YEAR_DAYS))
    return energy * _YEAR_DAYS / (span.total_seconds() / 86_400)


def _degrees(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _readings(session: Session, actor: Actor) -> dict[int, list[tuple[datetime, float]]]:
    # The latest reading may be a while ago where meters are read by the quarter.
    since = clock.now() - timedelta(days=2 * _MOST_DAYS)
    rows = session.execute(
        select(Visit.location_id, Visit.visited_at, Visit.readings)
        .join(PvStation, PvStation.id == Visit.location_id)
        .where(
            within(actor, Visit.division_code),
            Visit.superseded_at.is_(None),
            Visit.visited_at >= since,
        )
    )
    found: dict[int, list[tuple[datetime, float]]] = {}
    for location, at, readings in rows:
        for each in readings:
            if each.get("name") == METER and each.get("value") is not None:
                found.setdefault(location, []).append((at, float(each["value"])))
    return found
