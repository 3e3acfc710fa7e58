"""Zips of plans' files: what comes in is unpacked within bounds, what goes out is packed flat."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from fuliang_gis.exchange.plans.notes import refusal

#: A zip may hold so many files, and so many bytes when unpacked.
MOST_FILES = 2_000
MOST_BYTES = 500_000_000
_UTF8_NAME = 0x800
_PIECE = 1 << 20

#: Formats in the order in which they are looked for; Shapefiles may be several in one zip.
_SUFFIXES = (".gpkg", ".gdb", ".shp", ".geojson", ".json", ".dxf", ".txt")


def pack(folder: Path, target: Path) -> None:
    """Pack everything in a folder, with UTF-8 names and in a fixed order."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())


def unpack(source: Path, folder: Path) -> None:
    """Unpack a zip into an empty folder.

    Raises:
        Invalid: It is no zip, is encrypted, too large, or names places outside.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, zlib.error) as error:
        raise refusal(
            "bad_zip",
            "压缩包无法打开，可能已损坏、加了密码或不是 zip。请重新压缩成不加密的 zip。",
            f"The zip cannot be opened: {error}.",
        ) from error


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    members = [each for each in archive.infolist() if not each.is_dir()]
    if len(members) > MOST_FILES or sum(each.file_size for each in members) > MOST_BYTES:
        raise _too_large()
    left = MOST_BYTES
    for member in members:
        target = folder / _inside(member)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as read, target.open("wb") as write:
            # What the directory says of sizes need not be true.
            while piece := read.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise _too_large()
                write.write(piece)


def _inside(member: zipfile.ZipInfo) -> PurePosixPath:
    """Return where a member goes; names that Chinese Windows wrote are read as such."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:
        try:
            name = name.encode("cp437").decode("gb18030")
        except (UnicodeEncodeError, UnicodeDecodeError):
            name = member.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or not path.name:
        raise refusal(
            "bad_zip",
            f"压缩包里的文件名“{name}”指向包外，未导入。请重新压缩。",
            f"The zip names a place outside itself: '{name}'.",
        )
    return path


def _too_large() -> Exception:
    return refusal(
        "zip_too_large",
        f"压缩包解开后超过 {MOST_BYTES // 1_000_000} MB 或 {MOST_FILES} 个文件，未导入。"
        "请只压缩本规划的数据。",
        "The zip is too large when unpacked.",
    )


def data_in(folder: Path) -> list[Path]:
    """Return the files of the one format that a folder holds.

    Raises:
        Invalid: It holds none, or several.
    """
    found: dict[str, list[Path]] = {}
    for path in _outside_geodatabases(folder):
        suffix = path.suffix.lower()
        if suffix in _SUFFIXES and not _is_reading_matter(path):
            found.setdefault(suffix, []).append(path)
    if not found:
        raise refusal(
            "nothing_in_zip",
            "压缩包里没有可导入的数据。"
            "请放入 GPKG、Shapefile、FileGDB、GeoJSON、DXF 或界址点 TXT。",
            "The zip holds nothing that can be imported.",
        )
    if len(found) > 1:
        listed = "、".join(sorted(suffix[1:].upper() for suffix in found))
        raise refusal(
            "several_formats",
            f"压缩包里有几种数据：{listed}。请只保留一种后重新压缩。",
            f"The zip holds several formats: {listed}. Leave one.",
        )
    (paths,) = found.values()
    return sorted(paths)


def _outside_geodatabases(folder: Path) -> Iterable[Path]:
    for path in sorted(folder.rglob("*")):
        within = any(each.suffix.lower() == ".gdb" for each in path.relative_to(folder).parents)
        if not within and "__MACOSX" not in path.parts:
            yield path


def _is_reading_matter(path: Path) -> bool:
    """Tell whether a text file is a note for people beside the data."""
    return path.suffix.lower() == ".txt" and b"[" not in path.read_bytes()[:4000]
