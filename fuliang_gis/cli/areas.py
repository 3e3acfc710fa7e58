"""``fuliang areas …``: list divisions, import surveyed boundaries, check that they fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fuliang_gis.areas import coverage, queries
from fuliang_gis.areas.operations import import_boundaries
from fuliang_gis.cli.context import owner_session, say
from fuliang_gis.errors import Invalid

app = typer.Typer(help="行政区划：列出、导入测绘边界、检查边界。", no_args_is_help=True)

_LEVELS = {"county": "县", "township": "乡镇", "village": "村级"}


@app.command("list", help="列出行政区划及边界来源。")
def list_areas(
    parent: Annotated[str, typer.Option(help="只列出此代码的下级。")] = "",
) -> None:
    """Print divisions."""
    table = Table("代码", "名称", "级别", "边界来源")
    with owner_session() as session:
        for row in queries.list_divisions(session, parent=parent or None):
            table.add_row(row.code, row.name, _LEVELS[row.level], row.boundary_source)
    Console().print(table)


@app.command("import", help="用测绘边界（GeoJSON，经纬度）替换示意边界；有问题则全部不导入。")
def import_file(
    file: Annotated[Path, typer.Argument(help="GeoJSON 文件。", exists=True, dir_okay=False)],
    source: Annotated[str, typer.Option(help="边界来源，例如“2022 年国土变更调查”。")],
) -> None:
    """Replace generated boundaries by surveyed ones."""
    try:
        with owner_session() as session:
            count = import_boundaries(session, file, source)
    except Invalid as refusal:
        for problem in refusal.problems:
            say(f"第 {problem.row} 个要素：{problem.zh}" if problem.row else problem.zh)
        raise
    say(f"已替换 {count} 个行政区划的边界，来源：{source}。")


@app.command("check", help="检查乡镇、村级边界是否无缝、不重叠、与县界一致。")
def check() -> None:
    """Report gaps and overlaps."""
    with owner_session() as session:
        found = coverage.report(session)
    for level in found:
        say(
            f"{_LEVELS[level.level]}：{level.count} 个，"
            f"{'共边完全一致' if level.exact else '共边不完全一致'}，"
            f"与县界相差 {level.differs:.0f} 平方米，问题 {len(level.faults)} 处"
        )
        for fault in level.faults:
            what = "重叠" if fault.kind == "overlap" else "空隙"
            say(f"  {what} {fault.area:.0f} 平方米，{'、'.join(fault.names)}，位置 {fault.place}")
    raise typer.Exit(1 if any(level.faults for level in found) else 0)
