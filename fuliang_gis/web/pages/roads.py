"""Roads: how the network hangs together, and where it is closed or slow for a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.policies import may, require_role
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import FuliangError, Invalid, WrongState
from fuliang_gis.locations.registry import layers
from fuliang_gis.roads import closures, connectivity
from fuliang_gis.roads.closure_queries import ClosureRow, closure_page
from fuliang_gis.roads.closures import HinderedRoad
from fuliang_gis.roads.hanging import ISLAND, MAIN, TRAP
from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import roads_asked as asked
from fuliang_gis.web.pages.common import in_sight, planner
from fuliang_gis.web.pages.roads_asked import Asked, ClosuresAsked
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("roads", __name__, url_prefix="/roads")

PAGE_SIZE = 25
#: Roads off the main network, and locations, that one map draws.
_MOST_ROADS, _MOST_PLACES = 2000, 500
#: Refusals after which the form is shown again with what was typed.
_CORRECTABLE = (Invalid, WrongState)
_STATES = {
    "now": ("正在管制", "bad"),
    "later": ("尚未开始", "warn"),
    "ended": ("已到期", ""),
    "lifted": ("已解除", "ok"),
}


# --- the report ---


@blueprint.get("")
def show() -> str:
    """Show how the roads hang together and which locations they do not reach."""
    actor, chosen = planner(), asked.report_asked()
    with database().session() as session:
        townships = in_sight(actor, areas.list_divisions(session, level="township"))
        try:
            found = connectivity.report(session, actor.scope)
        except Invalid:
            return render_template("roads/empty.html")
        page = _page_of(session, found, chosen)
    return render_template(
        "roads/report.html",
        report=found,
        page=page,
        chosen=chosen,
        table=_table(found, chosen, townships),
        far=int((found.near.metres > chosen.farther).sum()),
        off=int((found.near.standing != MAIN).sum()),
        townships=townships,
        layers=layers(),
        why=connectivity.WHY,
    )


@blueprint.get("/report.json")
def report_shapes() -> Response:
    """Give what the report's map draws: islands, dead one-ways, locations of the list."""
    actor, chosen = planner(), asked.report_asked()
    with database().session() as session:
        found = connectivity.report(session, actor.scope)
        page = _page_of(session, found, chosen, first=_MOST_PLACES)
    kinds = {ISLAND: "island", TRAP: "trap"}
    off = [i for i, standing in enumerate(found.hanging.standing) if standing != MAIN]
    features = [
        _feature(
            {"type": "LineString", "coordinates": found.graph.edges[i].line.round(6).tolist()},
            kind=kinds[int(found.hanging.standing[i])],
            title=found.graph.edges[i].name,
        )
        for i in off[:_MOST_ROADS]
    ]
    features += [
        _feature(
            {"type": "Point", "coordinates": [round(row.lon, 6), round(row.lat, 6)]},
            kind="place",
            title=f"{row.name}（{connectivity.WHY[row.why]}，离路 {row.metres:,.0f} 米）",
            card=url_for("locations.show_card", layer_name=row.layer, code=row.code),
        )
        for row in page.rows
    ]
    return _collection(features)


def _page_of(
    session: connectivity.Transaction, found: connectivity.Report, chosen: Asked, first: int = 0
) -> Page[connectivity.Unreached]:
    return connectivity.unreached(
        session,
        found,
        chosen.farther,
        township=chosen.township,
        layer=chosen.layer,
        page=1 if first else chosen.page,
        size=first or connectivity.PAGE_SIZE,
    )


def _table(
    found: connectivity.Report, chosen: Asked, townships: Sequence[Division]
) -> list[tuple[Division, connectivity.Cut]]:
    """Return what each township has of far and unreachable locations, where it has any."""
    sums: dict[str, connectivity.Cut] = {}
    for (township, layer), cut in found.cuts(chosen.farther).items():
        if not chosen.layer or layer == chosen.layer:
            sums[township] = sums.get(township, connectivity.Cut()) + cut
    return [(each, sums[each.code]) for each in townships if each.code in sums]


# --- closures ---


@blueprint.get("/closures")
def show_closures() -> str:
    """Show closures with their roads on a map, and the form of a new one."""
    actor = planner()
    today = clock.today().isoformat()
    return _closures_page(actor, {"kind": "closed", "shape": "line", "valid_from": today})


@blueprint.post("/closures")
def declare() -> Response:
    """Close roads or slow them down, or show the form again with what is wrong."""
    actor, typed = require_actor(), asked.closure_typed()
    try:
        given = asked.closure_given(typed)
        with database().session(actor.account_id) as session:
            made = closures.declare(session, actor, given)
            count = len(closures.hindered_roads(session, [made.id]))
    except _CORRECTABLE as refusal:
        return _refused(actor, typed, refusal)
    flash(f"已登记道路管制“{made.reason}”，涉及 {count} 段道路，行车时间已按此计算。", "ok")
    return _back()


