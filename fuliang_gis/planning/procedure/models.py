"""Rows of a plan's procedure: acts that changed its state, what villagers did, what people say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import fuliang_gis.planning.models
from fuliang_gis.db.base import Base, BigId

PLAN_SRID = fuliang_gis.planning.models.PLAN_SRID

#: What villagers take part in (村民参与): five dated acts of the participation record.
PARTICIPATION_KINDS = ("mobilise", "survey", "consult", "vote", "notice")

OPINION_STATES = ("waiting", "shown", "hidden")
OPINION_VERDICTS = ("adopted", "partly", "not_adopted")


class PlanAct(Base):
    """One act of the procedure, never changed: from which state to which, by whom, upon what.

    ``held_on`` is the day it took place, ``detail`` what its form asks for (number of the
    approval, reason of a return, days of the notice).
    """

    __tablename__ = "plan_act"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    kind: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    held_on: Mapped[date]
    scheme_id: Mapped[int | None] = mapped_column(ForeignKey("plan_scheme.id"))
    ordinal: Mapped[int | None]
    note: Mapped[str] = mapped_column(server_default="", default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(server_default=sql("now()"))

    __table_args__ = (Index("ix_plan_act_plan", "plan_id", "id"),)


class PlanParticipation(Base):
    """What villagers took part in: day, place, attendance, and the vote where there was one.

    ``entitled`` are those who may vote (or their representatives), ``attended`` those who came.
    """

    __tablename__ = "plan_participation"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    kind: Mapped[str]
    held_on: Mapped[date]
    place: Mapped[str] = mapped_column(server_default="", default="")
    entitled: Mapped[int | None]
    attended: Mapped[int]
    in_favour: Mapped[int | None]
    against: Mapped[int | None]
    abstained: Mapped[int | None]
    summary: Mapped[str] = mapped_column(server_default="", default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))

    __table_args__ = (
        CheckConstraint(f"kind in {PARTICIPATION_KINDS}", name="kind"),
        CheckConstraint("attended >= 0 and attended <= coalesce(entitled, attended)", name="came"),
        CheckConstraint(
            "least(in_favour, against, abstained) >= 0"
            " and in_favour + against + abstained <= attended",
            name="votes",
        ),
        Index("ix_plan_participation_plan", "plan_id"),
    )


class PlanOpinion(Base):
    """What somebody said of a plan on notice, without an account; pinned to a parcel or a place.

    ``origin`` is a keyed digest of the network address, for throttling alone. It is shown to the
    public once somebody let it be shown; ``verdict`` and ``reply`` are the answer.
    """

    __tablename__ = "plan_opinion"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("village_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    receipt: Mapped[str] = mapped_column(unique=True, comment="What the person may ask by.")
    parcel: Mapped[str | None]
    place: Mapped[WKBElement | None] = mapped_column(
        Geometry("POINT", PLAN_SRID, spatial_index=False)
    )
    text: Mapped[str]
    signed: Mapped[str] = mapped_column(server_default="", default="")
    origin: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="waiting", default="waiting")
    received_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    verdict: Mapped[str | None]
    reply: Mapped[str | None]
    replied_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    replied_at: Mapped[datetime | None]
    invented: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)

    __table_args__ = (
        CheckConstraint(f"state in {OPINION_STATES}", name="state"),
        CheckConstraint(f"verdict in {OPINION_VERDICTS}", name="verdict"),
        CheckConstraint("(verdict is null) = (replied_at is null)", name="replied"),
        Index("ix_plan_opinion_plan", "plan_id", "state"),
    )
