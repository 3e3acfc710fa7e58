"""Removing stored files that no row names: transactions that were rolled back leave some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fuliang_gis.inspections.models import Attachment
from fuliang_gis.inspections.visits.files import FileStore

#: How long a file may lie without a row. A request ends after minutes; the rest is for whoever
#: brings files and rows back from a backup, one after the other.
SAFE_AGE: Final = timedelta(days=30)
#: More than this share of everything, and this many, looks like another database's files.
MOST_SHARE: Final = 0.5
MOST_UNSEEN: Final = 50
_ASKED_AT_ONCE = 1000


@dataclass(frozen=True)
class Swept:
    """What went, or would go: files, their size with copies [bytes], and half-made uploads.

    ``stopped`` is set when so much of the store is unnamed that a person should look first.
    """

    files: int = 0
    size: int = 0
    drafts: int = 0
    stopped: bool = False


def sweep(
    session: Session,
    store: FileStore,
    now: datetime,
    *,
    age: timedelta = SAFE_AGE,
    dry_run: bool = False,
    unseen: bool = True,
) -> Swept:
    """Remove what has lain without a row for longer than an age.

    Whoever stores the same content at that moment keeps it: storing makes it young, and only what
    is old when it is removed goes; see ``FileStore``.

    Args:
        dry_run: Only tell what would go.
        unseen: Nobody looks: stop where most of the store would go.

    Raises:
        StoreHeldError: A backup holds the store.
    """
    before = (now - age).timestamp()
    unnamed = _unnamed(session, store.old(before))
    if unseen and len(unnamed) > max(MOST_UNSEEN, MOST_SHARE * len(store.digests())):
        return Swept(files=len(unnamed), stopped=True)
    sizes = {digest: store.size(digest) for digest in unnamed}
    gone = unnamed if dry_run else store.remove_old(unnamed, before)
    drafts = 0 if dry_run else store.remove_drafts(before)
    return Swept(len(gone), sum(sizes[digest] for digest in gone), drafts)


def _unnamed(session: Session, digests: Sequence[str]) -> list[str]:
    found: list[str] = []
    for first in range(0, len(digests), _ASKED_AT_ONCE):
        some = digests[first : first + _ASKED_AT_ONCE]
        named = select(Attachment.digest).where(Attachment.digest.in_(some))
        found += sorted(set(some) - set(session.scalars(named)))
    return found