@blueprint.post("/closures/<int:closure_id>/lift")
def lift(closure_id: int) -> Response:
    """Open the roads of a closure again."""
    actor = require_actor()
    try:
        with database().session(actor.account_id) as session:
            lifted = closures.lift(session, actor, closure_id)
    except _CORRECTABLE as refusal:
        return _refused(actor, {}, refusal)
    flash(f"已解除道路管制“{lifted.reason}”，行车时间已恢复。", "ok")
    return _back()


@blueprint.post("/closures/touched")
def touched() -> Response:
    """Give the roads that a shape would close, before it is declared."""
    planner()
    typed = asked.closure_typed()
    shape = asked.shape_of(typed.get("geom", ""), area=typed.get("shape") == "area")
    with database().session() as session:
        found = closures.touched_roads(session, shape)
    # Roads that have a name say more than those that are only of a class.
    told = sorted(found, key=lambda each: each.name is None)
    names = dict.fromkeys(each.name or ROAD_CLASSES[each.road_class] for each in told)
    return _collection(
        [_road(each) for each in found],
        count=len(found),
        metres=round(sum(each.metres for each in found)),
        names=list(names)[:5],
    )


@blueprint.get("/closures/shapes.json")
def closure_shapes() -> Response:
    """Give the closures of the list and the roads that they touch, for the map."""
    actor, chosen = planner(), asked.closures_asked()
    with database().session() as session:
        page = _rows(session, actor, chosen)
        holding = [row.id for row in page.rows if _state(row) in ("now", "later")]
        hindered = closures.hindered_roads(session, holding)
    slow = {row.id for row in page.rows if row.factor is not None}
    shown = [row for row in page.rows if row.id in holding]
    features = [
        _feature(row.geometry, kind="closure", title=row.reason, slow=row.id in slow, id=row.id)
        for row in shown
    ]
    return _collection([*features, *(_road(each, slow=each.closure in slow) for each in hindered)])


def _rows(
    session: connectivity.Transaction, actor: Actor, chosen: ClosuresAsked
) -> Page[ClosureRow]:
    on = None if chosen.every else clock.today()
    return closure_page(
        session, actor, on=on, lifted=chosen.every, page=chosen.page, size=PAGE_SIZE
    )


def _state(row: ClosureRow) -> str:
    today = clock.today()
    if row.lifted_at is not None:
        return "lifted"
    if row.valid_to is not None and row.valid_to < today:
        return "ended"
    return "later" if row.valid_from > today else "now"


def _closures_page(
    actor: Actor, typed: Mapping[str, str], refusal: FuliangError | None = None
) -> str:
    chosen = asked.closures_asked()
    with database().session() as session:
        page = _rows(session, actor, chosen)
        places = [
            *(areas.list_divisions(session, level="county")),
            *(areas.list_divisions(session, level="township")),
        ]
    faults: dict[str, str] = {}
    for problem in refusal.problems if isinstance(refusal, Invalid) else ():
        faults.setdefault(problem.field or "", problem.zh)
    return render_template(
        "roads/closures.html",
        page=page,
        chosen=chosen,
        typed=typed,
        faults=faults,
        told=refusal.text_zh if refusal else None,
        states=_STATES,
        state_of=_state,
        most=closures.MOST_FACTOR,
        divisions=[d for d in places if may(actor, Permission.MANAGE_ROUNDS, d.code)],
        may_lift=lambda row: may(actor, Permission.MANAGE_ROUNDS, row.division_code),
    )


def _refused(actor: Actor, typed: Mapping[str, str], refusal: FuliangError) -> Response:
    note_refusal(refusal)
    require_role(actor, Permission.MANAGE_ROUNDS)
    return make_response(_closures_page(actor, typed, refusal), status_of(type(refusal)))


def _back() -> Response:
    chosen = ClosuresAsked(every=False, page=1)
    return make_response(redirect(chosen.address(), HTTPStatus.SEE_OTHER))


def _road(road: HinderedRoad, *, slow: bool = False) -> Mapping[str, object]:
    title = road.name or ROAD_CLASSES[road.road_class]
    return _feature(json.loads(road.geometry), kind="road", title=title, slow=slow)


def _feature(geometry: object, **properties: object) -> Mapping[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _collection(features: Sequence[Mapping[str, object]], **told: object) -> Response:
    body = {"type": "FeatureCollection", **told, "features": features}
    return Response(
        json.dumps(body, ensure_ascii=False),
        content_type="application/geo+json",
        headers={"Cache-Control": "no-store"},
    )
