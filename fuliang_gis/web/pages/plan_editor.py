"""The editor of a plan's scheme; whoever may not draft, or whose plan is on its way, looks only."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for
from shapely import Polygon

from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Permission
from fuliang_gis.db.base import Json
from fuliang_gis.planning import queries
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.models import PLAN_STATE_NAMES, PlanScheme
from fuliang_gis.planning.norms import Profile, profile
from fuliang_gis.planning.parcels import Parcel
from fuliang_gis.planning.queries import PlanRow, SchemeRow
from fuliang_gis.planning.tables.structure import row_of
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("plan_editor", __name__, url_prefix="/plan-schemes")

_NO_LAND = Polygon()


@blueprint.get("/<int:scheme_id>/edit")
def show(scheme_id: int) -> str:
    """Show a scheme in the editor; what is drawn comes over the API."""
    actor = require_actor()
    with database().session() as session:
        plan, scheme = queries.scheme(session, actor, scheme_id)
        row = queries.plan(session, actor, plan.id)
        schemes = queries.schemes(session, plan.id)
    allowed = may(actor, Permission.DRAFT_PLANS, plan.division_code)
    editable = allowed and plan.state == "draft"
    return render_template(
        "plans/editor.html",
        row=row,
        plan=plan,
        scheme=scheme,
        schemes=schemes,
        allowed=allowed,
        editable=editable,
        state_name=PLAN_STATE_NAMES[plan.state][0],
        given=_given(row, scheme, schemes, editable=editable, account=actor.account_id),
    )


def _given(
    row: PlanRow, scheme: PlanScheme, schemes: list[SchemeRow], *, editable: bool, account: int
) -> Json:
    """Return what the editor's script begins with."""
    edition = row.plan.edition
    return {
        "scheme": scheme.id,
        "title": scheme.title,
        "edition": edition,
        "editable": editable,
        "account": account,
        "api": url_for("api.get_scheme", scheme_id=scheme.id),
        "codes": url_for("plans.codes", edition=edition),
        "lines": url_for("plans.control_lines"),
        "editor": url_for("plan_editor.show", scheme_id=0),
        "sign_in": url_for("accounts.sign_in"),
        "others": [
            {
                "title": each.scheme.title,
                "api": url_for("api.get_scheme", scheme_id=each.scheme.id),
            }
            for each in schemes
            if each.scheme.id != scheme.id and each.scheme.head > 0
        ],
        "rows": _table_rows(edition, profile(row.plan.profile)),
    }


def _table_rows(edition: str, numbers: Profile) -> dict[str, str]:
    """Return the row of the structure table that each code counts in."""
    return {
        code: row_of(Parcel(code, code, _NO_LAND, edition), numbers) for code in land_uses(edition)
    }
