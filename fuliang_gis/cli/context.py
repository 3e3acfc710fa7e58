"""What every command needs: settings, a running database, a session as its owner."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from fuliang_gis.db.place import database_running
from fuliang_gis.db.session import driver_url
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SetUpError: A setting has a value that is not allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = "；".join(
            f"FULIANG_{'_'.join(str(part) for part in fault['loc']).upper()}={fault['input']!r}"
            f"（{fault['msg']}）"
            for fault in error.errors()
        )
        raise SetUpError(
            reason=f"设置有误：{faults}。请改正环境变量，说明见 docs/reference/settings.md。",
            reason_en=f"Wrong settings: {faults}. See docs/reference/settings.md.",
        ) from None


@contextmanager
def owner_session(settings: Settings | None = None) -> Iterator[Session]:
    """Open one transaction as the database's owner, on an upgraded and running database."""
    settings = settings or load_settings()
    with database_running(settings) as found:
        upgrade(found.owner, settings)
        engine = create_engine(driver_url(found.owner), poolclass=NullPool)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session


def follow_norms(owner_url: str) -> None:
    """Let the inspection rules that come from files follow them."""
    # The rules' modules bring every layer's sheet; commands that need neither do without.
    from fuliang_gis.inspections.duties.operations import synchronise_norms

    engine = create_engine(driver_url(owner_url), poolclass=NullPool)
    with Session(engine) as session, session.begin():
        synchronise_norms(session)
    engine.dispose()


def say(text: str) -> None:
    """Tell the person at the terminal how far things are."""
    print(text, file=sys.stderr, flush=True)
