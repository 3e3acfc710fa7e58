"""What anybody may see of plans: those on notice, and those that were published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.areas.models import Division
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.kept import Kept
from fuliang_gis.planning import queries
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.models import PLAN_STATE_NAMES, PlanParcel, PlanScheme, VillagePlan
from fuliang_gis.planning.norms import profile
from fuliang_gis.planning.tables.goals import Reckoned, reckon
from fuliang_gis.planning.tables.structure import Row, structure

#: Plans of one page.
PAGE = 20
#: States in which a plan stays public.
PUBLISHED = ("published", "in_force")

#: Documents and tables that one process keeps for the public.
_MOST_KEPT = 32

_TOWNSHIP = aliased(Division)
#: Database, plan, its row version.
_Key = tuple[str, int, int]


@dataclass(frozen=True)
class PublicTables:
    """The tables that the notice shows."""

    structure: tuple[Row, ...]
    goals: tuple[Reckoned, ...]


@dataclass(frozen=True)
class PublicPlan:
    """A plan as the public sees it on a day."""

    plan: VillagePlan
    village: str
    township: str | None
    today: date

    @property
    def open(self) -> bool:
        """Tell whether opinions are taken in."""
        plan = self.plan
        if plan.state != "notice" or plan.notice_from is None or plan.notice_until is None:
            return False
        return plan.notice_from <= self.today <= plan.notice_until

    @property
    def days_left(self) -> int | None:
        """Days until the notice ends, 0 on its last day; None when it does not run."""
        if not self.open or self.plan.notice_until is None:
            return None
        return (self.plan.notice_until - self.today).days

    @property
    def standing(self) -> str:
        """How far the plan is, as the public is told."""
        if self.plan.state == "notice" and not self.open:
            return "公示已期满"
        return PLAN_STATE_NAMES[self.plan.state][0]

    @property
    def closed_why(self) -> str:
        """Why no opinions are taken in."""
        if self.plan.state == "notice":
            return f"公示已于 {self.plan.notice_until} 结束，意见正在答复。"
        return "公示已结束，规划已公布。对实施有意见，请向乡镇人民政府反映。"


def is_public(plan: VillagePlan, today: date) -> bool:
    """Tell whether the public may see a plan, as ``_public`` does in statements."""
    begun = plan.notice_from is not None and plan.notice_from <= today
    return plan.state in PUBLISHED or (plan.state == "notice" and begun)


def public_plans(session: Session, today: date, page: int = 1) -> Page[PublicPlan]:
    """Return one page of the plans that the public may see, those on notice first."""
    total = session.scalar(select(func.count(VillagePlan.id)).where(_public(today))) or 0
    statement = (
        _plans(today)
        .order_by(VillagePlan.state != "notice", VillagePlan.notice_until, VillagePlan.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    rows = [
        PublicPlan(plan, village, township, today)
        for plan, village, township in session.execute(statement)
    ]
    return Page(rows, total, page, PAGE)


def public_plan(session: Session, plan_id: int, today: date) -> PublicPlan:
    """Return one plan that the public may see.

    Raises:
        NotFound: There is none, or not for the public.
    """
    row = session.execute(_plans(today).where(VillagePlan.id == plan_id)).first()
    if row is None:
        raise NotFound(what="公示的规划", key=plan_id)
    plan, village, township = row
    return PublicPlan(plan, village, township, today)


def public_scheme(session: Session, plan: VillagePlan) -> tuple[PlanScheme, int]:
    """Return the scheme of a public plan and the version that is on its way."""
    if plan.frozen_scheme is None or plan.frozen_ordinal is None:
        raise NotFound(what="公示的规划", key=plan.id)
    return session.get_one(PlanScheme, plan.frozen_scheme), plan.frozen_ordinal


def public_sketch(session: Session, plan: VillagePlan) -> str:
    """Return boundary, parcels and control lines of the version on its way, as plane GeoJSON.

    Base year and households are no part of it: nothing but what the notice shows.
    """
    scheme, ordinal = public_scheme(session, plan)
    return _sketches.of(_key(session, plan), lambda: _sketch(session, plan, scheme, ordinal))


def _sketch(session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int) -> str:
    drawn = json.loads(queries.sketch(session, plan.id, scheme.id, ordinal))
    for each in drawn["parcels"]:
        each["properties"].pop("households", None)
    shown = {name: drawn[name] for name in ("crs", "boundary", "parcels", "lines")}
    told = {"version": ordinal, **shown, "base": []}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def public_tables(session: Session, plan: VillagePlan) -> PublicTables:
    """Return the tables of the version on its way; reckoned once, since it does not change."""
    scheme, ordinal = public_scheme(session, plan)
    return _tables.of(_key(session, plan), lambda: _reckoned(session, plan, scheme, ordinal))


def _reckoned(
    session: Session, plan: VillagePlan, scheme: PlanScheme, ordinal: int
) -> PublicTables:
    draft = draft_of(session, plan, scheme, ordinal)
    numbers = profile(plan.profile)
    return PublicTables(tuple(structure(draft, numbers)), tuple(reckon(draft, numbers)))


def parcel_names(session: Session, plan: VillagePlan) -> Sequence[tuple[str, str, str]]:
    """Return id, code and label of the parcels of the version on its way."""
    then = plan.frozen_ordinal or 0
    statement = (
        select(PlanParcel.name, PlanParcel.use_code, PlanParcel.label)
        .where(
            PlanParcel.scheme_id == plan.frozen_scheme,
            PlanParcel.since <= then,
            or_(PlanParcel.until.is_(None), PlanParcel.until > then),
        )
        .order_by(PlanParcel.name)
    )
    return [(name, code, label) for name, code, label in session.execute(statement)]


_sketches, _tables = Kept[_Key, str](_MOST_KEPT), Kept[_Key, PublicTables](_MOST_KEPT)


def _key(session: Session, plan: VillagePlan) -> _Key:
    database = session.get_bind().engine.url.database or ""
    return database, plan.id, plan.version


def _public(today: date) -> ColumnElement[bool]:
    return or_(
        and_(VillagePlan.state == "notice", VillagePlan.notice_from <= today),
        VillagePlan.state.in_(PUBLISHED),
    )


def _plans(today: date) -> Select[VillagePlan, str, str]:
    return (
        select(VillagePlan, Division.name, _TOWNSHIP.name)
        .join(Division, Division.code == VillagePlan.division_code)
        .outerjoin(_TOWNSHIP, _TOWNSHIP.code == Division.parent_code)
        .where(_public(today))
    )
