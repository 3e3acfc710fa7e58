"""What every request of one application shares: its settings and its database."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, g, has_request_context, request

from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings

_NAME = "fuliang"


@dataclass(frozen=True)
class Shared:
    """One application's settings and database."""

    settings: Settings
    database: Database


def attach(app: Flask, shared: Shared) -> None:
    """Give the application its settings and database."""
    app.extensions[_NAME] = shared


def _shared() -> Shared:
    found = current_app.extensions[_NAME]
    assert isinstance(found, Shared)  # noqa: S101  # Narrows for the type checker; ``attach`` put it there.
    return found


def database() -> Database:
    """Return the database of the running application."""
    return _shared().database


def settings() -> Settings:
    """Return the settings of the running application."""
    return _shared().settings


def site_address() -> str:
    """Return the service's own address for links that leave it, without a slash at its end."""
    return (settings().public_url or request.host_url).rstrip("/")


def request_id() -> str:
    """Return the id of the request being answered; ``-`` outside of one."""
    return str(g.get("request_id", "-")) if has_request_context() else "-"
