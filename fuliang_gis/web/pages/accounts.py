"""Pages about oneself: signing in and out, password, second factor, tokens."""

from __future__ import annotations

import io

import segno
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts import audit, operations, queries, tokens
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.accounts.sign_in import sign_in as prove
from fuliang_gis.errors import FuliangError, Invalid, LockedOut, NotFound, SignInFailed
from fuliang_gis.web import session as sessions
from fuliang_gis.web.context import database, settings
from fuliang_gis.web.errors import status_of
from fuliang_gis.web.pages import administration
from fuliang_gis.web.security import limiter
from fuliang_gis.web.session import current_actor, require_actor

blueprint = Blueprint("accounts", __name__)
blueprint.register_blueprint(administration.blueprint)

#: Sign-ins tried from one address; many people of an office may share it.
SIGN_IN_LIMIT = "30 per minute"
PASSWORD_LIMIT = "10 per minute"  # noqa: S105  # A throttle, no password.


# --- signing in and out ---


@blueprint.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(SIGN_IN_LIMIT, methods=["POST"])
def sign_in() -> AnyResponse:
    """Show the form, or try what was typed."""
    onward = safe_address(request.values.get("next", ""))
    if request.method == "GET":
        return redirect(onward) if current_actor() else _sign_in_page(onward)
    try:
        known = prove(
            database(), _typed("username"), _typed("password"), _typed("code"), _totp_key()
        )
    except (SignInFailed, LockedOut) as refusal:
        return _sign_in_page(onward, refusal)
    sessions.begin(known)
    if known.must_change_password:
        flash("您正在使用一次性密码，请先设置自己的密码。", "warn")
        return redirect(address_of("accounts.password"))
    return redirect(onward)


def _sign_in_page(onward: str, refusal: FuliangError | None = None) -> Response:
    typed = request.form.get("username", "")
    page = render_template("accounts/sign_in.html", onward=onward, refusal=refusal, typed=typed)
    return make_response(page, status_of(type(refusal)) if refusal else 200)


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    if (actor := current_actor()) is not None:
        with database().session(actor.account_id) as session:
            audit.record(session, actor, "sign_out", "sign_out", division_code=actor.scope)
    sessions.end()
    return redirect(address_of("accounts.sign_in"))


def safe_address(wanted: str) -> str:
    """Return the address if it is a path of this site, else the home page.

    >>> safe_address("/areas?code=360222100")
    '/areas?code=360222100'
    >>> [safe_address(bad) for bad in ("https://example.org", "//example.org", "/\\\\example.org")]
    ['/', '/', '/']
    """
    # Browsers read a backslash as a slash and drop control characters: "/\\host" leaves the site.
    leaves = wanted.startswith("//") or "\\" in wanted or not wanted.isprintable()
    return wanted if wanted.startswith("/") and not leaves else "/"


# --- one's own account ---


@blueprint.get("/account")
def show() -> str:
    """Show one's own account."""
    return _account_page(require_actor())


@blueprint.post("/account/email")
def set_email() -> AnyResponse:
    """Say where one's own daily reminders go."""
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            account = session.get_one(Account, actor.account_id)
            operations.set_email(session, actor, account, _typed("email"))
    except Invalid as refusal:
        return make_response(_account_page(actor, email_fault=refusal.problems[0].zh), 422)
    flash("提醒邮箱已保存。", "ok")
    return redirect(address_of("accounts.show"))


def _account_page(
    actor: Actor,
    *,
    token: str | None = None,
    refusal: FuliangError | None = None,
    email_fault: str = "",
) -> str:
    with database().session(actor.account_id) as session:
        account = session.get_one(Account, actor.account_id)
        held = queries.tokens(session, actor.account_id)
    return render_template(
        "accounts/show.html",
        account=account,
        tokens=held,
        token=token,
        refusal=refusal,
        email_fault=email_fault,
        typed_email=_typed("email"),
    )


