"""What every page of one plan reads first: the plan, its schemes, and the one that is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from flask import current_app, request, url_for
from shapely.geometry.base import BaseGeometry

from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.planning import queries
from fuliang_gis.planning.models import PlanScheme, VillagePlan
from fuliang_gis.planning.norms import Profile, profile
from fuliang_gis.planning.queries import PlanRow, SchemeRow
from fuliang_gis.web.pages.plans_asked import whole

EDITOR = "plan_editor.show"


@dataclass(frozen=True)
class Looked:
    """A plan with the scheme and version that its page shows."""

    row: PlanRow
    schemes: Sequence[SchemeRow]
    shown: SchemeRow | None
    ordinal: int
    may_draft: bool

    @property
    def plan(self) -> VillagePlan:
        """Return the plan itself."""
        return self.row.plan

    @property
    def scheme(self) -> PlanScheme:
        """Return the scheme that is shown.

        Raises:
            NotFound: The plan has none.
        """
        if self.shown is None:
            raise NotFound(what="规划方案", key=self.plan.id)
        return self.shown.scheme

    @property
    def newest(self) -> bool:
        """Whether the version shown is the scheme's newest."""
        return self.shown is not None and self.ordinal == self.shown.scheme.head

    @property
    def profile(self) -> Profile:
        """Return the numbers that the plan is held to."""
        return profile(self.plan.profile)

    @property
    def boundary(self) -> BaseGeometry:
        """Return the village's frozen boundary on the plane."""
        found: BaseGeometry = shapely.from_wkb(bytes(self.plan.boundary.data))
        return found

    @property
    def sketch(self) -> str:
        """Return the address of what the map draws."""
        return sketch_of(self.scheme.id, self.ordinal)

    @property
    def editor(self) -> str:
        """Return the editor's address, empty where the scheme cannot be drawn upon."""
        known = EDITOR in current_app.view_functions
        if not (known and self.may_draft and self.newest):
            return ""
        return url_for(EDITOR, scheme_id=self.scheme.id)

    def address(self, endpoint: str, **more: object) -> str:
        """Return a page's address for the same scheme and version."""
        asked: dict[str, object] = {"plan_id": self.plan.id}
        if self.shown is not None and not self.shown.scheme.chosen:
            asked["scheme"] = self.shown.scheme.id
        if not self.newest:
            asked["version"] = self.ordinal
        asked |= {name: value for name, value in more.items() if value not in (None, "")}
        return url_for(endpoint, **asked)  # type: ignore[arg-type]


def sketch_of(scheme_id: int, ordinal: int) -> str:
    """Return the address of what is drawn of a scheme; before its first version, as it begins."""
    return url_for("api.get_scheme_sketch", scheme_id=scheme_id, version=ordinal or None)


def look(session: Transaction, actor: Actor, plan_id: int) -> Looked:
    """Read a plan and the scheme and version that the address names; by default the main one's.

    Raises:
        NotFound: There is no such plan, scheme or version for the actor.
    """
    row = queries.plan(session, actor, plan_id)
    schemes = queries.schemes(session, plan_id)
    shown = _shown(schemes, request.args.get("scheme", ""))
    head = shown.scheme.head if shown else 0
    asked = request.args.get("version", "")
    ordinal = whole(asked) if asked else head
    if ordinal is None or not 0 <= ordinal <= head:
        raise NotFound(what="方案版本", key=asked)
    drafts = may(actor, Permission.DRAFT_PLANS, row.plan.division_code)
    return Looked(row, schemes, shown, ordinal, drafts and row.plan.state == "draft")


def _shown(schemes: Sequence[SchemeRow], asked: str) -> SchemeRow | None:
    if asked:
        found = [each for each in schemes if str(each.scheme.id) == asked]
        if not found:
            raise NotFound(what="规划方案", key=asked)
        return found[0]
    chosen = [each for each in schemes if each.scheme.chosen]
    return next(iter([*chosen, *schemes]), None)
