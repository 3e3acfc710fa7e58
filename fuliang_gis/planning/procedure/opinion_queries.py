"""Reading opinions: as posts judge them, as the public sees them, by a receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Float, cast, func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.db.paging import Page
from fuliang_gis.errors import NotFound
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.procedure.models import PlanOpinion

#: Opinions of one page.
PAGE = 20

_X, _Y = (cast(reader(PlanOpinion.place), Float) for reader in (func.ST_X, func.ST_Y))


@dataclass(frozen=True)
class OpinionRow:
    """An opinion as a post judges it; ``place`` is EPSG:4548, east before north [m]."""

    opinion: PlanOpinion
    place: tuple[float, float] | None
    replier: str | None


@dataclass(frozen=True)
class OpinionCounts:
    """How many of a plan's opinions are in each state, and how many wait for an answer."""

    states: Mapping[str, int] = field(default_factory=dict)
    unanswered: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.states.values())


@dataclass(frozen=True)
class PublicOpinion:
    """What the public sees of an opinion that is shown; ``number`` counts within the plan."""

    number: int
    parcel: str | None
    place: tuple[float, float] | None
    text: str
    signed: str
    received_at: datetime
    verdict: str | None
    reply: str | None


@dataclass(frozen=True)
class Receipt:
    """What somebody with the receipt is told."""

    receipt: str
    plan_id: int
    plan: str
    parcel: str | None
    text: str
    signed: str
    state: str
    received_at: datetime
    verdict: str | None
    reply: str | None
    replied_at: datetime | None


def opinions(
    session: Session,
    plan_id: int,
    *,
    state: str | None = None,
    answered: bool | None = None,
    page: int = 1,
    size: int = PAGE,
) -> Page[OpinionRow]:
    """Return one page of a plan's opinions, those first that wait for an answer."""
    wanted = [PlanOpinion.plan_id == plan_id]
    if state is not None:
        wanted.append(PlanOpinion.state == state)
    if answered is not None:
        wanted.append(PlanOpinion.verdict.is_not(None) == answered)
    total = session.scalar(select(func.count()).select_from(PlanOpinion).where(*wanted)) or 0
    statement = (
        select(PlanOpinion, _X, _Y, Account.display_name)
        .outerjoin(Account, Account.id == PlanOpinion.replied_by)
        .where(*wanted)
        .order_by(PlanOpinion.verdict.is_not(None), PlanOpinion.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [
        OpinionRow(opinion, _place(x, y), replier)
        for opinion, x, y, replier in session.execute(statement)
    ]
    return Page(rows, total, page, size)


def opinion(session: Session, plan_id: int, opinion_id: int) -> OpinionRow:
    """Return one opinion of a plan.

    Raises:
        NotFound: The plan has none of that number.
    """
    statement = (
        select(PlanOpinion, _X, _Y, Account.display_name)
        .outerjoin(Account, Account.id == PlanOpinion.replied_by)
        .where(PlanOpinion.plan_id == plan_id, PlanOpinion.id == opinion_id)
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(what="公示意见", key=opinion_id)
    one, x, y, replier = found
    return OpinionRow(one, _place(x, y), replier)


def counts(session: Session, plan_id: int) -> OpinionCounts:
    """Count a plan's opinions."""
    grouped = (
        select(
            PlanOpinion.state,
            func.count(),
            func.count().filter(PlanOpinion.verdict.is_(None)),
        )
        .where(PlanOpinion.plan_id == plan_id)
        .group_by(PlanOpinion.state)
    )
    rows = session.execute(grouped).all()
    return OpinionCounts({state: n for state, n, _ in rows}, sum(open_ for *_, open_ in rows))


def every(session: Session, plan_id: int) -> Sequence[PlanOpinion]:
    """Return all opinions of a plan in the order they came, for its annex."""
    wanted = select(PlanOpinion).where(PlanOpinion.plan_id == plan_id)
    return session.scalars(wanted.order_by(PlanOpinion.id)).all()


def shown(session: Session, plan_id: int, page: int = 1, size: int = PAGE) -> Page[PublicOpinion]:
    """Return one page of what the public sees, the newest first."""
    wanted = (PlanOpinion.plan_id == plan_id, PlanOpinion.state == "shown")
    total = session.scalar(select(func.count()).select_from(PlanOpinion).where(*wanted)) or 0
    statement = (
        select(PlanOpinion, _X, _Y, func.row_number().over(order_by=PlanOpinion.id))
        .where(*wanted)
        .order_by(PlanOpinion.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    )
    rows = [
        PublicOpinion(
            number,
            each.parcel,
            _place(x, y),
            each.text,
            each.signed,
            each.received_at,
            each.verdict,
            each.reply,
        )
        for each, x, y, number in session.execute(statement)
    ]
    return Page(rows, total, page, size)


def by_receipt(session: Session, receipt: str) -> Receipt:
    """Return what somebody with the receipt is told.

    Raises:
        NotFound: There is no such receipt.
    """
    statement = (
        select(PlanOpinion, VillagePlan.title)
        .join(VillagePlan, VillagePlan.id == PlanOpinion.plan_id)
        .where(PlanOpinion.receipt == receipt)
    )
    found = session.execute(statement).first()
    if found is None:
        raise NotFound(what="回执", key=receipt)
    one, title = found
    return Receipt(
        one.receipt,
        one.plan_id,
        title,
        one.parcel,
        one.text,
        one.signed,
        one.state,
        one.received_at,
        one.verdict,
        one.reply,
        one.replied_at,
    )


def _place(x: float | Decimal | None, y: float | Decimal | None) -> tuple[float, float] | None:
    return None if x is None or y is None else (float(x), float(y))
