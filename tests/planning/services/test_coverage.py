"""Who is in time, who is not, and what straight lines would make of it."""

from __future__ import annotations

import numpy as np
import pytest

from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.services.coverage import coverage
from fuliang_gis.planning.services.demand import Demand, base_demands, demands
from fuliang_gis.planning.services.norms import service_norms
from tests.planning.village import draft, parcel

HOMES = [
    Demand("a", "", 0, 0, 3, 300),
    Demand("b", "", 0, 0, 5, 500),
    Demand("c", "", 0, 0, 2, 200),
]


def test_sums_count_households() -> None:
    """Shares, loads and the mean are of households, not of parcels."""
    minutes = np.array([[4.0, 9.0], [30.0, 12.0], [np.inf, np.inf]])
    straight = np.array([[2.0, 5.0], [9.0, 6.0], [8.0, 20.0]])
    found = coverage(HOMES, minutes, straight, 10.0)
    assert (found.households, found.covered, found.straight_covered) == (10, 3, 10)
    assert found.share == pytest.approx(0.3)
    assert found.load == (3, 0)
    assert [r.demand.parcel for r in found.missed] == ["c", "b"]
    assert [r.facility for r in found.reaches] == [0, 1, None]
    assert found.mean_minutes == pytest.approx((4 * 3 + 12 * 5) / 8)


def test_without_any_facility_nobody_is_served() -> None:
    """No facility: everybody is missed, and there is no mean."""
    found = coverage(HOMES, np.empty((3, 0)), np.empty((3, 0)), 10.0)
    assert (found.covered, found.straight_covered, found.load) == (0, 0, ())
    assert found.mean_minutes is None
    assert len(found.missed) == 3


def test_without_anybody_there_is_no_share() -> None:
    """Where nobody lives nothing is divided by nothing."""
    found = coverage([], np.empty((0, 2)), np.empty((0, 2)), 10.0)
    assert (found.share, found.straight_share, found.load) == (0.0, 0.0, (0, 0))


def test_homesteads_of_a_scheme_are_its_demands() -> None:
    """Only homesteads count, each with its households."""
    homes = parcel("h", "0703", 0, 0, 20, 20, households=4)
    detached = parcel("g", "070301", 20, 0, 40, 20)
    field = parcel("f", "0101", 40, 0, 200, 100)
    found = demands(draft(homes, detached, field), profile())
    assert [(d.parcel, d.households, d.estimated) for d in found] == [
        ("g", 1, False),
        ("h", 4, False),
    ]


def test_the_base_year_takes_households_from_the_scheme() -> None:
    """What is kept has the scheme's households; what goes is estimated by its area."""
    kept, gone = parcel("k", "0703", 0, 0, 20, 20), parcel("x", "0703", 20, 0, 40, 24)
    now = (parcel("k", "0703", 0, 0, 20, 20, households=6), parcel("x", "0103", 20, 0, 40, 24))
    found = base_demands(draft(*now, base=(kept, gone)), profile(), 160.0)
    assert [(d.parcel, d.households, d.estimated) for d in found] == [
        ("k", 6, False),
        ("x", 3, True),
    ]


def test_norms_name_what_exists() -> None:
    """Every service asks for a known land use; layers and kinds are those of the registry."""
    from fuliang_gis.locations.registry import layers
    from fuliang_gis.planning.codes import land_uses
    from fuliang_gis.planning.projects.models import FACILITY_KINDS

    norms = service_norms()
    for service in norms.services.values():
        assert service.code in land_uses("2023")
        assert service.key in FACILITY_KINDS
        if service.layer:
            sheet = layers()[service.layer].sheet
            field = next(f for f in sheet.fields if f.name == sheet.kind_field)
            assert set(service.kinds) <= {choice.value for choice in field.choices}
    assert norms.minutes.least <= norms.minutes.usual <= norms.minutes.most
