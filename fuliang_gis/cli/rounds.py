"""``fuliang rounds …``: plan the rounds of every township at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from fuliang_gis import clock
from fuliang_gis.cli.context import load_settings, say
from fuliang_gis.db.place import database_running
from fuliang_gis.db.session import driver_url
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.duties.periods import Span
from fuliang_gis.inspections.rounds.asking import Wishes
from fuliang_gis.jobs import everywhere
from fuliang_gis.settings import Settings

app = typer.Typer(help="巡查路线：为各乡镇统一制定方案。", no_args_is_help=True)

#: How often the plans are looked after [s].
_PERIOD = 1.0

_DAY = typer.Option(formats=["%Y-%m-%d"])


@app.callback()
def group() -> None:
    """Keep the commands a group, even while there is one alone."""


@app.command("plan-all", help="为每个有在用队伍的乡镇各制定一个方案，并等待求解完成。")
def plan_all(
    first: Annotated[datetime | None, _DAY] = None,
    last: Annotated[datetime | None, _DAY] = None,
    seconds: Annotated[float, typer.Option(help="每个方案的求解时间（秒）。", min=1)] = 30.0,
    account: Annotated[
        str | None, typer.Option(help="以哪个账号的名义；不填则用首个县级工作人员账号。")
    ] = None,
) -> None:
    """Make a plan a township, have all solved, and tell the sums."""
    settings = load_settings()
    span = span_of(first, last)
    with _sessions(settings) as sessions:
        with sessions() as session:
            actor = everywhere.acting(session, account)
            if settings.dask_scheduler is None:
                everywhere.require_worker(session)
            wishes = Wishes(seconds=seconds)
            queued = settings.dask_scheduler is None
            ids = everywhere.make_plans(session, actor, span, wishes, queued=queued)
        if not ids:
            raise SetUpError(
                reason="还没有在用的巡查队伍。请先在“巡查路线—队伍”中新建队伍。",
                reason_en="There are no active teams yet; add teams first.",
            )
        say(f"{span.start:%Y-%m-%d} 至 {span.end:%Y-%m-%d}：已建立 {len(ids)} 个乡镇的方案。")
        if settings.dask_scheduler is not None:
            say(f"在 Dask 集群 {settings.dask_scheduler} 上求解…")
            everywhere.solve_on_dask(
                sessions,
                ids,
                settings.dask_scheduler,
                clock.today(),
                lambda done: say(f"已求解 {done}/{len(ids)}"),
            )
        else:
            _wait(sessions, ids)
        with sessions() as session:
            found = everywhere.standing(session, ids)
    say(
        f"完成：求解成功 {found.solved} 个，失败 {found.failed} 个；"
        f"行车 {found.driving_seconds / 3600:.1f} 小时、{found.driving_metres / 1000:.0f} 公里，"
        f"未能安排 {found.left_over} 项。"
    )
    if found.failed:
        raise typer.Exit(1)


def _wait(sessions: everywhere.Sessions, ids: list[int]) -> None:
    """Wait until every plan is solved or has failed; Ctrl-C leaves them to the workers."""
    told = -1
    while True:
        with sessions() as session:
            found = everywhere.standing(session, ids)
        done = found.solved + found.failed
        if done != told:
            say(f"已求解 {done}/{len(ids)}")
            told = done
        if not found.waiting:
            return
        time.sleep(_PERIOD)


def span_of(first: datetime | None, last: datetime | None) -> Span:
    """Return the days given; the next whole month unless they are."""
    begins = first.date() if first else _next_month(clock.today())
    ends = last.date() if last else _next_month(begins) - timedelta(days=1)
    if ends < begins:
        raise SetUpError(
            reason=f"结束日期 {ends} 早于开始日期 {begins}。请改正 --first、--last。",
            reason_en=f"The last day {ends} is before the first {begins}.",
        )
    return Span(begins, ends)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@contextmanager
def _sessions(settings: Settings) -> Iterator[everywhere.Sessions]:
    """Keep the database running for the block, and open transactions as its owner."""
    with database_running(settings) as found:
        upgrade(found.owner, settings)
        engine = create_engine(driver_url(found.owner), poolclass=NullPool)
        yield sessionmaker(engine, expire_on_commit=False).begin
