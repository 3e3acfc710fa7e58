"""``fuliang inspections …``: make the obligations that the rules ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from fuliang_gis import clock
from fuliang_gis.cli.context import owner_session, say
from fuliang_gis.inspections.duties.operations import generate, horizon, synchronise_norms

app = typer.Typer(help="巡查管护：生成巡查任务。", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Keep the commands a group, even while there is one alone."""


@app.command("generate", help="按规则生成巡查任务；可重复执行，已到期、已完成和已免除的不变。")
def generate_duties(
    through: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="生成到哪一天；不填则到下一季度末。"),
    ] = None,
) -> None:
    """Make the obligations until a day, and tell how many changed."""
    today = clock.today()
    with owner_session() as session:
        synchronise_norms(session)
        until = through.date() if through else horizon(today)
        done = generate(session, until, today=today)
    say(f"已生成到 {until:%Y-%m-%d}：新增 {done.made}，更新 {done.changed}，收回 {done.removed}。")
