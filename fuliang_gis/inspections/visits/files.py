"""The store of photos and signatures: kept by the digest of their content, each content once.

``ab/cd/<sha256>`` is the original, with its EXIF, for the office; beside it lie the ``public`` copy
and the ``thumbnail``, which carry no metadata at all.

A file is stored before the row that names it is written, so that some are never named. Removing
those must not meet somebody who stores the same content: whoever stores holds the store's lock
together with others while it is decided that the content is there, or put there, and makes it young
again; whoever removes holds it alone, and removes only what is old then.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
#: How often, and how long apart [s], a lock is tried: storing holds it for a moment, a backup long.
_PATIENCE, _PAUSE = 200, 0.05
_NAME = re.compile(r"[0-9a-f]{64}(\.public\.jpg|\.thumbnail\.jpg)?")

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


class StoreHeldError(Exception):
    """The store is held by a backup: nothing is removed now."""


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
            if not self._renew(digest):
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

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing be removed for the block; others may hold and store at the same time."""
        with self._lock() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def renew_all(self) -> None:
        """Make everything young again, as though it had been stored now."""
        with self.held():
            for path in self._originals():
                os.utime(path)

    def digests(self) -> list[str]:
        """Return what is stored, by digest."""
        return sorted({path.name[:64] for path in self._stored()})

    def old(self, before: float) -> list[str]:
        """Return what was last stored before a time [s since the epoch]."""
        born: dict[str, float] = {}
        for path in self._stored():
            with suppress(FileNotFoundError):
                born[path.name[:64]] = max(born.get(path.name[:64], 0.0), path.stat().st_ctime)
        return sorted(digest for digest, at in born.items() if at < before)

    def size(self, digest: str) -> int:
        """Return the size of a file with its copies [bytes]."""
        total = 0
        for form in FORMS:
            with suppress(FileNotFoundError):
                total += self._place(digest, form).stat().st_size
        return total

    def remove_old(self, digests: Iterable[str], before: float) -> list[str]:
        """Remove files with their copies, but for those stored again meanwhile; return which.

        Raises:
            StoreHeldError: A backup holds the store.
        """
        gone = []
        for digest in digests:
            with self._alone():
                paths = [self._place(digest, form) for form in FORMS]
                there = [path for path in paths if path.exists()]
                if there and all(path.stat().st_ctime < before for path in there):
                    # The original goes first: what lies without it counts as not stored.
                    for path in there:
                        path.unlink()
                    gone.append(digest)
        return gone

    def remove_drafts(self, before: float) -> int:
        """Remove what killed uploads have left half-way; return how many those were."""
        gone = 0
        for draft in (self.folder / ".incoming").glob("*"):
            # One that is still being written may end, and go, at any moment.
            with suppress(FileNotFoundError):
                times = [path.stat().st_ctime for path in (draft, *draft.rglob("*"))]
                if max(times) < before:
                    shutil.rmtree(draft)
                    gone += 1
        return gone

    def _stored(self) -> Iterator[Path]:
        return (
            path
            for path in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")
            if _NAME.fullmatch(path.name)
        )

    def _originals(self) -> Iterator[Path]:
        return (path for path in self._stored() if len(path.name) == len("0" * 64))

    def _lock(self) -> IO[bytes]:
        """Open what is locked; closing it lets the lock go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # For reading alone, so that whoever made it does not shut out another account's process.
        return os.fdopen(os.open(self.folder / ".lock", os.O_RDONLY | os.O_CREAT, 0o644), "rb")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock() as handle:
            for tried in range(_PATIENCE):
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if tried == _PATIENCE - 1:
                        raise StoreHeldError from None
                    time.sleep(_PAUSE)
            yield

    def _renew(self, digest: str) -> bool:
        """Tell whether the content is stored; if so it is young again, and nobody removes it."""
        with self.held():
            if not self._complete(digest):
                return False
            os.utime(self._place(digest, "original"))
            return True

    def _place(self, digest: str, form: str) -> Path:
        return self.folder / digest[:2] / digest[2:4] / f"{digest}{FORMS[form]}"

    def _complete(self, digest: str) -> bool:
        return all(self._place(digest, form).is_file() for form in FORMS)

    def _make(self, place: Path, digest: str, name: str, mime: str) -> None:
        targets = {side: place / form for form, side in _SIDES.items()}
        pictures.copy(place / "original", name, mime, targets)
        folder = self._place(digest, "original").parent
        folder.mkdir(parents=True, exist_ok=True)
        with self.held():
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
