"""What the rules cost over plain SQL: a quarter generated, and five years counted on the board.

On a database of its own beside that of the other benchmarks: 60,000 invented assets, seven in ten
of public welfare (once a quarter), three operating (once a month). Contestants take turns, each
round on empty tables; medians are compared.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.areas.operations import load_reference
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import UPKEEP, Database, driver_url
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.inspections.duties.operations import generate, synchronise_norms
from fuliang_gis.inspections.duties.periods import PeriodKind, Span
from fuliang_gis.inspections.duties.rules import DutyBook, Profile, Rule
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.benchmarks import inspections_board

LOCATIONS = int(os.environ.get("BENCH_LOCATIONS", "60000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
DATABASE = "bench_inspections"
COUNTY = "360222"

#: The quarter that is generated, on its first day, and the years that the board counts.
QUARTER = Span(date(2026, 10, 1), date(2026, 12, 31))
YEARS = Span(date(2022, 1, 1), date(2026, 12, 31))
TODAY = date(2026, 11, 25)

#: Locations of the pure measurement: each added on a day of its own.
PURE_LOCATIONS = 50_000

LAY_OUT = """
with village as (
    select code, row_number() over (order by code) - 1 as place, count(*) over () as number
    from division where level = 'village'
), made as (
    insert into location (layer, code, name, initials, division_code, geom, asset_class,
        data_source, created_at, invented, version, use_status, review_state)
    select 'assistance_assets', 'B' || n, '资产' || n, 'zc', v.code,
        ST_SetSRID(ST_MakePoint(117.2, 29.4), 4490),
        case when n % 10 < 3 then 'operating' else 'public_welfare' end,
        '性能对比', '2020-01-01', true, 1, 'in_use', 'draft'
    from generate_series(1, :locations) n join village v on v.place = n % v.number
    returning id
)
insert into assistance_asset (location_id, kind, form, formed_year, fund_source,
    original_value_yuan, owner_level, ownership_confirmed)
select id, (array['road', 'water', 'workshop'])[1 + id % 3], 'fixed', 2018, 'county', 100000,
    'village', true from made
"""

#: The same obligations by somebody who knows that there are two rules, and writes them down.
PLAIN = """
insert into obligation (location_id, division_code, layer, kind, asset_class, purpose, rule_id,
    period, period_start, period_end, ordinal, opens_on, warn_on, due_on, invented)
select l.id, l.division_code, l.layer, a.kind, l.asset_class, 'routine', r.id, r.period,
    p.first, p.last, 1, p.first, p.last - case r.period when 'month' then 7 else 14 end, p.last,
    l.invented
from location l join assistance_asset a on a.location_id = l.id
join inspection_rule r on r.asset_class = l.asset_class and r.purpose = 'routine'
cross join lateral (
    select first::date, (first + step - interval '1 day')::date as last
    from (select case r.period when 'month' then interval '1 month' else interval '3 months' end
        as step) s, generate_series(cast(:first as timestamp), cast(:last as timestamp), s.step)
        first
) p
where l.deleted_at is null and l.use_status <> 'disposed'
"""


#: What became of it: nine in ten done in time, some late, some never.
LIVED = """
update obligation set state = 'done', done_on = due_on + (location_id % 20)::integer - 18
where due_on < :today and location_id % 50 > 0
"""


@dataclass(frozen=True)
class Ground:
    """The prepared database, as its owner and as the service see it, and who looks at the board."""

    owner: Engine
    service: Database
    actor: Actor


@contextmanager
def prepared() -> Iterator[Ground]:
    """Keep a database of the benchmark's own for the block."""
    settings = Settings(state=ROOT / "var" / "bench")
    with Cluster(settings).in_use() as cluster:
        cluster.drop_database(DATABASE)
        cluster.create_database(DATABASE)
        cluster.prepare(DATABASE)
        upgrade(cluster.owner_url(DATABASE), settings)
        owner = create_engine(driver_url(cluster.owner_url(DATABASE)))
        with Session(owner) as session, session.begin():
            load_reference(session)
            session.execute(text(LAY_OUT), {"locations": LOCATIONS})
            synchronise_norms(session)
            actor = _actor(session)
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze"))
        key = settings.secret("context.key")
        service = Database.connect(cluster.service_url(DATABASE), key)
        try:
            yield Ground(owner, service, actor)
        finally:
            service.dispose()
            owner.dispose()
            cluster.drop_database(DATABASE)


def _actor(session: Session) -> Actor:
    account = Account(
        username="bench",
        display_name="县级工作人员",
        role=Role.COUNTY_STAFF.value,
        division_code=COUNTY,
        password_hash="!",
        stamp="bench",
    )
    session.add(account)
    session.flush()
    return Actor(account.id, "bench", "县级工作人员", Role.COUNTY_STAFF, COUNTY, "浮梁县")


