"""What meters of PV stations tell of a year, beside what the sun is estimated to yield."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from statistics import fmean

import pytest
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.inspections.visits.meter_queries import pv_stations, yearly
from fuliang_gis.planning.services.pv import Station, pv_norms, pv_yield
from tests.demo.conftest import AS_OF
from tests.factories import COUNTY, FULIANG_TOWN

DAY = datetime(2026, 3, 1, 9, tzinfo=clock.ZONE)


def _actor(scope: str) -> Actor:
    return Actor(1, "reader", "读者", Role.VIEWER, scope, "")


def test_the_countys_meters_tell_a_thousand_hours(demo: Session) -> None:
    """All 27 stations have a year of readings, about 1,000 full-load hours as published (PV-02)."""
    with clock.frozen(datetime.combine(AS_OF, time(8), clock.ZONE)):
        found = pv_stations(demo, _actor(COUNTY))
        own = pv_stations(demo, _actor(FULIANG_TOWN))
    assert len(found) == 27
    assert {each.code for each in own} == {
        each.code for each in found if each.division_code.startswith(FULIANG_TOWN)
    }
    told = [each.specific for each in found if each.specific is not None]
    assert len(told) == 27
    assert 950 < fmean(told) < 1_080


def test_estimates_come_near_the_meters(demo: Session) -> None:
    """On the mean an estimate is off by a tenth at most; what it goes by are settings."""
    with clock.frozen(datetime.combine(AS_OF, time(8), clock.ZONE)):
        found = pv_stations(demo, _actor(COUNTY))
    losses = pv_norms().bounds["losses"].usual
    ratios = [
        each.year_kwh
        / pv_yield(
            Station(each.capacity, each.tilt or 0, each.azimuth or 180, losses, each.lat, each.lon)
        ).year
        for each in found
        if each.year_kwh is not None
    ]
    assert fmean(ratios) == pytest.approx(1.0, abs=0.1)


def test_a_changed_meter_tells_nothing() -> None:
    """A meter that ran backwards was changed: its year is not known."""
    readings = [(DAY + timedelta(days=30 * n), float(n * 100)) for n in range(14)]
    assert yearly(readings) == pytest.approx(100 / 30 * 365.25)
    assert yearly(readings[:11]) is None
    assert yearly([*readings[:-1], (readings[-1][0], 5.0)]) is None
    assert yearly([]) is None


def test_the_reading_nearest_to_a_year_ago_counts() -> None:
    """Of several readings that are about a year old the nearest to a year is taken."""
    told = [
        (DAY, 0.0),
        (DAY + timedelta(days=35), 350.0),
        (DAY + timedelta(days=400), 4_000.0),
    ]
    assert yearly(told) == pytest.approx(3_650 / 365 * 365.25)
