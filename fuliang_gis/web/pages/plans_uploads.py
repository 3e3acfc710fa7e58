"""Files of plans that wait to be looked at and taken in: kept under a token, for a day."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from werkzeug.datastructures import FileStorage

from fuliang_gis import clock
from fuliang_gis.errors import NotFound, TooLarge
from fuliang_gis.exchange.plans.archives import unpack
from fuliang_gis.exchange.plans.notes import refusal
from fuliang_gis.web.context import settings

#: Largest file that is taken [bytes], and the same as it is told [MB].
LIMIT, LIMIT_MB = 40_000_000, 40
#: How long a file waits [s].
_AGE = 24 * 3600
_CHUNK = 1 << 20
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
#: What a name may end in; a zip is unpacked at once.
SUFFIXES = (".zip", ".gpkg", ".geojson", ".json", ".dxf", ".txt")
_META = "upload.json"
#: What a stored file's name may not hold, and how long it may be [characters].
_UNSAFE, _LONGEST = re.compile(r"[^\w\-. ]"), 60


@dataclass(frozen=True)
class Upload:
    """A file that waits: token, what the sender called it, where its data lies, its own folder."""

    token: str
    name: str
    data: Path
    folder: Path


def keep(sent: FileStorage | None, account_id: int) -> Upload:
    """Keep a sent file for its sender.

    Raises:
        TooLarge: It is larger than ``LIMIT``.
        Invalid: There is none, or it is none that could be a plan; problems' field is ``file``.
    """
    name = Path((sent.filename or "").replace("\\", "/").replace("\0", "")).name if sent else ""
    if sent is None or not name:
        raise refusal("required", "请选择要导入的文件。", "Choose a file.")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise refusal(
            "format_unknown",
            f"不能导入“{name}”。可导入：GPKG、Shapefile（zip）、FileGDB（zip）、GeoJSON、DXF、"
            "界址点 TXT。Shapefile 请连同 .dbf、.shx、.prj 一起压缩成 zip。",
            f"'{name}' cannot be imported.",
        )
    forget_old()
    token = secrets.token_urlsafe(16)
    folder = _root() / token
    folder.mkdir(mode=0o700)
    try:
        data = _store(sent, folder, name)
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        sent.close()
    told = {"name": name[:200], "account": account_id, "data": data.relative_to(folder).as_posix()}
    (folder / _META).write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return Upload(token, name[:200], data, folder)


def find(token: str, account_id: int) -> Upload:
    """Return a file that its sender left waiting.

    Raises:
        NotFound: There is none any more, or it is somebody else's.
    """
    folder = _root() / token
    missing = NotFound(what="上传的文件（一天后自动清除，请重新上传）", key=token[:8])
    if not _TOKEN.fullmatch(token) or not _is_fresh(folder):
        raise missing
    told = json.loads((folder / _META).read_text("utf-8"))
    if told["account"] != account_id:
        raise missing
    return Upload(token, told["name"], folder / told["data"], folder)


def discard(upload: Upload) -> None:
    """Remove a file that was taken in."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def _store(sent: FileStorage, folder: Path, name: str) -> Path:
    inside = folder / "data"
    inside.mkdir()
    # What is told of a file, and layers named after it, shall be called as its sender calls it.
    stem = _UNSAFE.sub("_", Path(name).stem)[:_LONGEST].strip(" .") or "data"
    suffix = Path(name).suffix.lower()
    target = (folder if suffix == ".zip" else inside) / f"{stem}{suffix}"
    size = 0
    with target.open("wb") as written:
        while piece := sent.stream.read(_CHUNK):
            size += len(piece)
            if size > LIMIT:
                raise TooLarge(limit_mb=LIMIT_MB)
            written.write(piece)
    if not size:
        zh = f"文件“{name}”是空的（0 字节）。请重新导出后再上传。"
        raise refusal("unreadable", zh, f"'{name}' is empty.")
    if suffix != ".zip":
        return target
    unpack(target, inside)
    target.unlink()
    return inside


def _root() -> Path:
    root = settings().state_dir / "plan-uploads"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def _is_fresh(folder: Path) -> bool:
    meta = folder / _META
    return meta.is_file() and clock.now().timestamp() - meta.stat().st_mtime < _AGE


def forget_old() -> None:
    """Remove the files that nobody took in for a day."""
    for folder in _root().iterdir():
        age = clock.now().timestamp() - folder.stat().st_mtime
        if age > _AGE and not _is_fresh(folder):
            shutil.rmtree(folder, ignore_errors=True)
