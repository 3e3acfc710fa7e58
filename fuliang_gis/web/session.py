"""Who is asking: a browser's session, a bearer token, or HTTP Basic (for desktop GIS)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import ClassVar, Final

import structlog
from flask import (
    Flask,
    Request,
    Response,
    g,
    has_request_context,
    redirect,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts import audit, queries
from fuliang_gis.accounts.audit import Origin
from fuliang_gis.accounts.queries import Known
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.accounts.sign_in import sign_in
from fuliang_gis.accounts.tokens import PREFIX
from fuliang_gis.errors import (
    FuliangError,
    PasswordChangeRequired,
    SignInFailed,
    SignInRequired,
    Unavailable,
)
from fuliang_gis.locations.registry import layers
from fuliang_gis.settings import Settings
from fuliang_gis.web.context import database, request_id, settings
from fuliang_gis.web.security import limiter

#: Where programs may sign each request instead of keeping a session.
_MACHINE_PATHS = ("/api/", "/ogc", "/tiles/")
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

#: Pages that somebody with a one-time password may still see.
_BEFORE_CHANGE = frozenset({"accounts.password", "accounts.sign_out", "static"})

#: Refusals that the audit record keeps, by their stable code.
_AUDITED = frozenset(
    {"forbidden", "outside_division", "own_account", "last_administrator", "csrf_failed"}
)

#: Attempts by Basic that reach the password check, for each address.
BASIC_LIMIT = "30 per minute"

_log = structlog.get_logger("fuliang_gis.web")


@dataclass(frozen=True)
class Visitor:
    """A recognised account in the form that Flask-Login keeps; only active ones are recognised."""

    known: Known
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    def get_id(self) -> str:
        """Return what the session keeps; another stamp or another browser ends the session."""
        return _kept(self.known.actor.account_id, self.known.stamp)


class _CheckedPasswords:
    """Passwords checked a moment ago, so that a map's hundred requests cost one argon2.

    Kept in this process's memory for minutes, under an HMAC with a key that dies with the process;
    a changed stamp makes an entry worthless at once.
    """

    LIFE_SECONDS: Final = 300
    MOST: Final = 1000

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._entries: dict[bytes, tuple[float, int, str]] = {}

    def find(self, username: str, password: str) -> tuple[int, str] | None:
        """Return account id and stamp for a name and password checked within the life."""
        entry = self._entries.get(self._name(username, password))
        return entry[1:] if entry and entry[0] > time.monotonic() else None

    def keep(self, username: str, password: str, known: Known) -> None:
        """Remember a password that was right."""
        until = time.monotonic() + self.LIFE_SECONDS
        with self._lock:
            if len(self._entries) >= self.MOST:
                self._entries.clear()
            entry = (until, known.actor.account_id, known.stamp)
            self._entries[self._name(username, password)] = entry

    def _name(self, username: str, password: str) -> bytes:
        return hmac.digest(self._key, f"{username}\0{password}".encode(), "sha256")


_checked = _CheckedPasswords()


class _PageSessions(SecureCookieSessionInterface):
    """Sessions that opening a page prolongs, and nothing that a page fetches for itself.

    An answer still on its way would put back the cookie that a later one has changed, and lose what
    is kept in it, such as the message for the next page.
    """

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Tell whether an answer carries the cookie."""
        if session.modified:
            return True
        page = has_request_context() and "text/html" in request.headers.get("Accept", "")
        return page and super().should_set_cookie(app, session)


def init_app(app: Flask, settings: Settings) -> None:
    """Recognise people on every request of the application."""
    app.secret_key = settings.secret("session.key")
    app.session_interface = _PageSessions()
    app.config.update(
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
    )
    manager = LoginManager()
    # The library's protection would also sign a phone out whenever its network address changes.
    manager.session_protection = None  # pyright: ignore[reportAttributeAccessIssue]
    manager.user_loader(_by_session)
    manager.request_loader(_by_header)
    manager.init_app(app, add_context_processor=False)
    app.before_request(_note_origin)
    app.before_request(_recognise)
    app.after_request(_audit_refusal)


def current_actor() -> Actor | None:
    """Return who is asking, or None for somebody who has not signed in.

    Raises:
        SignInFailed: The request carries credentials, and they are wrong.
    """
    known = _current()
    return known.actor if known else None


def require_actor() -> Actor:
    """Return who is asking.

    Raises:
        SignInRequired: Nobody has signed in.
    """
    actor = current_actor()
    if actor is None:
        raise SignInRequired
    return actor


