"""The photos' part of a backup: one archive beside the database's dump.

Files are kept by the digest of their content and never change, so that an archive written after the
dump holds at least what the dump's rows name, while the service goes on.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tarfile
from pathlib import Path

from fuliang_gis.errors import SetUpError

#: What the store makes, and nothing else: two folders, the digest, the form.
_NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/([0-9a-f]{64})(\.public\.jpg|\.thumbnail\.jpg)?")


def beside(dump: Path) -> Path:
    """Return where the archive of a dump lies."""
    return dump.with_name(f"{dump.name}.files.tar")


def pack(folder: Path, archive: Path) -> int:
    """Write every stored file into an archive; return how many there are."""
    draft = archive.with_name(f".{archive.name}.part")
    found = sorted(p for p in folder.rglob("*") if _NAME.fullmatch(_inside(folder, p)))
    try:
        with draft.open("wb") as out:
            os.fchmod(out.fileno(), 0o600)
            with tarfile.open(fileobj=out, mode="w") as packed:
                for path in found:
                    packed.add(path, _inside(folder, path), recursive=False)
        draft.replace(archive)
    finally:
        draft.unlink(missing_ok=True)
    return len(found)


def unpack(archive: Path, folder: Path) -> int:
    """Put what is missing in the folder back from an archive; return how many files that was.

    Raises:
        SetUpError: The archive cannot be read, or a picture in it is not what its name says.
    """
    restored = 0
    try:
        with tarfile.open(archive, "r:") as packed:
            for member in packed:
                named = _NAME.fullmatch(member.name)
                target = folder / member.name
                if named is None or not member.isfile() or target.exists():
                    continue
                _put(packed, member, target, digest=None if named[2] else named[1])
                restored += 1
    except (tarfile.TarError, OSError, EOFError) as error:
        raise SetUpError(
            reason=f"附件备份 {archive} 无法恢复：{error}。数据库未改动；请换一份备份。",
            reason_en=f"The archive {archive} cannot be restored: {error}.",
        ) from error
    return restored


def _inside(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _put(
    packed: tarfile.TarFile, member: tarfile.TarInfo, target: Path, *, digest: str | None
) -> None:
    source = packed.extractfile(member)
    if source is None:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.part")
    try:
        with source, draft.open("wb") as out:
            shutil.copyfileobj(source, out)
        if digest is not None:
            with draft.open("rb") as written:
                told = hashlib.file_digest(written, "sha256").hexdigest()
            if told != digest:
                raise tarfile.TarError(f"{member.name} 的内容与名称不符")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
