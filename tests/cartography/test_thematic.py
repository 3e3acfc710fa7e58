"""The numbers of a thematic map must be those that counting the rows one by one gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.cartography.measures import (
    denominators,
    filter_fields,
    number_fields,
    read_measure,
    values_of,
    year_fields,
)
from fuliang_gis.cartography.thematic import Page, ThematicMap, build, read_page, write_page
from fuliang_gis.cartography.thematic_queries import levels
from fuliang_gis.errors import BadParameter, NotFound
from fuliang_gis.locations.registry import Layer, layer, layers
from tests.factories import (
    COUNTY,
    FULIANG_TOWN,
    FULIANG_VILLAGE,
    YAOLI_TOWN,
    make_actor,
    make_location,
)

YAOLI_VILLAGE = "360222105201"


def given(**parameters: str | list[str]) -> dict[str, list[str]]:
    """Return parameters as an address carries them."""
    return {n.replace("__", "."): v if isinstance(v, list) else [v] for n, v in parameters.items()}


def mapped(session: Session, actor: Actor, **parameters: str | list[str]) -> ThematicMap:
    """Build the first map that the parameters describe."""
    page = read_page(given(**parameters), actor)
    return build(session, actor, page.first, page.level)


def values(shown: ThematicMap) -> dict[str, float | None]:
    """Return the told value by area code."""
    return {area.code: area.value for area in shown.areas}


@pytest.fixture
def actor(session: Session) -> Actor:
    """County staff."""
    return make_actor(session)


@pytest.fixture
def toilets(session: Session, actor: Actor) -> Layer:
    """Household and public toilets in two townships; one of three in 浮梁镇 has problems."""
    found = layer("sanitation_facilities")
    for village, kind, problem, year in (
        (FULIANG_VILLAGE, "household_toilet", True, 2019),
        (FULIANG_VILLAGE, "household_toilet", False, 2020),
        (FULIANG_TOWN, "household_toilet", False, None),
        (FULIANG_VILLAGE, "public_toilet", True, 2021),
        (YAOLI_VILLAGE, "household_toilet", True, 2021),
    ):
        make_location(
            session,
            actor,
            found,
            division_code=village,
            kind=kind,
            is_problem=problem,
            built_year=year,
        )
    session.flush()
    return found


def test_a_count_is_the_number_of_rows(session: Session, actor: Actor, toilets: Layer) -> None:
    """Every township is listed; those without rows count zero, which is a number."""
    found = values(mapped(session, actor, layer=toilets.name))
    assert len(found) == 18
    assert found[FULIANG_TOWN] == 4
    assert found[YAOLI_TOWN] == 1
    assert sum(value == 0 for value in found.values()) == 16


def test_a_filter_narrows_by_alternatives_and_by_all_fields(
    session: Session, actor: Actor, toilets: Layer
) -> None:
    """Values of one field are alternatives; several fields must all hold."""
    found = mapped(
        session,
        actor,
        layer=toilets.name,
        where=["kind:household_toilet", "kind:public_toilet", "is_problem:true"],
    )
    assert values(found)[FULIANG_TOWN] == 2


def test_a_share_names_its_denominator_and_is_unknown_without_one(
    session: Session, actor: Actor, toilets: Layer
) -> None:
    """Problem toilets of household toilets: 1 of 3; where there is no toilet there is no rate."""
    shown = mapped(
        session,
        actor,
        layer=toilets.name,
        where="is_problem:true",
        base="kind:household_toilet",
        denominator="locations",
    )
    found = {area.code: area for area in shown.areas}
    assert (found[FULIANG_TOWN].value, found[FULIANG_TOWN].denominator) == (33.3, 3)
    assert found[YAOLI_TOWN].value == 100
    assert shown.no_data == 16
    assert sum(value is None for value in values(shown).values()) == 16
    assert "÷" in shown.title
    assert "户厕" in shown.title
    assert shown.choice.measure.unit == "%"


def test_what_is_recorded_to_the_township_alone_is_told_among_villages(
    session: Session, actor: Actor, toilets: Layer
) -> None:
    """A location without a village is not put into some village, and is not forgotten either."""
    shown = mapped(session, actor, layer=toilets.name, level="village")
    assert values(shown)[FULIANG_VILLAGE] == 3
    assert shown.unplaced == 1


def test_a_map_runs_through_the_years_cumulatively(
    session: Session, actor: Actor, toilets: Layer
) -> None:
    """Up to a year counts everything since the first; what has no year is told apart."""
    shown = mapped(session, actor, layer=toilets.name, time="built_year")
    assert shown.years == (2019, 2020, 2021)
    assert shown.series[FULIANG_TOWN] == (1, 2, 3)
    assert shown.undated == 1
    earlier = mapped(session, actor, layer=toilets.name, time="built_year", until="2020")
    assert values(earlier)[FULIANG_TOWN] == 2
    assert earlier.classification == shown.classification, "a colour means the same in every year"


def test_dates_give_their_year(session: Session, actor: Actor) -> None:
    """A date field is a time axis like a year field."""
    stations = layer("pv_stations")
    for day in ("2017-06-30", "2018-12-31", "2019-01-01"):
        make_location(session, actor, stations, commissioned_on=day)
    shown = mapped(session, actor, layer="pv_stations", time="commissioned_on")
    assert shown.series[FULIANG_TOWN] == (1, 2, 3)


def test_sums_and_means(session: Session, actor: Actor) -> None:
    """A sum of nothing is zero, a mean of nothing is unknown; money is told in 万元."""
    assets = layer("assistance_assets")
    for value in (30_000, 50_000, 100_000):
        make_location(session, actor, assets, original_value_yuan=Decimal(value))
    total = mapped(session, actor, layer=assets.name, measure="sum:original_value_yuan")
    assert (values(total)[FULIANG_TOWN], values(total)[YAOLI_TOWN]) == (18, 0)
    assert total.choice.measure.unit == "万元"
    mean = mapped(session, actor, layer=assets.name, measure="mean:original_value_yuan")
    assert (values(mean)[FULIANG_TOWN], values(mean)[YAOLI_TOWN]) == (60_000, None)


def test_missing_values_are_unknown_not_zero(session: Session, actor: Actor) -> None:
    """Something is there, but nobody wrote down how much: no data."""
    make_location(session, actor, layer("assistance_assets"), annual_income_yuan=None)
    shown = mapped(
        session, actor, layer="assistance_assets", measure="sum:annual_income_yuan", time=""
    )
    assert values(shown)[FULIANG_TOWN] is None


def test_numbers_per_household_person_and_area(
    session: Session, actor: Actor, toilets: Layer
) -> None:
    """Households and people come from the villages' own rows, areas from the outlines."""
    make_location(session, actor, layer("villages"), households=200, population=800)
    per = {
        name: mapped(session, actor, layer=toilets.name, denominator=name)
        for name in ("households", "population", "area")
    }
    assert values(per["households"])[FULIANG_TOWN] == 2
    assert values(per["population"])[FULIANG_TOWN] == 5
    assert values(per["households"])[YAOLI_TOWN] is None, "nobody counted there"
    found = {area.code: area for area in per["area"].areas}
    county_km2 = sum(area.denominator or 0 for area in found.values())
    assert county_km2 == pytest.approx(2851, rel=0.05)
    assert values(per["area"])[FULIANG_TOWN] == pytest.approx(
        4 / (found[FULIANG_TOWN].denominator or 1), abs=0.005
    )


