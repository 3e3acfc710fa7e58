"""A road under the service's own role, whose every write the database judges."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.db.session import Database
from tests.planning.procedure.road import Road, laid_out, posts


@pytest.fixture
def road(owner_session: Session, service_database: Database) -> Road:
    """Return the road before a plan that is drafted."""
    actors = posts(owner_session)
    owner_session.commit()
    return laid_out(service_database, actors)
