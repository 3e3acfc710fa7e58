"""Why an embedded cluster cannot be used, told so that a person knows what to do."""

from __future__ import annotations

import pwd
import shutil
import time
from pathlib import Path

from fuliang_gis.errors import SetUpError

#: A cluster with the demo county takes about half of this [bytes].
LEAST_FREE = 1024**3


def require_space(folder: Path) -> None:
    """Refuse to write where the disk is nearly full.

    Raises:
        SetUpError: Less than ``LEAST_FREE`` is left.
    """
    free = shutil.disk_usage(folder.resolve()).free
    if free < LEAST_FREE:
        raise SetUpError(
            reason=f"磁盘空间不足：{folder} 所在磁盘只剩 {free // 2**20} MB，至少需要 "
            f"{LEAST_FREE // 2**20} MB。请清理磁盘，或用 FULIANG_STATE 换一个位置。",
            reason_en=f"The disk of {folder} has {free // 2**20} MB left; "
            f"{LEAST_FREE // 2**20} MB are needed. Free some, or set FULIANG_STATE elsewhere.",
        )


def foreign(folder: Path, user: str) -> SetUpError:
    """Return the refusal of a cluster that belongs to another account."""
    owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    return SetUpError(
        reason=f"内置数据库文件夹 {folder} 属于用户 {owner}，数据库却要以 {user} 运行。"
        f"请用 {owner}（或 root）启动，或用 FULIANG_STATE 换一个位置。",
        reason_en=f"The cluster's folder {folder} belongs to {owner}, not {user}. "
        f"Start as {owner} (or root), or set FULIANG_STATE elsewhere.",
    )


def broken(
    zh: str, en: str, data: Path, *, printed: str = "", log: Path | None = None
) -> SetUpError:
    """Return the refusal of a cluster that does not work, with the last lines it has to say."""
    lines = (last_lines(log) if log else []) or printed.splitlines()[-8:]
    tail = "\n".join(lines)
    return SetUpError(
        reason=f"{zh}：{data}。请不要删除该文件夹；若有备份，移走它后重新启动，再执行 "
        f"./fuliang db restore。日志最后几行：\n{tail or '（无）'}",
        reason_en=f"{en}: {data}. Do not delete the folder; with a backup, move it away, start "
        "again, and run ./fuliang db restore. The last log lines are above.",
    )


def last_lines(log: Path, count: int = 8) -> list[str]:
    """Return the last lines that the server wrote within the last two minutes."""
    if not log.is_dir():
        return []
    # One start writes two files: its own notes, and the log collector's once that runs.
    recent = [file for file in log.iterdir() if time.time() - file.stat().st_mtime < 120]
    recent.sort(key=lambda file: file.stat().st_mtime)
    return [line for file in recent for line in _lines(file)][-count:]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines()