def emptied(ground: Ground) -> None:
    """Take every obligation away, as though none had been made yet."""
    with ground.owner.begin() as connection:
        connection.execute(text("truncate obligation, location_state cascade"))


def by_rules(ground: Ground) -> float:
    """Generate the quarter as the nightly job does; return how long it took [s]."""
    began = time.perf_counter()
    with ground.service.session(UPKEEP) as session:
        generate(session, QUARTER.end, today=QUARTER.start)
    return time.perf_counter() - began


def again(ground: Ground) -> float:
    """Generate what is there already; return how long it took [s]."""
    began = time.perf_counter()
    with ground.service.session(UPKEEP) as session:
        done = generate(session, QUARTER.end, today=QUARTER.start)
    assert not done.location_ids
    return time.perf_counter() - began


def by_hand(ground: Ground, span: Span = QUARTER) -> float:
    """Write the same obligations by one statement; return how long it took [s]."""
    began = time.perf_counter()
    with ground.owner.begin() as connection:
        connection.execute(text(PLAIN), {"first": span.start, "last": span.end})
    return time.perf_counter() - began


def counted(ground: Ground) -> tuple[int, str]:
    """Return how many obligations there are, and a digest of what they say."""
    query = text("""
select count(*), md5(string_agg(concat_ws('/', location_id, division_code, layer, kind, asset_class,
    purpose, rule_id, period, period_start, period_end, ordinal, opens_on, warn_on, due_on), ' '
    order by location_id, due_on)) from obligation""")
    with ground.owner.connect() as connection:
        number, digest = connection.execute(query).one()
    return int(number), str(digest)


def generation(ground: Ground) -> tuple[dict[str, float], int]:
    """Return the median times [s] of both ways, and how many obligations each makes."""
    taken: dict[str, list[float]] = {"rules": [], "hand": [], "again": []}
    number = 0
    for _ in range(ROUNDS + 1):
        emptied(ground)
        taken["hand"].append(by_hand(ground))
        wanted = counted(ground)
        emptied(ground)
        taken["rules"].append(by_rules(ground))
        number, _ = found = counted(ground)
        # Whoever is faster by doing something else has not won.
        assert found == wanted, (found, wanted)
        taken["again"].append(again(ground))
    # The first round warms both.
    return {name: statistics.median(times[1:]) for name, times in taken.items()}, number


def pure() -> tuple[int, float]:
    """Work out five years of many locations; return how many duties, and how long it took [s]."""
    rules = [
        Rule(1, "routine", PeriodKind.QUARTER, date(2020, 1, 1), asset_class="public_welfare"),
        Rule(2, "routine", PeriodKind.MONTH, date(2020, 1, 1), asset_class="operating"),
    ]
    first = Profile("assistance_assets", "road", "public_welfare", YEARS.start)
    began = time.perf_counter()
    book = DutyBook(rules, YEARS)
    number = 0
    for place in range(PURE_LOCATIONS):
        asset_class = "operating" if place % 10 < 3 else "public_welfare"
        added = YEARS.start + timedelta(days=place * 7 % YEARS.days)
        number += len(book.of(replace(first, asset_class=asset_class, active_from=added)))
    return number, time.perf_counter() - began


def main() -> None:
    """Measure, print a table, end with one line of JSON."""
    duties, pure_s = pure()
    with prepared() as ground:
        times, number = generation(ground)
        emptied(ground)
        filled_s = by_hand(ground, YEARS)
        with ground.owner.begin() as connection:
            connection.execute(text(LIVED), {"today": TODAY})
        with ground.owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("vacuum analyze obligation"))
        with ground.service.session(ground.actor.account_id) as session:
            board = inspections_board.measure(session, ground.actor, TODAY, rounds=ROUNDS)
    shown = times | {"pure": pure_s, "board": board.board, "board in SQL": board.plain}
    for name, seconds in shown.items():
        print(f"{name:12} {seconds:8.3f} s")
    ratios = {
        "generate_vs_sql": times["rules"] / times["hand"],
        "board_vs_sql": board.ratio,
    }
    conditions = {
        "locations": LOCATIONS,
        "obligations_of_the_quarter": number,
        "generate_s": round(times["rules"], 3),
        "sql_insert_s": round(times["hand"], 3),
        "generate_again_s": round(times["again"], 3),
        "obligations_of_five_years": board.obligations,
        "five_years_inserted_s": round(filled_s, 1),
        "board_s": round(board.board, 3),
        "sql_board_s": round(board.plain, 3),
        "pure_locations": PURE_LOCATIONS,
        "pure_duties_of_five_years": duties,
        "pure_s": round(pure_s, 2),
        "rounds": ROUNDS,
        "processors": os.cpu_count(),
    }
    rounded = {name: round(ratio, 3) for name, ratio in ratios.items()}
    print(json.dumps({"bench": "inspections", "ratios": rounded, "conditions": conditions}))


if __name__ == "__main__":
    main()
