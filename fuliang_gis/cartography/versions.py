"""Versions of what tiles show, and the entity tags made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fuliang_gis.db.fragments import Fragment, Reading, fetch_all

#: Subjects of the base map.
BASE_SUBJECTS = ("division", "road")

_VERSION = (
    "select coalesce(sum(changes), 0)::bigint from data_version where subject = any(%(subjects)s)"
)


def version(session: Reading, subjects: Sequence[str]) -> int:
    """Return how many changes of the subjects are committed; it grows with every further one."""
    return int(fetch_all(session, version_statement(subjects))[0][0])


# A change that is rolled back leaves its number to the next one, but not the mark of its row.
_STAMP = """
select coalesce(
    md5(string_agg(concat_ws('/', subject, changes, xmin, ctid), ',' order by subject, ctid)), ''
)
from data_version where subject = any(%(subjects)s)
"""


def stamp(session: Reading, subjects: Sequence[str]) -> str:
    """Return a text that differs whenever one of the subjects does."""
    return str(fetch_all(session, Fragment(_STAMP, {"subjects": list(subjects)}))[0][0])


def version_statement(subjects: Sequence[str]) -> Fragment:
    """Return the statement that reads the version of the subjects."""
    return Fragment(_VERSION, {"subjects": list(subjects)})


def entity_tag(changes: int, *shown: str) -> str:
    """Return an entity tag, without quotes, for what depends on the version and ``shown``."""
    stated = "\0".join((str(changes), *shown))
    return hashlib.sha256(stated.encode()).hexdigest()[:24]
