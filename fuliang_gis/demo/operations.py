"""Load the demo county, and remove exactly what was invented."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import shapely
from geoalchemy2.shape import to_shape
from sqlalchemy import delete, exists, func, select, text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.demo import create_demo_accounts, drop_demo_accounts
from fuliang_gis.areas.models import Division
from fuliang_gis.areas.operations import load_reference
from fuliang_gis.db.bulk import connection_of
from fuliang_gis.demo.copying import copy_locations, copy_roads, copy_surveys
from fuliang_gis.demo.inspections import operations as inspections
from fuliang_gis.demo.layers.assets import asset_rows
from fuliang_gis.demo.layers.facilities import facility_rows
from fuliang_gis.demo.layers.pv import pv_rows
from fuliang_gis.demo.layers.sanitation import survey
from fuliang_gis.demo.layers.villages import village_rows
from fuliang_gis.demo.layers.water import water_rows
from fuliang_gis.demo.plans import operations as plans
from fuliang_gis.demo.rows import Row, Survey
from fuliang_gis.demo.settlements import Site
from fuliang_gis.demo.world import Progress, Town, World, build_world
from fuliang_gis.errors import DemoPresent, NotFound
from fuliang_gis.geo import crs
from fuliang_gis.locations.models import HouseholdSurvey, Location
from fuliang_gis.locations.registry import layers
from fuliang_gis.roads.models import Road


@dataclass(frozen=True)
class Loaded:
    """How much was written or removed."""

    locations: int
    surveys: int
    roads: int
    visits: int = 0
    #: Digests of pictures that nothing shows any more.
    files: frozenset[str] = frozenset()


def load(
    session: Session,
    *,
    seed: int = 1,
    as_of: date | None = None,
    replace: bool = False,
    secrets_folder: Path | None = None,
    files_folder: Path | None = None,
    progress: Progress = lambda _: None,
) -> Loaded:
    """Invent the demo county and write it in the session's transaction, as the database's owner.

    Divisions are loaded first where there are none.

    Args:
        session: A session of the owner; nothing is kept unless it commits.
        seed: The same seed gives the same rows.
        as_of: The day on which the year of inspections ends; today unless given. Seed and day
            decide it.
        replace: Remove an earlier demo county first.
        secrets_folder: Where demo passwords are kept; without it no demo account can sign in.
        files_folder: Where pictures are kept; without it there are none.
        progress: Told, in Chinese, how far things are.

    Raises:
        DemoPresent: There is a demo county already, and it should not be replaced.
        NotFound: A division has no boundary.
    """
    if _present(session):
        if not replace:
            raise DemoPresent
        _remove(session)
    if not session.scalar(select(exists(select(Division.code)))):
        load_reference(session)
    world = world_of(session, seed, progress)
    rows, surveys = invent(world)
    progress(f"正在写入 {len(rows)} 个点位、{len(surveys)} 户摸排记录、{len(world.edges)} 段道路")
    ids = _write(session, rows, surveys, world)
    if secrets_folder is not None:
        create_demo_accounts(session, secrets_folder)
    # A year told without statistics would read whole tables for every row.
    _analyse(session, ("location", "household_survey", "road", *_typed_tables()))
    progress("正在写入一年的巡查、问题与处置记录（虚构）")
    year = inspections.write_year(
        session, rows, ids, seed=seed, as_of=as_of or clock.today(), files_folder=files_folder
    )
    _analyse(session, inspections.TABLES)
    progress(f"已写入 {year.obligations} 项巡查任务、{year.visits} 次巡查、{year.defects} 个问题")
    progress(f"已写入各乡镇巡查队和本月巡查路线（{year.stops} 个停靠点，虚构）")
    planned = plans.write_plans(session, world, as_of=as_of or clock.today())
    _analyse(session, plans.TABLES)
    progress(f"已写入 {planned} 个村庄规划（虚构）：编制中、公示中、实施中各一")
    progress("演示县已装载；除行政区划名称、代码和县界外，全部数据均为随机生成")
    return Loaded(len(rows), len(surveys), len(world.edges), year.visits)


def drop(session: Session, *, secrets_folder: Path | None = None) -> Loaded:
    """Remove everything that is invented (and what hangs on it), and nothing else.

    Divisions stay: their names and codes are real. Files can be removed once this is committed.
    """
    gone = _remove(session)
    drop_demo_accounts(session, secrets_folder)
    return gone


def _remove(session: Session) -> Loaded:
    visits = session.scalar(text("select count(*) from visit where invented")) or 0
    pictures = inspections.pictured(session)
    surveys = _removed(session, HouseholdSurvey)
    locations = _removed(session, Location)
    roads = _removed(session, Road)
    inspections.drop_rest(session)
    plans.drop_plans(session)
    files = frozenset(inspections.unused(session, pictures))
    return Loaded(locations, surveys, roads, visits, files)


def world_of(session: Session, seed: int, progress: Progress = lambda _: None) -> World:
    """Invent the county around the divisions in the database.

    Raises:
        NotFound: A division has no boundary, or there is no county.
    """
    found = session.scalars(select(Division).order_by(Division.code)).all()
    county = next((row for row in found if row.level == "county"), None)
    if county is None or county.boundary is None:
        raise NotFound(what="行政区划", key="county")
    names = {row.code: row.name for row in found}
    towns = [Town(row.code, row.name, *_seat(row)) for row in found if row.level == "township"]
    sites = [_site(row, names) for row in found if row.level == "village"]
    return build_world(sites, towns, _on_plane(county), seed, progress)


def invent(world: World) -> tuple[list[Row], list[Survey]]:
    """Return every location and household survey of the demo county."""
    toilets, surveys = survey(world)
    drawn: Sequence[Iterable[Row]] = (
        village_rows(world),
        water_rows(world),
        pv_rows(world),
        facility_rows(world),
        toilets,
        asset_rows(world),
    )
    return [row for rows in drawn for row in rows], surveys


def _present(session: Session) -> bool:
    return bool(
        session.scalar(
            select(
                exists().where(Location.invented)
                | exists().where(Road.invented)
                | exists().where(HouseholdSurvey.invented)
            )
        )
    )


def _on_plane(row: Division) -> shapely.geometry.base.BaseGeometry:
    if row.boundary is None:
        raise NotFound(what="行政区划边界", key=row.code)
    return crs.reproject(to_shape(row.boundary), crs.GEOGRAPHIC, crs.PLANE)


def _seat(row: Division) -> tuple[float, float]:
    if row.seat is None:
        raise NotFound(what="行政区划驻地", key=row.code)
    seat = crs.reproject(to_shape(row.seat), crs.GEOGRAPHIC, crs.PLANE)
    return float(shapely.get_x(seat)), float(shapely.get_y(seat))


def _site(row: Division, names: dict[str, str]) -> Site:
    township = row.code[:9]
    x, y = _seat(row)
    return Site(row.code, row.name, row.kind, township, names[township], x, y, _on_plane(row))


def _write(
    session: Session, rows: list[Row], surveys: list[Survey], world: World
) -> dict[str, int]:
    connection = connection_of(session)
    ids = copy_locations(connection, layers(), rows)
    copy_surveys(connection, surveys, ids)
    copy_roads(connection, world.edges)
    return ids


def _typed_tables() -> list[str]:
    return [layer.cls.__tablename__ for layer in layers().values()]


def _analyse(session: Session, tables: Iterable[str]) -> None:
    # Plans made from the statistics of an empty table are useless for the first visitors.
    for table in tables:
        session.execute(text(f'analyze "{table}"'))


def _removed(session: Session, kind: type[HouseholdSurvey | Location | Road]) -> int:
    count = session.scalar(select(func.count(kind.id)).where(kind.invented)) or 0
    unsynchronised = {"synchronize_session": False}
    session.execute(delete(kind).where(kind.invented), execution_options=unsynchronised)
    return count
