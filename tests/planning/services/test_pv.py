"""PV yield: the sun's course, bounds, and what more tilt, losses and shade of norms do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fuliang_gis.errors import Invalid
from fuliang_gis.planning.services.pv import Station, pv_norms, pv_yield

SOUTH = Station(60.0, 22.0, 180.0, 0.14, 29.4, 117.2)


def test_a_usual_station_yields_about_a_thousand_hours() -> None:
    """The county's stations are told to run about 1,000 full-load hours."""
    found = pv_yield(SOUTH)
    assert 900 < found.specific < 1_100
    assert found.year == pytest.approx(60 * found.specific)
    assert len(found.months) == len(found.irradiation) == 12
    assert min(found.months) > 0


def test_summer_yields_more_than_winter() -> None:
    """July is the best month and January the poorest, as the clearness has it."""
    months = pv_yield(SOUTH).months
    assert max(months) == months[6]
    assert min(months) == months[0]


def test_energy_grows_with_capacity_and_shrinks_with_losses() -> None:
    """Twice the modules yield twice as much; what is lost is lost in every month."""
    one, two = pv_yield(SOUTH), pv_yield(replace(SOUTH, kw=120.0))
    assert two.months == pytest.approx([2 * month for month in one.months])
    lossless = pv_yield(replace(SOUTH, losses=0.0))
    assert one.months == pytest.approx([0.86 * month for month in lossless.months])


def test_facing_away_from_the_sun_yields_less() -> None:
    """South beats east and west, which are about alike; both beat north; upright is poor."""
    by = {a: pv_yield(replace(SOUTH, azimuth=float(a))).year for a in (0, 90, 180, 270)}
    assert by[180] > by[90] > by[0]
    assert by[90] == pytest.approx(by[270], rel=0.02)
    assert pv_yield(replace(SOUTH, tilt=90.0)).year < by[0]


def test_flat_modules_do_not_mind_where_they_face() -> None:
    """Without a tilt there is no facing."""
    flat = replace(SOUTH, tilt=0.0)
    assert pv_yield(flat).months == pytest.approx(pv_yield(replace(flat, azimuth=45.0)).months)


@pytest.mark.parametrize(
    ("field", "value"),
    [("kw", 0.0), ("tilt", 91.0), ("azimuth", -1.0), ("losses", 0.7), ("kw", float("nan"))],
)
def test_impossible_inputs_are_refused(field: str, value: float) -> None:
    """Each input has its bounds; the refusal names the field."""
    with pytest.raises(Invalid) as refused:
        pv_yield(replace(SOUTH, **{field: value}))
    assert [problem.field for problem in refused.value.problems] == [field]


def test_usual_inputs_lie_in_their_bounds() -> None:
    """What the form begins with can be reckoned."""
    for bounds in pv_norms().bounds.values():
        assert bounds.least <= bounds.usual <= bounds.most
