"""Villages on maps and in lists: who sees what, what is counted, what stays in the database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import folium
import pytest
from folium.plugins import Fullscreen
from openpyxl import load_workbook
from shapely.geometry import Point, Polygon, mapping, shape
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.cartography import village_sheets, villages
from fuliang_gis.cartography.folium_assets import Build, inlined, linked
from fuliang_gis.cartography.village_features import LEAST_PER_CELL, village_features
from fuliang_gis.cartography.village_figures import figures
from fuliang_gis.cartography.village_map import Document, village_map
from fuliang_gis.cartography.village_saved import Sheet, with_size
from fuliang_gis.cartography.villages import ALL, ListedVillage, Wanted
from fuliang_gis.errors import BadRequest, NotFound, SetUpError
from fuliang_gis.locations.registry import layer
from fuliang_gis.material import ROOT
from tests.factories import COUNTY, FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location, point

VILLAGE = "360222100205"
OTHER = "360222100201"
ABROAD = "360222105201"
BUILD = Build(ROOT / "fuliang_gis" / "web" / "static" / "build", "/static/build/")

HOSTILE = (
    '</script><script>window.hit=1</script><img src=x onerror="window.hit=1">`${window.hit=1}`'
)


def seat(session: Session, code: str) -> tuple[float, float]:
    """Return a place inside a village."""
    statement = text("""select ST_X(p), ST_Y(p) from (
        select ST_PointOnSurface(boundary) as p from division where code = :code) as q""")
    lon, lat = session.execute(statement, {"code": code}).one()
    return lon, lat


def add(
    session: Session, actor: Actor, layer_name: str, code: str = VILLAGE, **given: object
) -> None:
    """Add one location inside a village."""
    given.setdefault("geometry", point(*seat(session, code)))
    make_location(session, actor, layer(layer_name), division_code=code, **given)


@pytest.fixture
def county(session: Session) -> Actor:
    """County staff."""
    return make_actor(session, Role.COUNTY_STAFF, COUNTY)


@pytest.fixture
def laid_out(session: Session, county: Actor) -> Session:
    """Three villages: a provincial and a county key one, and a plain one in another township."""
    for code, level in ((VILLAGE, "province"), (OTHER, "county"), (ABROAD, "none")):
        add(session, county, "villages", code, key_level=level, name=f"村{code[-3:]}")
    return session


def toilets(session: Session, actor: Actor, count: int, east: float = 0.0) -> None:
    """Add household toilets at one place; the first is a problem toilet."""
    lon, lat = seat(session, VILLAGE)
    for number in range(count):
        add(
            session,
            actor,
            "sanitation_facilities",
            kind="household_toilet",
            asset_class="household",
            is_problem=number == 0,
            geometry=point(lon + east, lat),
        )


def test_list_holds_key_villages_by_level(laid_out: Session, county: Actor) -> None:
    """The list must hold the key villages alone, the highest level first, with computed counts."""
    listed = villages.list_villages(laid_out, county, Wanted())
    assert [(v.code, v.level) for v in listed] == [(VILLAGE, "province"), (OTHER, "county")]
    counts = villages.level_counts(laid_out, county)
    assert counts == {"province": 1, "city": 0, "county": 1, "none": 1}


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        (Wanted(level="county"), [OTHER]),
        (Wanted(level="city"), []),
        (Wanted(level=ALL), [VILLAGE, OTHER, ABROAD]),
        (Wanted(level=ALL, township=YAOLI_TOWN), [ABROAD]),
        (Wanted(text="村205"), [VILLAGE]),
        (Wanted(text="%"), []),
        (Wanted(sort="name"), [OTHER, VILLAGE]),
        (Wanted(sort="name", descending=True), [VILLAGE, OTHER]),
    ],
)
def test_list_is_narrowed_and_sorted(
    laid_out: Session, county: Actor, wanted: Wanted, codes: list[str]
) -> None:
    """Each filter and sort must do what it says; a percent sign is a percent sign."""
    assert [v.code for v in villages.list_villages(laid_out, county, wanted)] == codes


@pytest.mark.parametrize("wanted", [Wanted(level="nation"), Wanted(sort="geom")])
def test_unknown_choices_are_refused(laid_out: Session, county: Actor, wanted: Wanted) -> None:
    """A level or a sort that does not exist must be refused, not ignored."""
    with pytest.raises(BadRequest):
        villages.list_villages(laid_out, county, wanted)


def test_township_sees_its_own_villages(laid_out: Session) -> None:
    """A township must see its own villages in list and counts, and another's not at all."""
    own = make_actor(laid_out, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
    other = make_actor(laid_out, Role.TOWNSHIP_STAFF, YAOLI_TOWN)
    assert len(villages.list_villages(laid_out, own, Wanted(level=ALL))) == 2
    assert [v.code for v in villages.list_villages(laid_out, other, Wanted(level=ALL))] == [ABROAD]
    assert villages.level_counts(laid_out, other)["province"] == 0
    with pytest.raises(NotFound):
        villages.profile(laid_out, other, VILLAGE)


@pytest.mark.parametrize("code", ["360222", FULIANG_TOWN, "360222100999", "36022210020x", ""])
def test_only_villages_have_a_page(laid_out: Session, county: Actor, code: str) -> None:
    """What is not a village-level division must not be found."""
    with pytest.raises(NotFound):
        villages.profile(laid_out, county, code)


def test_leafing_stays_among_key_villages(laid_out: Session, county: Actor) -> None:
    """From a key village one must leaf to key villages only; at the end there is nothing."""
    found = villages.profile(laid_out, county, VILLAGE)
    assert found.before is not None
    assert (found.before.code, found.after, found.is_key) == (OTHER, None, True)
    assert [division.code for division in found.path] == [COUNTY, FULIANG_TOWN, VILLAGE]


def test_village_without_a_row_has_a_page(session: Session, county: Actor) -> None:
    """A division that no row of the villages layer stands for must still be shown."""
    found = villages.profile(session, county, VILLAGE)
    assert found.village is None
    assert found.mapped
    assert figures(session, VILLAGE).facilities == 0
    assert not village_features(session, VILLAGE, public=False).groups


def test_figures_add_up(laid_out: Session, county: Actor) -> None:
    """Each figure must be what the rows say, and nothing of another village may slip in."""
    toilets(laid_out, county, 3)
    add(laid_out, county, "pv_stations", capacity_kwp=Decimal("300.5"))
    add(laid_out, county, "water_projects", served_population=420)
    for code, yuan in ((VILLAGE, 120_000), (VILLAGE, 30_000), (OTHER, 999)):
        add(laid_out, county, "assistance_assets", code, original_value_yuan=yuan,
            asset_class="public_welfare", formed_year=2020, fund_source="county")  # fmt: skip
    told = figures(laid_out, VILLAGE)
    assert (told.toilet_count, told.problem_toilets) == (3, 1)
    assert (told.pv_stations, told.pv_kwp) == (1, Decimal("300.5"))
    assert (told.water_projects, told.water_population) == (1, 420)
    assert (told.asset_count, told.asset_yuan) == (2, Decimal(150_000))
    assert [(c.title, c.count, c.yuan) for c in told.classes] == [("公益性", 2, Decimal(150_000))]
    assert told.wan(2020, "县级财政") == Decimal("15.00")
    assert told.facilities == 7
    listed = villages.list_villages(laid_out, county, Wanted())[0]
    assert (listed.facilities, listed.problem_toilets) == (7, 1)
    assert listed.assets_yuan == 150_000


def test_features_are_grouped_and_counted(laid_out: Session, county: Actor) -> None:
    """Each layer must be a group, households apart, and each feature carry its pop-up's fields."""
    toilets(laid_out, county, 2)
    add(laid_out, county, "water_projects", name="水厂", served_population=5)
    features = village_features(laid_out, VILLAGE, public=False)
    counts = {group.name: group.count for group in features.groups}
    assert counts == {"villages": 1, "water_projects": 1, "sanitation_facilities_household": 2}
    water = next(g for g in features.groups if g.name == "water_projects").features[0]
    assert water["properties"]["name"] == "水厂"
    assert water["properties"]["served_population"] == 5
    west, south, east, north = features.bounds
    lon, lat = water["geometry"]["coordinates"]
    assert west < lon < east
    assert south < lat < north
    assert VILLAGE not in {area.code for area in features.neighbours}
    assert features.neighbours


def test_public_map_never_shows_a_household(laid_out: Session, county: Actor) -> None:
    """A public map must give households as counts of cells, and small cells not at all."""
    toilets(laid_out, county, LEAST_PER_CELL + 1)
    toilets(laid_out, county, LEAST_PER_CELL - 1, east=0.004)
    add(laid_out, county, "assistance_assets", asset_class="household", name="某户养蜂")
    add(laid_out, county, "pv_stations", kind="household", asset_class="operating", name="某户光伏")
    features = village_features(laid_out, VILLAGE, public=True)
    groups = {group.name: group for group in features.groups}
    cells = groups["sanitation_facilities_household"]
    assert cells.grid
    assert (cells.count, cells.hidden) == (2 * LEAST_PER_CELL, LEAST_PER_CELL - 1)
    assert [cell["properties"] for cell in cells.features] == [{"count": LEAST_PER_CELL + 1}]
    assert groups["assistance_assets_household"].features == []
    assert groups["pv_stations_household"].features == []
    whole = saved(laid_out)
    assert "养蜂" not in whole
    assert json.dumps("某户光伏")[1:-1] not in whole


def test_cells_do_not_follow_the_houses(laid_out: Session, county: Actor) -> None:
    """A cell must lie on the plane's hundreds of metres, wherever in it the houses stand."""
    toilets(laid_out, county, LEAST_PER_CELL)
    cells = village_features(laid_out, VILLAGE, public=True).groups[-1].features
    house = Point(*seat(laid_out, VILLAGE))
    ring = cells[0]["geometry"]["coordinates"][0]
    polygon = Polygon(ring)
    assert polygon.contains(house)
    corner = laid_out.execute(
        text("select ST_AsText(ST_Transform(ST_SetSRID(ST_MakePoint(:x, :y), 4490), 4548), 0)"),
        {"x": ring[0][0], "y": ring[0][1]},
    ).scalar_one()
    east, north = (int(part) for part in corner.removeprefix("POINT(").removesuffix(")").split())
    assert (east % 100, north % 100) == (0, 0)


def test_roads_are_cut_to_the_village(laid_out: Session) -> None:
    """Only what of a road lies inside the village may be drawn and counted."""
    lon, lat = seat(laid_out, VILLAGE)
    laid_out.execute(
        text("""insert into road
            (road_class, speed_kmh, length_m, from_node, to_node, oneway, invented, geom)
            values ('tertiary', 40, 90000, 1, 2, false, false,
                ST_SetSRID(ST_MakeLine(ST_MakePoint(:w, :lat), ST_MakePoint(:e, :lat)), 4490))"""),
        {"w": lon - 0.08, "e": lon + 0.08, "lat": lat},
    )
    features = village_features(laid_out, VILLAGE, public=False)
    assert [line.title for line in features.roads] == ["乡道"]
    assert 0 < features.roads[0].km < 20
    area = shape(dict(features.area.geometry)).buffer(0.0005)
    assert area.covers(shape(dict(features.roads[0].geometry)))


def test_queries_do_not_grow_with_the_village(
    laid_out: Session,
    county: Actor,
    engine: Engine,
    count_queries: Callable[..., AbstractContextManager[list[str]]],
) -> None:
    """However much lies in a village, its page and map must ask the same few questions."""

    def asked() -> int:
        with count_queries(engine) as seen:
            villages.profile(laid_out, county, VILLAGE)
            figures(laid_out, VILLAGE)
            village_features(laid_out, VILLAGE, public=False)
        return sum(not statement.startswith("SAVEPOINT") for statement in seen)

    before = asked()
    toilets(laid_out, county, 12)
    add(laid_out, county, "water_projects")
    assert asked() == before <= 12


def frame(session: Session) -> str:
    """Return the map of the village's page."""
    features = village_features(session, VILLAGE, public=False)
    return village_map(features, Document("图", "nonce-of-test", linked(BUILD)))


def saved(session: Session, title: str = "图") -> str:
    """Return the saved map."""
    features = village_features(session, VILLAGE, public=True)
    sheet = Sheet(title, ["县", "镇", "村"], "省定重点村", date(2022, 10, 31), "本系统")
    document = Document(title, "nonce-of-test", inlined(BUILD, "nonce-of-test"), sheet)
    return with_size(village_map(features, document)).decode()


def test_frame_loads_our_own_files_alone(laid_out: Session) -> None:
    """The map must name no other server's file, and carry no script or style without its nonce."""
    page = frame(laid_out)
    assert "cdn" not in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert page.count("<style") == page.count('<style nonce="nonce-of-test"')
    assert page.count("<script") == page.count('<script nonce="nonce-of-test"') + page.count(
        '<script src="/static/build/assets/village-map-'
    )
    assert " style=" not in page.partition("<script nonce")[0]


def test_saved_file_holds_everything(laid_out: Session) -> None:
    """The saved file must need nothing else, tell title, day and size, and stay small."""
    page = saved(laid_out)
    assert "/static/" not in page
    assert "default-src 'none'" in page
    assert "2022-10-31" in page
    assert "省定重点村" in page
    assert f"{len(page.encode()) / 1000:,.0f} kB" in page
    assert len(page.encode()) < 2_000_000


def test_hostile_text_stays_text(laid_out: Session, county: Actor) -> None:
    """No name may end a script or open an element, in the frame or in the file, title included."""
    add(laid_out, county, "water_projects", name=HOSTILE, custodian=HOSTILE)
    for page in (frame(laid_out), saved(laid_out, HOSTILE)):
        assert "</script><script>window" not in page
        assert "<img src=x" not in page
        assert "window.hit=1" in page


@pytest.mark.parametrize("name", ["{{ 7 * 7 }}", "{% raw %}", "{# x", "{{ this.get_root() }}"])
def test_no_name_is_a_template(laid_out: Session, county: Actor, name: str) -> None:
    """What folium has rendered is rendered again; a name like a template must survive that."""
    add(laid_out, county, "water_projects", name=name)
    told = json.dumps(name)[1:-1].replace("{", r"\u007b")
    for page in (frame(laid_out), saved(laid_out, name)):
        assert told in page


def test_unbuilt_front_end_is_told(tmp_path: Path) -> None:
    """Without the built scripts the refusal must say what to do."""
    with pytest.raises(SetUpError, match="serve"):
        linked(Build(tmp_path, "/static/build/"))


def test_packages_are_those_that_folium_expects() -> None:
    """Leaflet and its plugin must have the versions that the installed folium names."""
    pinned = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    named = [*folium.Map.default_js, *Fullscreen.default_js]
    for package in ("leaflet", "leaflet.fullscreen"):
        assert any(f"/{package}@{pinned[package]}/" in address for _, address in named)


def example(**changed: object) -> ListedVillage:
    """Return a village of the list."""
    made = ListedVillage(
        code=VILLAGE,
        name="村",
        township_code=FULIANG_TOWN,
        township="浮梁镇",
        level="province",
        households=1,
        population=2,
        plan_status="approved",
        workroom=True,
        invented=False,
        lon=117.2,
        lat=29.3,
        facilities=4,
        problem_toilets=5,
        assets_yuan=Decimal(6),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def csv_rows(file: bytes) -> list[list[str]]:
    """Return the rows of a CSV file."""
    return list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_a_formula(name: str) -> None:
    """A name that a spreadsheet program would run must come as text, in both forms."""
    rows = list(
        csv.reader(
            io.StringIO(village_sheets.as_csv([example(name=name)]).decode("utf-8-sig"), newline="")
        )
    )
    assert rows[1][1] == f"'{name}"
    book = load_workbook(io.BytesIO(village_sheets.as_xlsx([example(name=name.strip())])))
    assert book.active is not None
    assert book.active.cell(2, 2).data_type == "s"


@pytest.mark.parametrize(("invented", "mark"), [(True, village_sheets.INVENTED), (False, "")])
def test_invented_rows_are_marked(invented: bool, mark: str) -> None:  # noqa: FBT001  # A case.
    """Each invented row must say so, in both forms; a real one must not."""
    listed = [example(invented=invented)]
    rows = csv_rows(village_sheets.as_csv(listed))
    assert (rows[0][-1], rows[1][-1]) == ("数据说明", mark)
    sheet = load_workbook(io.BytesIO(village_sheets.as_xlsx(listed))).active
    assert sheet is not None
    assert (sheet.cell(2, 14).value or "") == mark
    assert sheet.cell(2, 1).value == VILLAGE


def test_points_for_the_small_map() -> None:
    """The small map's points must carry code, name and level where the village is."""
    collection = json.loads(villages.as_geojson([example()]))
    assert collection["features"][0]["geometry"] == mapping(Point(117.2, 29.3)) | {
        "coordinates": [117.2, 29.3]
    }
    assert collection["features"][0]["properties"]["level"] == "province"
