"""The summary of the network measures what is stored."""

from __future__ import annotations

import pytest
from geoalchemy2.shape import from_shape
from shapely import LineString
from sqlalchemy.orm import Session

from fuliang_gis.roads import queries
from fuliang_gis.roads.models import Road


def _road(start: int, end: int, road_class: str, length: float) -> Road:
    line = LineString([(117.3 + start / 100, 29.5), (117.3 + end / 100, 29.5)])
    return Road(
        road_class=road_class,
        speed_kmh=40,
        length_m=length,
        from_node=start,
        to_node=end,
        geom=from_shape(line, 4490),
    )


def test_empty_network(session: Session) -> None:
    """Without roads there must be nothing, and no division by zero."""
    found = queries.summary(session)
    assert (found.edges, found.junctions, found.components, found.total_kilometres) == (0, 0, 0, 0)


def test_components_and_lengths(session: Session) -> None:
    """Two pieces must count as two; lengths must add up by class, whatever the junction numbers."""
    session.add_all(
        [
            _road(1, 2, "primary", 1500),
            _road(2, 3, "primary", 500),
            _road(2, 7, "track", 250),
            _road(11, 12, "tertiary", 4000),
        ]
    )
    session.flush()
    found = queries.summary(session)
    assert (found.edges, found.junctions, found.components) == (4, 6, 2)
    assert found.kilometres == pytest.approx({"primary": 2.0, "track": 0.25, "tertiary": 4.0})
    assert found.total_kilometres == pytest.approx(6.25)
