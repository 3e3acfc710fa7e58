"""What the benchmark of rounds plans: duties of the demo county on its roads, and public instances.

The demo county stays in a database of the benchmark's own between runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date

from psycopg.errors import DuplicateDatabase
from sqlalchemy import Engine, create_engine, delete, select, text
from sqlalchemy.orm import Session

from fuliang_gis.areas.models import Division
from fuliang_gis.areas.operations import load_reference
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.demo.operations import load as load_demo
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.models import Team
from fuliang_gis.inspections.rounds.asking import Asked, Wishes, ask
from fuliang_gis.material import ROOT
from fuliang_gis.routing.rounds import Problem
from fuliang_gis.routing.travel import Travel
from fuliang_gis.settings import Settings

DATABASE = "bench_routing"
#: On this day everything is planned; a quarter without public holidays begins.
TODAY = date(2026, 7, 1)
MONTH = Span(TODAY, date(2026, 7, 31))
QUARTER = Span(TODAY, date(2026, 9, 30))


@dataclass(frozen=True)
class Work:
    """A problem, and in which village each task lies."""

    problem: Problem
    villages: Mapping[str, str]


@dataclass(frozen=True)
class Ground:
    """The month of the township with most to do, the quarter of the county, and the roads."""

    month: Work
    quarter: Work
    travel: Travel


def ground() -> Ground:
    """Compose both problems from the demo county's rows, with teams that are not kept."""
    with _demo_county() as engine, Session(engine) as session:
        towns = session.scalars(
            select(Division).where(Division.level == "township").order_by(Division.code)
        ).all()
        session.execute(delete(Team))
        # Nobody has given any of it a day yet.
        session.execute(text("update obligation set planned_on = null where state = 'open'"))
        first, second = ([_team(town, number) for town in towns] for number in (1, 2))
        session.add_all([*first, *second])
        session.flush()
        busiest = max(towns, key=lambda town: _number_owed(session, town.code)).code
        both = [team.id for team in (*first, *second) if team.division_code == busiest]
        month = ask(session, busiest, MONTH, both, Wishes(), TODAY)
        ones = [team.id for team in first]
        quarter = ask(session, busiest[:6], QUARTER, ones, Wishes(early=False), TODAY)
        return Ground(_work(month), _work(quarter), quarter.travel)


@contextmanager
def _demo_county() -> Iterator[Engine]:
    settings = Settings(state=ROOT / "var" / "bench")
    with Cluster(settings).in_use() as cluster:
        with suppress(DuplicateDatabase):
            cluster.create_database(DATABASE)
        cluster.prepare(DATABASE)
        owner = cluster.owner_url(DATABASE)
        upgrade(owner, settings)
        engine = create_engine(driver_url(owner))
        with Session(engine) as session, session.begin():
            if not session.scalar(text("select count(*) from location")):
                load_reference(session)
                load_demo(session, seed=1, as_of=TODAY)
        try:
            yield engine
        finally:
            engine.dispose()


def _team(town: Division, number: int) -> Team:
    """Return a team at the township's seat; each first one can take samples."""
    return Team(
        division_code=town.code,
        name=f"{town.name}巡查{number}队",
        station=town.seat,
        skills=["water_quality"] if number == 1 else [],
    )


def _number_owed(session: Session, code: str) -> int:
    owed = text(
        "select count(*) from obligation where division_code like :under and state = 'open'"
        " and opens_on <= :last"
    )
    return session.scalar(owed, {"under": f"{code}%", "last": MONTH.end}) or 0


def _work(asked: Asked) -> Work:
    villages = {task: owed.division_code for task, owed in asked.obligations.items()}
    return Work(asked.problem, villages)
