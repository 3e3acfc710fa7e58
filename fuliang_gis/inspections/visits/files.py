"""The store of photos and signatures: kept by the digest of their content, each content once.

``ab/cd/<sha256>`` is the original, with its EXIF, for the office; beside it lie the ``public`` copy
and the ``thumbnail``, which carry no metadata at all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final, Literal

from fuliang_gis.errors import NotFound, TooLarge
from fuliang_gis.inspections.visits import pictures

#: Largest file that is kept [bytes].
FILE_LIMIT: Final = 40_000_000
_CHUNK = 1 << 18

Form = Literal["original", "public", "thumbnail"]
FORMS: Mapping[str, str] = {
    "original": "",
    "public": ".public.jpg",
    "thumbnail": ".thumbnail.jpg",
}
_SIDES: Mapping[str, int] = {
    "public": pictures.PUBLIC_SIDE,
    "thumbnail": pictures.THUMBNAIL_SIDE,
}


@dataclass(frozen=True)
class Kept:
    """A stored file: SHA-256 of its content, size [bytes], sides [px], what its EXIF tells."""

    digest: str
    mime: str
    size: int
    width: int
    height: int
    taken_at: datetime | None
    exif: Mapping[str, str | float]


class FileStore:
    """Files of one installation, in one folder that several processes may share."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, stream: IO[bytes], name: str) -> Kept:
        """Store a picture with its copies; the same content is stored once.

        Args:
            stream: The content, read once from where it stands.
            name: What the sender calls it; used in refusals and to see whether it lies.

        Raises:
            TooLarge: It is larger than ``FILE_LIMIT``.
            FileRefused: It is no picture, lies about its type, is broken, cut off or a bomb.
        """
        with self._workplace() as place:
            draft = place / "original"
            digest, size, head = _take_in(stream, draft)
            mime = pictures.mime_of(head, name)
            seen = pictures.look(draft, name, mime)
            if not self._complete(digest):
                self._make(place, digest, name, mime)
        return Kept(digest, mime, size, seen.width, seen.height, seen.taken_at, seen.exif)

    def path(self, digest: str, form: Form) -> Path:
        """Return where one form of a file lies.

        Raises:
            NotFound: There is none.
        """
        if form in FORMS and re.fullmatch(r"[0-9a-f]{64}", digest):
            path = self._place(digest, form)
            if path.is_file():
                return path
        raise NotFound(what="文件", key=digest[:12])

    def _place(self, digest: str, form: str) -> Path:
        return self.folder / digest[:2] / digest[2:4] / f"{digest}{FORMS[form]}"

    def _complete(self, digest: str) -> bool:
        return all(self._place(digest, form).is_file() for form in FORMS)

    def _make(self, place: Path, digest: str, name: str, mime: str) -> None:
        targets = {side: place / form for form, side in _SIDES.items()}
        pictures.copy(place / "original", name, mime, targets)
        folder = self._place(digest, "original").parent
        folder.mkdir(parents=True, exist_ok=True)
        # The original comes last: where it lies, its copies lie too.
        for form in ("thumbnail", "public", "original"):
            _settle(place / form, self._place(digest, form))
        _sync(folder)

    @contextmanager
    def _workplace(self) -> Iterator[Path]:
        incoming = self.folder / ".incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        # On the same file system as the store, so that a rename puts a whole file in place.
        with TemporaryDirectory(dir=incoming) as place:
            yield Path(place)


def _take_in(stream: IO[bytes], target: Path) -> tuple[str, int, bytes]:
    """Write a stream to a file; return its digest, size [bytes] and first bytes."""
    digest, size, head = hashlib.sha256(), 0, b""
    with target.open("wb") as written:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > FILE_LIMIT:
                raise TooLarge(limit_mb=FILE_LIMIT // 1_000_000)
            head = head or chunk[:32]
            digest.update(chunk)
            written.write(chunk)
    return digest.hexdigest(), size, head


def _settle(draft: Path, place: Path) -> None:
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(place)


def _sync(folder: Path) -> None:
    """Make a folder's new entries last over a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
