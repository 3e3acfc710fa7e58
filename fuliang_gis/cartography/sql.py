"""The fragments that tiles are composed of, and how a tile's statement is run."""

from __future__ import annotations

from sqlalchemy.orm import Session

from fuliang_gis.db.fragments import Fragment, all_of, fetch_all, identifier

__all__ = ["Fragment", "all_of", "fetch_tile", "identifier"]


def fetch_tile(session: Session, statement: Fragment) -> bytes:
    """Run a statement that answers one ``bytea``.

    Raises:
        Unavailable: The database does not answer.
    """
    rows = fetch_all(session, statement)
    return bytes(rows[0][0]) if rows else b""
