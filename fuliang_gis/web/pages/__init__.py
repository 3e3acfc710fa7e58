"""The pages that people use: server-rendered, in Chinese, working without scripts."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, current_app, g, request, url_for

from fuliang_gis import __version__, clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import FuliangError
from fuliang_gis.inspections.defects.rules import STATE_NAMES
from fuliang_gis.inspections.norms import norms
from fuliang_gis.locations import queries
from fuliang_gis.locations.records import display
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.sheets import Field
from fuliang_gis.planning.models import PLAN_STATE_NAMES
from fuliang_gis.web.assets import asset_tags
from fuliang_gis.web.context import database, request_id
from fuliang_gis.web.pages import (
    accounts,
    areas,
    board,
    calendar,
    defects,
    disposals,
    duties,
    editing,
    exports,
    help_page,
    history,
    home,
    labels,
    ledger,
    locations,
    map_views,
    plan_editor,
    plan_notices,
    plan_procedure,
    plan_services,
    plans,
    reminders,
    reports,
    roads,
    round_exports,
    rounds,
    rounds_acts,
    rounds_apart,
    rounds_board,
    rounds_compare,
    rounds_moves,
    rounds_replans,
    rounds_teams,
    rounds_today,
    thematic,
    today,
    villages,
    visits,
)
from fuliang_gis.web.session import current_actor

PRODUCT_NAME = "浮梁县乡村空间与资产管理"
_INVENTED = "fuliang_invented"
#: How long the answer to "is there demo data?" may be old [s].
_INVENTED_AGE = 60


def register(app: Flask) -> None:
    """Add every page, and what every template may use."""
    for module in (
        home,
        exports,
        locations,
        editing,
        history,
        areas,
        help_page,
        accounts,
        map_views,
        thematic,
        villages,
        today,
        visits,
        duties,
        calendar,
        board,
        defects,
        disposals,
        reports,
        labels,
        reminders,
        ledger,
        round_exports,
        rounds,
        rounds_acts,
        rounds_apart,
        rounds_board,
        rounds_moves,
        rounds_compare,
        rounds_replans,
        rounds_teams,
        roads,
        rounds_today,
        plan_editor,
        plan_services,
        plans,
        plan_procedure,
        plan_notices,
    ):
        app.register_blueprint(module.blueprint)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        product_name=PRODUCT_NAME,
        version=__version__,
        asset_tags=asset_tags,
        request_id=request_id,
        navigation=navigation,
        reminders_waiting=reminders_waiting,
        shows_invented=shows_invented,
        display=display,
        link=link,
        severity_names=norms().severities,
        defect_states=STATE_NAMES,
        plan_states=PLAN_STATE_NAMES,
        plan_tabs=plans.TABS,
        plan_tones=plans.TONES,
    )
    app.jinja_env.filters.update(moment=moment, kind_label=kind_label)
    app.context_processor(lambda: {"actor": known_actor()})


def link(endpoint: str, **values: str) -> str | None:
    """Return a page's address, or None where the service has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]


def moment(at: datetime) -> str:
    """Return a moment as people here read it, in county time."""
    return f"{at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"


def kind_label(value: str, field: Field) -> str:
    """Return the Chinese label of a kind."""
    return field.choice_labels.get(value, value)


def reminders_waiting() -> int:
    """Return how much waits for the person signed in; nothing where that cannot be found out."""
    actor = known_actor()
    if actor is None or "asks_nothing" in g:
        return 0
    return reminders.reminder_count(actor)


def known_actor() -> Actor | None:
    """Return the person signed in; None where that cannot be found out."""
    if g.get("refusal") == "unavailable":
        return None
    try:
        return current_actor()
    except FuliangError:
        return None


#: What the menu of inspections holds, and what it takes to see an entry.
_DUTIES = (
    ("today.show", "今日任务", Permission.RECORD_VISITS),
    ("duties.show_obligations", "任务清单", Permission.READ),
    ("calendar.show", "巡查日历", Permission.READ),
    ("rounds.show_list", "巡查路线", Permission.READ),
    ("roads.show", "道路与管制", Permission.MANAGE_ROUNDS),
    ("board.show", "合规看板", Permission.READ),
    ("visits.show_list", "巡查记录", Permission.READ),
    ("defects.show_list", "问题台账", Permission.READ),
    ("reports.show_review", "群众反映", Permission.HANDLE_DEFECTS),
    ("disposals.show_list", "资产处置", Permission.READ),
    ("duties.show_rules", "巡查规则", Permission.READ),
    ("labels.show", "二维码标签", Permission.READ),
)

#: Address, label, and whether it is where we are, of one entry of a menu.
Entry = tuple[str, str, bool]


def navigation() -> dict[str, list[Entry]]:
    """Return the entries of the main menu by the menu they are under; "" are those in sight."""
    lists = [
        (url_for("locations.show_list", layer_name=name), found.sheet.title.zh)
        for name, found in layers().items()
    ]
    actor = known_actor()
    duties = [
        (url_for(endpoint), label)
        for endpoint, label, permission in _DUTIES
        if actor and has(actor, permission)
    ]
    return {
        "": _entries(
            [
                ("/", "地图"),
                (url_for("villages.show_list"), "重点村"),
                (url_for("plans.show_list"), "村庄规划"),
            ]
        ),
        "点位": _entries(lists),
        "巡查": _entries(duties),
        "more": _entries(
            [(url_for("thematic.show"), "专题图"), (url_for("areas.show"), "行政区划")]
        ),
    }


def _entries(places: list[tuple[str, str]]) -> list[Entry]:
    return [
        (address, label, request.path == address or (address != "/" and _under(address)))
        for address, label in places
    ]


def _under(address: str) -> bool:
    return request.path.startswith(f"{address}/")


def shows_invented() -> bool:
    """Tell whether invented data is held; asked of the database once a minute at most."""
    if "asks_nothing" in g:
        return False
    asked, known = current_app.extensions.get(_INVENTED, (None, False))
    now = clock.now()
    if asked is None or not 0 <= (now - asked).total_seconds() < _INVENTED_AGE:
        with database().session() as session:
            known = queries.has_invented(session)
        current_app.extensions[_INVENTED] = (now, known)
    return bool(known)
