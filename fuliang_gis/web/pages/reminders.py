"""Reminders in the app, their number for the header, and the calendar feed."""

from __future__ import annotations

import hashlib
import time

from flask import Blueprint, Response, current_app, flash, make_response, redirect, request, url_for
from flask import render_template as render
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.defects.rules import STATE_NAMES
from fuliang_gis.inspections.norms import norms
from fuliang_gis.inspections.reminders import calendar, operations, queries
from fuliang_gis.inspections.reminders.mail import LINES, PLANS
from fuliang_gis.jobs.smtp import sends_mail
from fuliang_gis.planning.procedure.waiting import waiting_count, waiting_plans
from fuliang_gis.reporting.reminders import entries
from fuliang_gis.web.context import database, settings, site_address
from fuliang_gis.web.security import limiter
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("reminders", __name__)

#: How long a counted badge may be old [s]; it stands on every page.
BADGE_AGE = 30.0
#: Badges kept in one process.
MOST_KEPT = 2000
FEED_LIMIT = "60 per minute"
_KEPT = "fuliang_reminders"

#: Lists of defects, in the order of the page.
_DEFECT_LISTS = ("to_fix", "late_defects", "to_assign", "to_verify", "to_close")


def reminder_count(actor: Actor) -> int:
    """Return how much waits for the post itself, as of half a minute ago at most."""
    kept: dict[int, tuple[float, int]] = current_app.extensions.setdefault(_KEPT, {})
    found = kept.get(actor.account_id)
    if found is not None and time.monotonic() - found[0] < BADGE_AGE:
        return found[1]
    with database().reading() as session:
        today = clock.today()
        number = queries.badge(session, actor, today) + waiting_count(session, actor, today)
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[actor.account_id] = (time.monotonic(), number)
    return number


@blueprint.get("/reminders")
def show() -> str:
    """Show what waits for the post, and its calendar address."""
    return _page(require_actor())


def _page(actor: Actor, secret: str | None = None) -> str:
    today = clock.today()
    with database().session() as session:
        counts = queries.counts(session, actor, today)
        visiting = queries.visits(actor)
        duties = queries.my_duties(session, actor, today) if visiting else ()
        places = queries.places(session, actor, today) if counts.overdue + counts.due_soon else ()
        lists = {
            kind: queries.problems(session, actor, kind, today)
            for kind in _DEFECT_LISTS
            if getattr(counts, kind)
        }
        plans = waiting_plans(session, actor, today)
        waiting = waiting_count(session, actor, today) if plans else 0
        held = operations.feed_of(session, actor)
        email = session.get_one(Account, actor.account_id).email
    return render(
        "reminders/show.html",
        today=today,
        counts=counts,
        visiting=visiting,
        duties=duties,
        places=places,
        lists=lists,
        plans=plans,
        plans_waiting=waiting,
        plans_name=PLANS,
        names=LINES,
        severities=norms().severities,
        purposes=norms().purposes,
        defect_states=STATE_NAMES,
        held=held,
        feed=f"{site_address()}{url_for('reminders.feed', secret=secret)}" if secret else None,
        email=email,
        sends_mail=sends_mail(settings()),
        known=current_app.view_functions,
    )


@blueprint.post("/reminders/feed")
def make_feed() -> AnyResponse:
    """Make a calendar address and show it, this once; an earlier one ends."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        secret = operations.make_feed(session, actor)
    return make_response(_page(actor, secret))


@blueprint.post("/reminders/feed/drop")
def drop_feed() -> AnyResponse:
    """End the calendar address."""
    actor = require_actor()
    with database().session(actor.account_id) as session:
        operations.drop_feed(session, actor)
    flash("日历订阅地址已停用。", "ok")
    return redirect(url_for("reminders.show"))


@blueprint.get("/feeds/<secret>.ics")
@limiter.limit(FEED_LIMIT)
def feed(secret: str) -> AnyResponse:
    """Give the calendar of the post whose secret address this is.

    Raises:
        NotFound: It is nobody's, or its account was switched off.
    """
    today = clock.today()
    with database().session() as session:
        actor = operations.owner_of_feed(session, secret)
        if actor is None:
            raise NotFound(what="日历订阅", key="…")
        found = entries(session, actor, today)
    body = calendar.feed(
        f"待办提醒 {actor.display_name}",
        found,
        domain=f"{settings().county_code}.fuliang-gis",
        site=site_address(),
        today=today,
    )
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="reminders.ics"'
    response.headers["Cache-Control"] = "private, max-age=900"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    return response.make_conditional(request)
