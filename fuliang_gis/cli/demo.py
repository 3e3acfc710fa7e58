"""``fuliang demo …``: load, remove and verify the invented county."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fuliang_gis.cli.context import load_settings, owner_session, say
from fuliang_gis.demo import operations
from fuliang_gis.demo.figures import FLOORS, figures
from fuliang_gis.demo.inspections.operations import remove_files

app = typer.Typer(help="演示县：装载、移除、核对公布数字。数据均为随机生成。", no_args_is_help=True)


@app.command("load", help="生成并装载演示县；同一种子得到同样的数据。")
def load(
    seed: Annotated[int, typer.Option(min=0, help="随机种子。")] = 1,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="巡查记录截止的日期，默认今天。"),
    ] = None,
    replace: Annotated[  # noqa: FBT002  # Typer makes a flag of it.
        bool, typer.Option("--replace", help="已有演示县时先移除再生成。")
    ] = False,
) -> None:
    """Load the demo county."""
    settings = load_settings()
    with owner_session(settings) as session:
        operations.load(
            session,
            seed=seed,
            as_of=as_of.date() if as_of else None,
            replace=replace,
            secrets_folder=settings.state_dir / "secrets",
            files_folder=settings.state_dir / "files",
            progress=say,
        )


@app.command("drop", help="移除全部演示数据和演示账号；手工录入和导入的数据不动。")
def drop(
    yes: Annotated[  # noqa: FBT002  # Typer makes a flag of it.
        bool, typer.Option("--yes", help="不再询问。")
    ] = False,
) -> None:
    """Remove what was invented."""
    if not yes:
        typer.confirm("将移除全部演示数据和演示账号，是否继续？", abort=True)
    settings = load_settings()
    with owner_session(settings) as session:
        gone = operations.drop(session, secrets_folder=settings.state_dir / "secrets")
    # Only now that nothing can bring the rows back.
    remove_files(settings.state_dir / "files", gone.files)
    say(
        f"已移除 {gone.locations} 个点位、{gone.surveys} 户摸排记录、{gone.roads} 段道路、"
        f"{gone.visits} 次巡查。"
    )


@app.command("figures", help="用 SQL 从数据中重算公布数字并逐项核对。")
def show_figures() -> None:
    """Print every published figure beside what the rows give."""
    table = Table("编号", "指标", "公布", "实际", "单位", "")
    with owner_session() as session:
        found = figures(session)
    for figure in found:
        floor = "≥ " if figure.figure_id in FLOORS else ""
        actual = "—" if figure.actual is None else f"{figure.actual:g}"
        mark = "✓" if figure.holds else "✗"
        cells = (figure.figure_id, figure.phrase, f"{floor}{figure.expected:g}", actual)
        table.add_row(*cells, figure.unit, mark)
    Console().print(table)
    raise typer.Exit(0 if all(figure.holds for figure in found) else 1)