def test_deleted_locations_are_not_counted(session: Session, actor: Actor, toilets: Layer) -> None:
    """What is out of use in the ledger is out of the map."""
    extra = make_location(session, actor, toilets)
    session.refresh(extra)
    extra.deleted_at, extra.delete_reason = extra.created_at, "重复"
    session.flush()
    assert values(mapped(session, actor, layer=toilets.name))[FULIANG_TOWN] == 4


def test_township_staff_see_their_township_alone(session: Session, toilets: Layer) -> None:
    """Reading is bounded: no area and no number from outside."""
    staff = make_actor(session, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert values(mapped(session, staff, layer=toilets.name)) == {YAOLI_TOWN: 1}
    villages = mapped(session, staff, layer=toilets.name, level="village")
    assert all(area.code.startswith(YAOLI_TOWN) for area in villages.areas)


def test_a_villages_account_is_offered_villages_only(session: Session) -> None:
    """A township's number would be a part passed off as the whole."""
    informant = make_actor(session, Role.VILLAGE_INFORMANT, FULIANG_VILLAGE)
    assert list(levels(informant)) == ["village"]
    with pytest.raises(BadParameter):
        mapped(session, informant, level="township")


def test_one_statement_a_measure(
    session: Session, actor: Actor, connection: Connection, toilets: Layer
) -> None:
    """However many areas and years: the numbers come in one go."""
    page = read_page(given(layer=toilets.name, level="village", time="built_year"), actor)
    sent: list[object] = []

    class Counting(psycopg.Cursor[tuple[object, ...]]):
        def execute(self, query: Any, *rest: Any, **named: Any) -> Counting:  # noqa: ANN401  # As psycopg.
            sent.append(query)
            super().execute(query, *rest, **named)
            return self

    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    driver.cursor_factory = Counting
    assert build(session, actor, page.first, page.level).areas
    assert len(sent) == 1


@pytest.mark.parametrize("name", list(layers()))
def test_every_number_of_every_layer_can_be_mapped(
    session: Session, actor: Actor, name: str
) -> None:
    """Whatever a sheet carries, a map of it comes out: nothing is listed that fails."""
    found = layer(name)
    make_location(session, actor, found)
    asked = ["count"]
    asked += [f"sum:{item.name}" for item in number_fields(found, "sum")]
    asked += [f"mean:{item.name}" for item in number_fields(found, "mean")]
    times = ["", *(item.name for item in year_fields(found))]
    for measure in asked:
        for denominator in denominators(read_measure(given(layer=name, measure=measure))):
            shown = mapped(
                session, actor, layer=name, measure=measure, denominator=denominator, time=times[-1]
            )
            assert len(shown.areas) == 18
    for time in times:
        assert mapped(session, actor, layer=name, time=time).areas
    for item in filter_fields(found):
        wanted = [f"{item.name}:{value}" for value in values_of(item)]
        assert mapped(session, actor, layer=name, where=wanted, base=wanted[:1]).areas


@pytest.mark.parametrize(
    "parameters",
    [
        {"measure": "count:households"},
        {"measure": "sum"},
        {"measure": "sum:kind"},
        {"measure": "sum:nothing"},
        {"measure": "median:households"},
        {"where": "nothing:true"},
        {"where": "workroom:perhaps"},
        {"where": "workroom"},
        {"base": "key_level:'; drop table location"},
        {"denominator": "dragons"},
        {"measure": "mean:households", "denominator": "area"},
        {"measure": "sum:households", "denominator": "locations"},
        {"time": "households"},
        {"level": "county"},
        {"method": "magic"},
        {"method": "user", "breaks": "a,b"},
        {"classes": "9"},
        {"ramp": "rainbow"},
        {"until": "soon"},
        {"compare": "thrice"},
    ],
)
def test_what_cannot_be_mapped_is_refused(
    session: Session, actor: Actor, parameters: dict[str, str]
) -> None:
    """A mistyped address is told which parameter is wrong."""
    with pytest.raises(BadParameter) as refused:
        mapped(session, actor, layer="villages", **parameters)
    assert refused.value.facts["name"] in parameters


def test_an_unknown_layer_is_not_found(session: Session, actor: Actor) -> None:
    """The same for the layer."""
    with pytest.raises(NotFound):
        mapped(session, actor, layer="castles")


def test_an_address_says_everything(session: Session) -> None:
    """Writing a page and reading it again gives the same page; defaults stay out of the address."""
    actor = make_actor(session, division=COUNTY)
    page = read_page(
        given(
            level="village",
            layer="sanitation_facilities",
            where=["is_problem:true", "kind:household_toilet"],
            denominator="locations",
            method="user",
            breaks="10, 20.5",
            ramp="kiln",
            reverse="1",
            compare="swipe",
            b__layer="water_projects",
            b__measure="sum:served_population",
            b__time="built_year",
            b__until="2015",
            b__classes="7",
        ),
        actor,
    )
    written: dict[str, list[str]] = {}
    for name, value in write_page(page):
        written.setdefault(name, []).append(value)
    assert read_page(written, actor) == page
    plain = read_page({}, actor)
    assert plain == Page("township", plain.first)
    assert write_page(plain) == [("level", "township"), ("layer", next(iter(layers())))]
