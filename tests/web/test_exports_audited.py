"""Whoever takes a file away stands in the audit record: who, what, how filtered, how many rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import fuliang_gis.web
from fuliang_gis import clock
from fuliang_gis.accounts.models import AuditEvent
from fuliang_gis.accounts.roles import Role
from fuliang_gis.locations.registry import layer
from fuliang_gis.planning import operations
from fuliang_gis.planning.projects.operations import add
from fuliang_gis.planning.projects.rules import ProjectGiven
from tests.factories import COUNTY, make_actor, make_location
from tests.inspections.factories import make_defect, make_obligation
from tests.planning.test_operations import EAST, WEST, given
from tests.web.conftest import World


@dataclass(frozen=True)
class Taken:
    """What the audit record says of one file."""

    actor: str
    subject: str
    file: str
    rows: int | None
    filter: dict[str, str]


@pytest.fixture(scope="module")
def plan(world: World) -> int:
    """A plan of two parcels and one project, and one location with a duty and a problem."""
    today = clock.today()
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        place = make_location(session, world.actors["county"], layer("water_projects"), name="甲")
        make_obligation(session, place, today)
        make_defect(session, place, today)
        planner = world.actors["planner"] = make_actor(session, Role.PLANNER, COUNTY)
        made = operations.create_plan(session, planner, given())
        operations.set_base(session, planner, made.id, [WEST, EAST], [], expected_version=1)
        add(session, planner, made.id, ProjectGiven("基础设施", "道路"))
        return made.id


def events(world: World) -> list[Taken]:
    """Return what was taken, the newest last."""
    with Session(world.owner) as session:
        wanted = select(AuditEvent).where(AuditEvent.action == "export").order_by(AuditEvent.id)
        return [
            Taken(
                each.actor,
                each.subject,
                each.detail["file"],
                each.detail.get("rows"),
                each.detail.get("filter", {}),
            )
            for each in session.scalars(wanted)
        ]


@pytest.mark.parametrize(
    ("address", "rows"),
    [
        ("/locations/water_projects/export.csv?q=甲", 1),
        ("/locations/water_projects/export.xlsx?q=nothing", 0),
        ("/defects/export.csv?state=found", 1),
        ("/defects/export.xlsx", 1),
        ("/defects/supervision/export.xlsx", 0),
        ("/inspections/obligations/export.csv", 1),
        ("/inspections/obligations/export.xlsx", 1),
        ("/disposals/export.csv", 0),
        ("/disposals/export.xlsx", 0),
        ("/villages/list.csv", 0),
        ("/villages/list.xlsx", 0),
        ("/plans/{plan}/files/export?format=gpkg&crs=4527", 2),
        ("/plans/{plan}/files/export?format=shp", 2),
        ("/plans/{plan}/files/export?format=gdb", 2),
        ("/plans/{plan}/files/export?format=geojson", 2),
        ("/plans/{plan}/files/export?format=dxf", 2),
        ("/plans/{plan}/files/export?format=txt", 2),
        ("/plans/{plan}/files/paper/xlsx", 2),
        ("/plans/{plan}/files/paper/docx", 2),
        ("/plans/{plan}/files/paper/sheet", 2),
        ("/plans/{plan}/projects.xlsx", 1),
        ("/plans/{plan}/annex.docx", None),
    ],
)
def test_a_file_leaves_one_row(world: World, plan: int, address: str, rows: int | None) -> None:
    """Written before the file is sent, and called as the file is."""
    before = len(events(world))
    path, _, query = address.format(plan=plan).partition("?")
    asked = dict(each.split("=") for each in query.split("&") if each)
    answer = world.browser("planner").get(path, query_string=asked)
    assert answer.status_code == HTTPStatus.OK
    assert answer.get_data()
    (taken,) = events(world)[before:]
    named = unquote(answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2])
    assert taken == Taken(world.actors["planner"].username, path, named, rows, asked)


def test_a_head_takes_nothing_away(world: World, plan: int) -> None:
    """Whoever asks what a file would be has not got it."""
    before = events(world)
    head = world.browser("planner").head(f"/plans/{plan}/projects.xlsx")
    assert head.status_code == HTTPStatus.OK
    assert events(world) == before


@pytest.mark.parametrize(
    ("who", "address"),
    [
        (None, "/locations/water_projects/export.csv"),
        ("planner", "/locations/water_projects/export.csv?sort=secret"),
        ("planner", "/locations/nothing/export.csv"),
        ("planner", "/plans/{plan}/files/export?format=exe"),
        ("planner", "/plans/{plan}/files/export?format=gpkg&crs=1"),
        ("yaoli", "/plans/{plan}/files/export?format=gpkg"),
        ("yaoli", "/plans/{plan}/projects.xlsx"),
    ],
)
def test_what_is_refused_leaves_none(
    world: World, plan: int, who: str | None, address: str
) -> None:
    """Nothing went out."""
    before = events(world)
    assert world.browser(who).get(address.format(plan=plan)).status_code != HTTPStatus.OK
    assert events(world) == before


def test_the_audit_page_tells_in_chinese(world: World, plan: int) -> None:
    """What was exported, how many rows, by which filter; hostile values are text."""
    hostile = "<img src=x onerror=alert(1)>"
    address = "/locations/water_projects/export.csv"
    world.browser("planner").get(address, query_string={"q": hostile}).get_data()
    world.browser("planner").get(f"/plans/{plan}/projects.xlsx").get_data()
    page = world.browser("administrator").get("/audit?action=export").text
    assert '<td data-label="操作">导出文件</td>' in page
    assert "近期建设项目表.xlsx · 行数=1" in page
    assert "筛选条件=q:&lt;img src=x" in page
    assert hostile not in page


def test_files_are_sent_from_one_place() -> None:
    """Whoever sends a file otherwise leaves no row; the exceptions are no exports."""
    root = Path(fuliang_gis.web.__file__).parent
    sends = re.compile(r'^(?!.*\bdef ).*(\bsend_file\(|"Content-Disposition"\])', re.MULTILINE)
    found = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if sends.search(path.read_text("utf-8"))
    }
    # Pictures of visits, a calendar that programs fetch by its secret, the map service's pages.
    assert found - {"pictures.py", "pages/reminders.py", "ogc.py"} == {"pages/sending.py"}
