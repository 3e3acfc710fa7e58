"""The reference divisions: real names, whole coverage, loading twice changes nothing."""

from __future__ import annotations

import numpy as np
import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.areas import coverage, queries
from fuliang_gis.areas.models import Division
from fuliang_gis.areas.operations import load_reference, stored_polygon
from fuliang_gis.areas.reference import INVENTED_SOURCE, county_outline


def test_counts(session: Session) -> None:
    """One county, 18 townships and 197 village-level divisions must be there."""
    levels = text("select level, count(*) from division group by level")
    assert dict(session.execute(levels).all()) == {
        "county": 1,
        "township": 18,
        "village": 197,
    }


def test_coverage(session: Session) -> None:
    """Villages must cover the county without gap or overlap and nest exactly in their townships."""
    villages = queries.boundaries(session, "village")
    assert shapely.coverage_is_valid(np.array(list(villages.values())))
    for code, town in queries.boundaries(session, "township").items():
        own = [shape for village, shape in villages.items() if village.startswith(code)]
        assert shapely.union_all(own).equals(town)
    county = shapely.union_all(list(villages.values()))
    outline = county_outline()
    assert county.symmetric_difference(outline).area < 1e-6 * outline.area


def test_report_finds_nothing(session: Session) -> None:
    """The coverage report must call the generated boundaries exact."""
    found = coverage.report(session)
    assert [(level.level, level.count, level.exact) for level in found] == [
        ("township", 18, True),
        ("village", 197, True),
    ]
    assert all(level.faults == () and level.differs < 1 for level in found)


def test_report_finds_an_overlap(session: Session) -> None:
    """A boundary that reaches into its neighbour must be reported with its place."""
    village = session.get_one(Division, "360222101200")
    assert village.boundary is not None
    village.boundary = stored_polygon(to_shape(village.boundary).buffer(0.002))
    session.flush()
    found = coverage.report(session)[1]
    assert not found.exact
    assert any("360222101200" in fault.names and fault.kind == "overlap" for fault in found.faults)


def test_generated_boundaries_are_labelled(session: Session) -> None:
    """Townships and villages must say that they are invented; the county's outline is not."""
    sources = text("select distinct level, invented, boundary_source = :source from division")
    found = session.execute(sources, {"source": INVENTED_SOURCE})
    assert {tuple(row) for row in found} == {
        ("county", False, False),
        ("township", True, True),
        ("village", True, True),
    }


def test_seats_lie_inside(session: Session) -> None:
    """Every seat must lie in its own division."""
    outside = text("select code from division where not st_contains(boundary, seat)")
    assert session.scalars(outside).all() == []


def test_names(session: Session) -> None:
    """Short names and initials must be those that people say and type."""
    found = {row.code: row for row in queries.list_divisions(session)}
    assert found["360222100001"].short_name == "城南"
    assert found["360222101"].short_name == "鹅湖"
    assert found["360222101001"].short_name == "鹅湖"
    assert found["360222105"].initials == "ylz"
    assert all(row.short_name and row.initials for row in found.values())


def test_loading_again_keeps_surveyed_boundaries(session: Session) -> None:
    """A second load must refresh names and leave a surveyed boundary as it is."""
    village = session.get_one(Division, "360222101200")
    surveyed = shapely.box(117.4, 29.4, 117.41, 29.41)
    village.boundary, village.invented, village.name = stored_polygon(surveyed), False, "旧名"
    village.boundary_source = "测绘"
    session.flush()
    assert load_reference(session) == 216
    session.expire_all()
    again = session.get_one(Division, "360222101200")
    assert again.name == "鹅湖村委会"
    assert (again.invented, again.boundary_source) == (False, "测绘")
    assert again.boundary is not None
    assert to_shape(again.boundary).equals(surveyed)