@blueprint.route("/account/password", methods=["GET", "POST"])
@limiter.limit(PASSWORD_LIMIT, methods=["POST"])
def password() -> AnyResponse:
    """Show the form, or change one's own password."""
    actor = require_actor()
    if request.method == "GET":
        return _password_page()
    current, new = _typed("current"), _typed("password")
    if new != _typed("again"):
        return _password_page("两次输入的新密码不一致。")
    try:
        with database().session(actor.account_id) as session:
            stamp = operations.change_password(session, actor, current, new)
    except SignInFailed:
        return _password_page("当前密码不正确。")
    except Invalid as refusal:
        return _password_page(refusal.problems[0].zh)
    sessions.renew(stamp)
    flash("密码已修改，其他设备上的登录已全部失效。", "ok")
    return redirect(address_of("accounts.show"))


def _password_page(fault: str | None = None) -> Response:
    return make_response(
        render_template("accounts/password.html", fault=fault), 422 if fault else 200
    )


# --- the second factor ---


@blueprint.get("/account/totp")
def totp() -> AnyResponse:
    """Show the QR code of a second factor that waits for its first code."""
    return _totp_page(require_actor())


def _totp_page(actor: Actor, fault: str | None = None) -> AnyResponse:
    address = _pending(actor)
    if address is None:
        return redirect(address_of("accounts.show"))
    secret = address.partition("secret=")[2].partition("&")[0]
    page = render_template("accounts/totp.html", secret=secret, fault=fault)
    return make_response(page, 422 if fault else 200)


@blueprint.get("/account/totp.svg")
def totp_code() -> Response:
    """Draw the QR code of a second factor that waits for its first code.

    Raises:
        NotFound: None waits.
    """
    address = _pending(require_actor())
    if address is None:
        raise NotFound(what="二维码", key="totp.svg")
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=3, light="white")
    return Response(drawn.getvalue(), content_type="image/svg+xml")


def _pending(actor: Actor) -> str | None:
    with database().session(actor.account_id) as session:
        return operations.pending_totp(session, actor, _totp_key())


@blueprint.post("/account/totp/begin")
def begin_totp() -> AnyResponse:
    """Make a new second factor, which does not count before its first code."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        operations.begin_totp(session, actor, _totp_key())
    return redirect(address_of("accounts.totp"))


@blueprint.post("/account/totp")
@limiter.limit(PASSWORD_LIMIT)
def confirm_totp() -> AnyResponse:
    """Put the second factor in force."""
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            stamp = operations.confirm_totp(session, actor, _typed("code"), _totp_key())
    except Invalid as refusal:
        return _totp_page(actor, refusal.problems[0].zh)
    sessions.renew(stamp)
    flash("两步验证已启用。下次登录请输入手机上的动态验证码。", "ok")
    return redirect(address_of("accounts.show"))


@blueprint.post("/account/totp/remove")
@limiter.limit(PASSWORD_LIMIT)
def remove_totp() -> AnyResponse:
    """Take the second factor away."""
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            stamp = operations.remove_totp(session, actor, _typed("current"))
    except SignInFailed:
        flash("当前密码不正确，两步验证未关闭。", "bad")
        return redirect(address_of("accounts.show"))
    sessions.renew(stamp)
    flash("两步验证已关闭。", "ok")
    return redirect(address_of("accounts.show"))


# --- tokens ---


@blueprint.post("/account/tokens")
def create_token() -> AnyResponse:
    """Make a token and show it, this once."""
    actor = require_actor()
    days = _typed("days")
    life = int(days) if days.isascii() and days.isdecimal() and len(days) < 6 else 0
    try:
        with database().session(actor.account_id) as session:
            account = session.get_one(Account, actor.account_id)
            token = tokens.create(session, actor, account, _typed("label"), life)
    except Invalid as refusal:
        return make_response(_account_page(actor, refusal=refusal), 422)
    return make_response(_account_page(actor, token=token))


@blueprint.post("/account/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> AnyResponse:
    """End one of one's own tokens."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        account = session.get_one(Account, actor.account_id)
        tokens.revoke(session, actor, account, token_id)
    flash("令牌已吊销。", "ok")
    return redirect(address_of("accounts.show"))


def _typed(name: str) -> str:
    return request.form.get(name, "").replace("\0", "")


def _totp_key() -> bytes:
    return settings().secret("totp.key")
