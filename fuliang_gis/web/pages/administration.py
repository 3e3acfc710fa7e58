"""Pages of administrators: accounts, the audit record, refused writes."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts import operations, queries, refusals, tokens
from fuliang_gis.accounts.audit import ACTION_NAMES, DETAIL_NAMES, OUTCOME_NAMES
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.operations import Post
from fuliang_gis.accounts.policies import require_role
from fuliang_gis.accounts.queries import AuditFilter
from fuliang_gis.accounts.roles import ROLE_NAMES, Actor, Permission
from fuliang_gis.errors import Duplicate, FuliangError, Invalid
from fuliang_gis.web.context import database, settings
from fuliang_gis.web.errors import status_of
from fuliang_gis.web.pages.asked import day_or_none
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("administration", __name__)

#: Refused writes shown above the audit record.
REFUSALS_SHOWN = 50

#: Nobody pages further; filters find older rows.
LAST_PAGE = 10_000


# --- accounts ---


@blueprint.get("/accounts")
def show_list() -> str:
    """List the accounts of one's own division."""
    actor = _administrator()
    search = _asked("q")
    with database().session(actor.account_id) as session:
        page = queries.accounts(session, actor, search, _page_number())
    return render_template("accounts/list.html", page=page, search=search, roles=ROLE_NAMES)


@blueprint.route("/accounts/new", methods=["GET", "POST"])
def create() -> AnyResponse:
    """Show the form, or create an account and show its one-time password."""
    actor = _administrator()
    if request.method == "GET":
        return _form_page(actor, None)
    username = _given("username")
    try:
        with database().session(actor.account_id) as session:
            account, password = operations.create(session, actor, username, _post())
            operations.set_email(session, actor, account, _given("email"))
    except (Invalid, Duplicate) as refusal:
        return _form_page(actor, None, refusal)
    return _password_page(account, password)


@blueprint.get("/accounts/<username>")
def edit(username: str) -> AnyResponse:
    """Show one account with everything that can be done to it."""
    actor = _administrator()
    with database().session(actor.account_id) as session:
        account = queries.account(session, username, actor)
    return _form_page(actor, account)


@blueprint.post("/accounts/<username>")
def change(username: str) -> AnyResponse:
    """Give an account another name, role or division."""
    actor = _administrator()
    with database().session(actor.account_id) as session:
        account = queries.account(session, username, actor)
    try:
        with database().session(actor.account_id) as session:
            changed = queries.account(session, username, actor)
            operations.change(session, actor, changed, _post())
            operations.set_email(session, actor, changed, _given("email"))
    except Invalid as refusal:
        return _form_page(actor, account, refusal)
    flash("账号已保存。", "ok")
    return redirect(address_of("accounts.administration.edit", username=username))


@blueprint.post("/accounts/<username>/reset-password")
def reset_password(username: str) -> AnyResponse:
    """Make a new one-time password and show it, this once."""
    actor = _administrator()
    with database().session(actor.account_id) as session:
        account = queries.account(session, username, actor)
        password = operations.reset_password(
            session, actor, account, second_factor="second_factor" in request.form
        )
    return _password_page(account, password)


@blueprint.post("/accounts/<username>/unlock")
def unlock(username: str) -> AnyResponse:
    """End an account's rest after failed sign-ins."""
    return _act(username, operations.unlock, "账号已解锁。")


@blueprint.post("/accounts/<username>/deactivate")
def deactivate(username: str) -> AnyResponse:
    """Switch an account off."""
    return _act(username, operations.deactivate, "账号已停用，其登录与令牌立即失效。")


@blueprint.post("/accounts/<username>/activate")
def activate(username: str) -> AnyResponse:
    """Switch an account on again."""
    return _act(username, operations.activate, "账号已启用。")


@blueprint.post("/accounts/<username>/revoke-tokens")
def revoke_tokens(username: str) -> AnyResponse:
    """End every token of an account."""
    return _act(username, tokens.revoke_all, "该账号的令牌已全部吊销。")


def _act(username: str, act: Callable[..., object], done: str) -> AnyResponse:
    actor = _administrator()
    with database().session(actor.account_id) as session:
        act(session, actor, queries.account(session, username, actor))
    flash(done, "ok")
    return redirect(address_of("accounts.administration.edit", username=username))


def _administrator() -> Actor:
    actor = require_actor()
    require_role(actor, Permission.MANAGE_ACCOUNTS)
    return actor


def _post() -> Post:
    return Post(*(_given(name) for name in ("display_name", "role", "division_code")))


def _given(name: str) -> str:
    return request.form.get(name, "").replace("\0", "")


def _form_page(
    actor: Actor, account: Account | None, refusal: FuliangError | None = None
) -> Response:
    with database().session(actor.account_id) as session:
        offered = queries.divisions(session, actor)
    given: Post | Account | None = _post() if refusal else account
    page = render_template(
        "accounts/form.html",
        account=account,
        given=given,
        typed_username=_given("username"),
        typed_email=_given("email") if refusal or account is None else account.email or "",
        faults=_faults(refusal),
        roles=ROLE_NAMES,
        divisions=offered,
    )
    return make_response(page, status_of(type(refusal)) if refusal else 200)


def _faults(refusal: FuliangError | None) -> dict[str, str]:
    if isinstance(refusal, Invalid):
        return {problem.field or "": problem.zh for problem in refusal.problems}
    return {refusal.field or "": refusal.text_zh} if refusal else {}


def _password_page(account: Account, password: str) -> Response:
    page = render_template("accounts/one_time.html", account=account, password=password)
    return make_response(page)


# --- the audit record ---


@blueprint.get("/audit")
def show_audit() -> str:
    """List the audit record; to the county's administrators also what the database refused."""
    actor = require_actor()
    kept = _filter()
    with database().session(actor.account_id) as session:
        page = queries.audit_events(session, actor, kept, _page_number())
    return render_template(
        "accounts/audit.html",
        page=page,
        kept=kept,
        actions=ACTION_NAMES,
        outcomes=OUTCOME_NAMES,
        details=DETAIL_NAMES,
        refusals=_refusals(actor),
    )


def _refusals(actor: Actor) -> list[refusals.Refusal]:
    if not refusals.may_read(actor):
        return []
    return refusals.read_refusals(refusals.log_folder(settings()), REFUSALS_SHOWN)


def _filter() -> AuditFilter:
    return AuditFilter(
        actor=_asked("actor"),
        action=_asked("action"),
        outcome=_asked("outcome"),
        subject=_asked("subject"),
        since=day_or_none(_asked("since")),
        until=day_or_none(_asked("until")),
    )


def _page_number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)


def _asked(name: str) -> str:
    return request.args.get(name, "").replace("\0", "").strip()
