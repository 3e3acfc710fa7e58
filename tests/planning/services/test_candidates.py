"""Candidates: control lines and uses that exclude places, roadsides, thinning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from fuliang_gis.planning.norms import line_norms, profile
from fuliang_gis.planning.parcels import ControlLine, Draft
from fuliang_gis.planning.services.candidates import (
    Candidate,
    Search,
    candidates,
    refusals,
    shortlist,
)
from fuliang_gis.planning.services.demand import demands
from fuliang_gis.planning.services.norms import service_norms
from tests.planning.village import draft, line, parcel

NORMS = service_norms()
SEARCH = Search(NORMS.services["toilet"], NORMS.candidates, profile(), line_norms(), 500.0)
CLINIC = replace(SEARCH, service=NORMS.services["clinic"])


def _village(*lines: ControlLine) -> Draft:
    return draft(
        parcel("home", "0703", 0, 0, 40, 40, households=3),
        parcel("yard", "0704", 40, 0, 100, 100),
        parcel("field", "0101", 100, 0, 200, 100),
        parcel("pond", "1704", 0, 40, 40, 100),
        lines=lines,
    )


def _found(at: Draft, search: Search = SEARCH, *roads: shapely.LineString) -> list[Candidate]:
    return candidates(at, demands(at, profile()), roads, search)


def test_houses_and_water_are_no_places() -> None:
    """Neither homesteads nor ponds hold a facility; services and fields do."""
    assert {c.parcel for c in _found(_village())} == {"yard", "field"}


@pytest.mark.parametrize(
    ("code", "left"), [("0202", {"yard"}), ("0102", {"yard"}), ("0201", {"yard", "field"})]
)
def test_control_lines_exclude(code: str, left: set[str]) -> None:
    """Permanent farmland forbids; the redline asks for a permit; other lines say nothing."""
    at = _village(line("l", code, 100, 0, 200, 100))
    assert {c.parcel for c in _found(at)} == left


def test_permits_are_told_when_they_are_wanted() -> None:
    """With permits the place is there, with its article; what is forbidden still is not."""
    at = _village(line("r", "0102", 100, 0, 150, 100), line("f", "0202", 0, 0, 1, 1))
    found = {c.parcel: c.permits for c in _found(at, replace(SEARCH, with_permits=True))}
    assert found["yard"] == ()
    assert "红线" in found["field"][0]


def test_outside_the_village_a_clinic_needs_a_permit() -> None:
    """What must lie inside the village's built-up area asks for a permit outside of it."""
    at = _village(line("b", "0301", 0, 0, 100, 100))
    assert {c.parcel for c in _found(at, CLINIC)} == {"yard"}
    inside, across = shapely.box(50, 50, 60, 60), shapely.box(95, 50, 105, 60)
    assert refusals(at, inside, CLINIC) == (False, ())
    assert refusals(at, across, CLINIC)[1] != ()


def test_small_parcels_hold_nothing() -> None:
    """A parcel smaller than the facility is no candidate."""
    at = draft(
        parcel("home", "0703", 0, 0, 40, 40),
        parcel("tiny", "0704", 40, 0, 47, 8),
        boundary=shapely.box(0, 0, 100, 40),
    )
    assert _found(at) == []


def test_roadsides_lie_aside_and_apart() -> None:
    """Beside a road places lie off its middle, and no two kept ones are close."""
    road = shapely.LineString([(100, 50), (700, 50)])
    at = draft(
        parcel("home", "0703", 0, 0, 40, 40),
        parcel("field", "0101", 40, 0, 800, 100),
        boundary=shapely.box(0, 0, 800, 100),
    )
    found = _found(at, replace(SEARCH, reach_m=1000.0), road)
    beside = [c for c in found if c.kind == "road"]
    assert beside
    assert {abs(c.y - 50) for c in beside} == {NORMS.candidates.aside_m}
    places = np.array([[c.x, c.y] for c in found])
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert apart[~np.eye(len(found), dtype=bool)].min() >= NORMS.candidates.apart_m


def test_nobody_far_away_is_thought_of() -> None:
    """Places farther than the reach from every homestead are left out; so is a village of none."""
    assert {c.parcel for c in _found(_village(), replace(SEARCH, reach_m=60.0))} == {"yard"}
    assert candidates(_village(), [], [], SEARCH) == []


def test_no_more_than_the_rules_want() -> None:
    """Of many places the first so many stay, those with most households around."""
    few = replace(SEARCH, rules=replace(NORMS.candidates, considered=1, apart_m=1.0))
    assert len(_found(_village(), few)) == 1


def test_shortlists_keep_everybodys_quickest() -> None:
    """With room for it, each homestead's quickest candidate is chosen from."""
    rng = np.random.default_rng(3)
    minutes, homes = rng.uniform(1, 30, (12, 40)), rng.integers(1, 9, 12).astype(np.float64)
    kept = shortlist(minutes, homes, 10.0, 20)
    assert len(kept) == 20
    assert set(minutes.argmin(axis=1).tolist()) <= set(kept)
    assert shortlist(np.empty((0, 3)), np.empty(0), 10.0, 2) == [0, 1]
