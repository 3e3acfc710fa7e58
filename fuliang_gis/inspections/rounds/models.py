"""Teams, plans, their rounds and stops, and what could not be planned."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import SRID, Base, BigId, Json

PLAN_STATES = ("draft", "solving", "solved", "failed", "published", "withdrawn")
STOP_STATES = ("planned", "done", "missed")


class Team(Base):
    """An inspection team: where it starts (EPSG:4490), what it can do, and when it works.

    ``weekdays`` are 1 (Monday) to 7; legal holidays and make-up days come from ``data/calendar``.
    ``most_driving_minutes`` limits a day's driving. Members are accounts.
    """

    __tablename__ = "team"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    name: Mapped[str]
    station: Mapped[WKBElement] = mapped_column(Geometry("POINT", SRID, spatial_index=False))
    skills: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    vehicle: Mapped[str | None]
    weekdays: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), server_default=text("'{1,2,3,4,5}'")
    )
    starts: Mapped[time] = mapped_column(server_default=text("'08:30'"))
    ends: Mapped[time] = mapped_column(server_default=text("'17:30'"))
    break_from: Mapped[time | None] = mapped_column(server_default=text("'11:30'"))
    break_to: Mapped[time | None] = mapped_column(server_default=text("'13:00'"))
    break_minutes: Mapped[int] = mapped_column(server_default=text("60"))
    most_driving_minutes: Mapped[int | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"), default=True)
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        UniqueConstraint("division_code", "name"),
        CheckConstraint("starts < ends", name="hours"),
        CheckConstraint(
            "(break_from is null) = (break_to is null) and break_from <= break_to"
            " and break_minutes between 0 and 240",
            name="break",
        ),
        CheckConstraint("weekdays <@ '{1,2,3,4,5,6,7}'", name="weekdays"),
        CheckConstraint("most_driving_minutes > 0", name="most_driving"),
    )


class TeamMember(Base):
    """An account that works in a team."""

    __tablename__ = "team_member"

    team_id: Mapped[int] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class KeptApart(Base):
    """A group of locations of which no two are visited on one day, whichever plan they are in."""

    __tablename__ = "kept_apart"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"), index=True)
    reason: Mapped[str]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (CheckConstraint("length(trim(reason)) > 0", name="reason"),)


class KeptApartLocation(Base):
    """A location of a group that keeps apart."""

    __tablename__ = "kept_apart_location"

    kept_apart_id: Mapped[int] = mapped_column(
        ForeignKey("kept_apart.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    location_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("location.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )


class RoundPlan(Base):
    """A plan of rounds for a span of days; ``asked`` is what it was asked for (weights, effort).

    ``curve`` is the best cost so far over time, ``[[seconds, cost], …]``, while it is solved.
    """

    __tablename__ = "round_plan"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    title: Mapped[str]
    first_day: Mapped[date]
    last_day: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="draft", default="draft")
    asked: Mapped[Json]
    curve: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    cancel_asked: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    job_id: Mapped[int | None] = mapped_column(BigId)
    based_on: Mapped[int | None] = mapped_column(BigId, ForeignKey("round_plan.id"))
    driving_seconds: Mapped[int | None]
    driving_metres: Mapped[int | None]
    fault: Mapped[str | None]
    solved_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    published_at: Mapped[datetime | None]
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    version: Mapped[int] = mapped_column(server_default=text("1"), default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        CheckConstraint(f"state in {PLAN_STATES}", name="state"),
        CheckConstraint("last_day between first_day and first_day + 366", name="days"),
        Index("ix_round_plan_division", "division_code", "first_day"),
    )


class InspectionRound(Base):
    """One team's day of a plan, in order; ``locked`` rounds stay as they are when solved again."""

    __tablename__ = "inspection_round"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(BigId, ForeignKey("round_plan.id", ondelete="CASCADE"))
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    day: Mapped[date]
    starts: Mapped[time]
    ends: Mapped[time]
    pause_at: Mapped[time | None]
    driving_seconds: Mapped[int]
    driving_metres: Mapped[int]
    locked: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        UniqueConstraint("plan_id", "team_id", "day"),
        Index("ix_inspection_round_team_day", "team_id", "day"),
    )


class RoundStop(Base):
    """One visit of a round: the obligation it is for, where, and when."""

    __tablename__ = "round_stop"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    round_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("inspection_round.id", ondelete="CASCADE")
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    ordinal: Mapped[int]
    obligation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("obligation.id", ondelete="SET NULL"), index=True
    )
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    arrive: Mapped[time]
    begin: Mapped[time]
    leave: Mapped[time]
    drive_seconds: Mapped[int] = mapped_column(comment="From the stop before [s].")
    drive_metres: Mapped[int] = mapped_column(comment="From the stop before [m].")
    walk_metres: Mapped[int] = mapped_column(comment="From the road to the location [m].")
    locked: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    state: Mapped[str] = mapped_column(server_default="planned", default="planned")

    __table_args__ = (
        UniqueConstraint("round_id", "ordinal", deferrable=True, initially="DEFERRED"),
        CheckConstraint(f"state in {STOP_STATES}", name="state"),
    )


class RoundLeftOver(Base):
    """An obligation that a plan could not take in, and why."""

    __tablename__ = "round_left_over"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("round_plan.id", ondelete="CASCADE"), index=True
    )
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    obligation_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("obligation.id", ondelete="CASCADE")
    )
    location_id: Mapped[int] = mapped_column(BigId, ForeignKey("location.id", ondelete="CASCADE"))
    reason: Mapped[str]