def reader_of(layer: str) -> Actor:
    """Return who reads a layer; the public, where a setting makes the layer public.

    Raises:
        SignInRequired: Nobody has signed in, and the layer is not public.
    """
    if (actor := current_actor()) is not None:
        return actor
    if layer not in public_layers():
        raise SignInRequired
    return Actor(0, "public", "公众", Role.VIEWER, settings().county_code, "")


def public_layers() -> frozenset[str]:
    """Return the layers that the setting opens, without those that show single households."""
    closed = {each.name for each in layers().values() if each.sheet.households}
    return settings().public_layers - closed


def begin(known: Known) -> None:
    """Start a browser's session for a person who has just proved who they are."""
    # Nothing that was in the session before signing in may survive it.
    session.clear()
    session.permanent = True
    login_user(Visitor(known))


def renew(stamp: str) -> None:
    """Let this session go on after its account's stamp changed; every other one ends."""
    session["_user_id"] = _kept(require_actor().account_id, stamp)


def end() -> None:
    """End the browser's session."""
    logout_user()
    session.clear()


def _current() -> Known | None:
    visitor = current_user
    if not isinstance(visitor._get_current_object(), Visitor):  # noqa: SLF001  # Werkzeug's own form
        return None
    known: Known = visitor.known
    g.actor_name = known.actor.username
    return known


def _actor_if_known() -> Actor | None:
    try:
        return current_actor()
    except FuliangError:
        # Telling of a failure must not fail for the same reason.
        return None


def _kept(account_id: int, stamp: str) -> str:
    return kept_in_session(account_id, stamp, request.headers.get("User-Agent", ""))


def kept_in_session(account_id: int, stamp: str, agent: str) -> str:
    """Return what the session of an account keeps in the browser of that name."""
    browser = hashlib.sha256(agent.encode()).hexdigest()[:16]
    return f"{account_id}:{stamp}:{browser}"


def _by_session(kept: str) -> Visitor | None:
    account_id = kept.partition(":")[0]
    if not account_id.isdigit():
        return None
    found = queries.glance_at(database().glances, int(account_id))
    if found is None:
        return None
    visitor = Visitor(found[0])
    return visitor if hmac.compare_digest(visitor.get_id().encode(), kept.encode()) else None


def _by_header(asked: Request) -> Visitor | None:
    given = asked.authorization
    if given is None or not asked.path.startswith(_MACHINE_PATHS):
        return None
    if given.type == "bearer":
        known = _by_token(given.token or "")
        g.signed_in_by = "token"
    elif given.type == "basic":
        known = _by_password(given.username or "", given.password or "")
        g.signed_in_by = "basic"
    else:
        return None
    # A token was issued on purpose and tells nobody the password; a one-time password is no key.
    if known.must_change_password and given.type == "basic":
        raise PasswordChangeRequired
    return Visitor(known)


def _by_token(token: str) -> Known:
    found = queries.glance_at(database().glances, token) if token.startswith(PREFIX) else None
    if found is None:
        raise SignInFailed
    return found[0]


def _by_password(username: str, password: str) -> Known:
    if (found := _checked.find(username, password)) is not None:
        account_id, stamp = found
        seen = queries.glance_at(database().glances, account_id)
        if seen is not None and seen[0].stamp == stamp:
            return seen[0]
    with limiter.limit(BASIC_LIMIT):
        known = sign_in(database(), username, password, "", settings().secret("totp.key"))
    _checked.keep(username, password, known)
    return known


def _note_origin() -> None:
    audit.origin.set(Origin(request_id(), request.remote_addr))


def _recognise() -> AnyResponse | None:
    """Find out who writes before the forgery check asks; keep one-time passwords to their use."""
    if request.endpoint in _BEFORE_CHANGE or request.endpoint is None:
        return None
    if request.method not in _WRITING and "_user_id" not in session:
        return None
    known = _current()
    if known is None or not known.must_change_password or g.get("signed_in_by") == "token":
        return None
    if request.path.startswith(_MACHINE_PATHS):
        raise PasswordChangeRequired
    return redirect(url_for("accounts.password"))


def _audit_refusal(response: Response) -> Response:
    code = g.get("refusal")
    if code in _AUDITED:
        subject = f"{request.method} {request.path}"[:200]
        try:
            audit.refused(database(), _actor_if_known(), "request", subject, code)
        except Unavailable:
            _log.warning("refusal not audited", code=code, subject=subject)
    return response
