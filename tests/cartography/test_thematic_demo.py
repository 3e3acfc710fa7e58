"""On the demo county the maps' numbers must be those that going through its rows gives."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
import shapely
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.cartography.area_shapes import area_shapes, as_geojson
from fuliang_gis.cartography.thematic import ThematicMap, build, read_page
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.demo.operations import load
from fuliang_gis.locations.layers.assistance_assets import AssistanceAsset
from fuliang_gis.locations.layers.sanitation_facilities import SanitationFacility
from fuliang_gis.locations.layers.villages import Village

COUNTY_STAFF = Actor(0, "county", "县级工作人员", Role.COUNTY_STAFF, "360222", "浮梁县")


@pytest.fixture(scope="module")
def county(cluster: Cluster, template: str) -> Iterator[Session]:
    """A database of the module's own with the demo county in it."""
    name = f"run_{os.getpid()}_thematic"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    engine = create_engine(driver_url(cluster.owner_url(name)))
    with Session(engine) as session, session.begin():
        load(session, seed=1)
    with Session(engine) as session:
        yield session
    engine.dispose()
    cluster.drop_database(name)


def mapped(session: Session, **parameters: str | list[str]) -> ThematicMap:
    """Build the map that the parameters describe."""
    asked = {n: v if isinstance(v, list) else [v] for n, v in parameters.items()}
    page = read_page(asked, COUNTY_STAFF)
    return build(session, COUNTY_STAFF, page.first, page.level)


def test_toilets_with_problems_add_up_to_the_published_figures(county: Session) -> None:
    """46,796 of 53,503: by township, by village and in every row's own quotient."""
    for level in ("township", "village"):
        shown = mapped(
            county,
            level=level,
            layer="sanitation_facilities",
            where="is_problem:true",
            base="kind:household_toilet",
            denominator="locations",
        )
        assert sum(area.numerator or 0 for area in shown.areas) == 46_796
        assert sum(area.denominator or 0 for area in shown.areas) + shown.unplaced == 53_503
        assert sum(each.count for each in shown.classification.classes) + shown.no_data == len(
            shown.areas
        )


def test_the_share_of_each_township_is_right(county: Session) -> None:
    """Counted one by one in Python."""
    rows = county.execute(
        select(SanitationFacility.division_code, SanitationFacility.is_problem).where(
            SanitationFacility.kind == "household_toilet"
        )
    ).all()
    every = Counter(code[:9] for code, _ in rows)
    bad = Counter(code[:9] for code, problem in rows if problem)
    shown = mapped(
        county,
        layer="sanitation_facilities",
        where="is_problem:true",
        base="kind:household_toilet",
        denominator="locations",
    )
    for area in shown.areas:
        assert area.value == pytest.approx(100 * bad[area.code] / every[area.code], abs=0.0501)


def test_key_villages_and_households(county: Session) -> None:
    """57 key villages; the townships' households are the sums of their villages'."""
    levels = [f"key_level:{level}" for level in ("province", "city", "county")]
    shown = mapped(county, layer="villages", where=levels)
    assert sum(area.value or 0 for area in shown.areas) == 57
    households: Counter[str] = Counter()
    for code, number in county.execute(select(Village.division_code, Village.households)):
        households[code[:9]] += number
    summed = mapped(county, layer="villages", measure="sum:households")
    assert {area.code: area.value for area in summed.areas} == dict(households)


def test_assets_up_to_a_year(county: Session) -> None:
    """Every year's sum is the one over the assets formed until then, in 万元."""
    rows = county.execute(
        select(
            AssistanceAsset.division_code,
            AssistanceAsset.formed_year,
            AssistanceAsset.original_value_yuan,
        )
    ).all()
    shown = mapped(
        county,
        layer="assistance_assets",
        measure="sum:original_value_yuan",
        time="formed_year",
        method="jenks",
    )
    assert shown.years[0] == min(year for _, year, _ in rows)
    for at, until in enumerate(shown.years):
        for area in shown.areas:
            total = sum(v for c, y, v in rows if c[:9] == area.code and y <= until)
            assert shown.series[area.code][at] == pytest.approx(float(total) / 10_000, abs=0.00501)


@pytest.mark.parametrize("level", ["township", "village"])
def test_simplified_outlines_still_cover_the_county_without_gaps(
    county: Session, level: str
) -> None:
    """Neighbours share their edges after simplifying, and the county stays as large as it is."""
    shapes = area_shapes(county, COUNTY_STAFF, level)
    outlines = [shape.outline for shape in shapes]
    assert shapely.coverage_is_valid(outlines)
    joined = shapely.union_all(outlines)
    assert shapely.get_num_interior_rings(shapely.get_parts(joined)).sum() == 0
    assert len(as_geojson(shapes)) < 300_000


def test_every_class_holds_as_many_areas_as_the_legend_says(county: Session) -> None:
    """For all methods and numbers of classes."""
    for method in ("quantiles", "equal", "jenks", "pretty", "deviation"):
        for count in "357":
            shown = mapped(
                county,
                level="village",
                layer="water_projects",
                measure="sum:served_population",
                method=method,
                classes=count,
            )
            places = Counter(area.place for area in shown.areas)
            stated = [each.count for each in shown.classification.classes]
            assert [places[at] for at in range(len(stated))] == stated
            assert len(shown.colours) == len(stated)
