"""Versions of what tiles show, and the entity tags made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy.orm import Session

#: Subjects of the base map.
BASE_SUBJECTS = ("division", "road")

_VERSION = (
    "select coalesce(sum(changes), 0)::bigint from data_version where subject = any(%(subjects)s)"
)


def version(session: Session, subjects: Sequence[str]) -> int:
    """Return how many changes of the subjects are committed; it grows with every further one."""
    row = session.connection().exec_driver_sql(_VERSION, {"subjects": list(subjects)}).one()
    return int(row[0])


def entity_tag(changes: int, *shown: str) -> str:
    """Return an entity tag, without quotes, for what depends on the version and ``shown``."""
    stated = "\0".join((str(changes), *shown))
    return hashlib.sha256(stated.encode()).hexdigest()[:24]
