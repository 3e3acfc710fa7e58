"""``fuliang inspections …``: make the obligations that the rules ask for, sweep stored files."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from fuliang_gis import clock
from fuliang_gis.cli.context import load_settings, owner_session, say
from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.duties.operations import generate, horizon, synchronise_norms
from fuliang_gis.inspections.visits.files import FileStore, StoreHeldError
from fuliang_gis.inspections.visits.sweeping import SAFE_AGE, sweep

app = typer.Typer(help="巡查管护：生成巡查任务，清理无主照片。", no_args_is_help=True)


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


@app.command(
    "sweep-files",
    help="清理没有记录引用的照片文件（提交失败时留下的）；每夜自动执行，可先用 --dry-run 查看。",
)
def sweep_files(
    days: Annotated[
        int, typer.Option(min=1, max=3650, help="只清理存放超过这么多天的文件。")
    ] = SAFE_AGE.days,
    dry_run: Annotated[  # noqa: FBT002  # A flag of the command line.
        bool, typer.Option("--dry-run", help="只报告，不删除。")
    ] = False,
) -> None:
    """Remove stored files that no row names, and tell how many there were."""
    store, age = FileStore(load_settings().state_dir / "files"), timedelta(days=days)
    try:
        with owner_session() as session:
            done = sweep(session, store, clock.now(), age=age, dry_run=dry_run, unseen=False)
    except StoreHeldError:
        raise SetUpError(
            reason="正在备份，暂不清理。请在备份完成后再执行。",
            reason_en="A backup holds the files; run it again when the backup is done.",
        ) from None
    told = f"{done.files} 个无主文件（含缩略图共 {done.size / 2**20:.1f} MB）"
    if dry_run:
        say(f"将清理 {told}；去掉 --dry-run 后执行。")
    else:
        say(f"已清理 {told}，中断的上传 {done.drafts} 个。")
