"""The pages that people use: server-rendered, in Chinese, working without scripts."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, current_app, g, request, url_for

from fuliang_gis import __version__, clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import FuliangError
from fuliang_gis.locations import queries
from fuliang_gis.locations.records import display
from fuliang_gis.locations.registry import layers
from fuliang_gis.locations.sheets import Field
from fuliang_gis.web.assets import asset_tags
from fuliang_gis.web.context import database, request_id
from fuliang_gis.web.pages import (
    accounts,
    areas,
    editing,
    exports,
    help_page,
    history,
    home,
    locations,
    map_views,
    thematic,
    villages,
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
    ):
        app.register_blueprint(module.blueprint)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        product_name=PRODUCT_NAME,
        version=__version__,
        asset_tags=asset_tags,
        request_id=request_id,
        navigation=navigation,
        shows_invented=shows_invented,
        display=display,
    )
    app.jinja_env.filters.update(moment=moment, kind_label=kind_label)
    app.context_processor(lambda: {"actor": known_actor()})


def moment(at: datetime) -> str:
    """Return a moment as people here read it, in county time."""
    return f"{at.astimezone(clock.ZONE):%Y-%m-%d %H:%M}"


def kind_label(value: str, field: Field) -> str:
    """Return the Chinese label of a kind."""
    return field.choice_labels.get(value, value)


def known_actor() -> Actor | None:
    """Return the person signed in; None where that cannot be found out."""
    if g.get("refusal") == "unavailable":
        return None
    try:
        return current_actor()
    except FuliangError:
        return None


#: Address, label, and whether it is where we are, of one entry of a menu.
Entry = tuple[str, str, bool]


def navigation() -> dict[str, list[Entry]]:
    """Return the entries of the main menu by the menu they are under; "" are those in sight."""
    lists = [
        (url_for("locations.show_list", layer_name=name), found.sheet.title.zh)
        for name, found in layers().items()
    ]
    return {
        "": _entries([("/", "地图"), (url_for("villages.show_list"), "重点村")]),
        "点位": _entries(lists),
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
    if "refusal" in g:
        return False
    asked, known = current_app.extensions.get(_INVENTED, (None, False))
    now = clock.now()
    if asked is None or not 0 <= (now - asked).total_seconds() < _INVENTED_AGE:
        with database().session() as session:
            known = queries.has_invented(session)
        current_app.extensions[_INVENTED] = (now, known)
    return bool(known)
