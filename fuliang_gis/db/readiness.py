"""Whether the database can serve: it answers, has PostGIS, and has the schema this code needs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from fuliang_gis.db.session import Database
from fuliang_gis.db.upgrade import newest
from fuliang_gis.errors import Unavailable


@dataclass(frozen=True)
class Readiness:
    """What a readiness check found; the service is ready when all three hold."""

    database: bool
    postgis: bool
    migrations: bool

    @property
    def ready(self) -> bool:
        """Whether requests can be served."""
        return self.database and self.postgis and self.migrations


def check(database: Database) -> Readiness:
    """Ask the database for PostGIS and for its schema revision; it never raises."""
    try:
        with database.session() as session:
            postgis = session.scalar(text("select to_regtype('geometry') is not null"))
            versioned = session.scalar(text("select to_regclass('alembic_version') is not null"))
            revision = text("select version_num from alembic_version")
            found = session.scalar(revision) if versioned else None
    except (Unavailable, SQLAlchemyError):
        return Readiness(database=False, postgis=False, migrations=False)
    return Readiness(database=True, postgis=bool(postgis), migrations=found == newest())
