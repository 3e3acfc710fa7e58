"""Accounts and the audit record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.accounts.roles import Role
from fuliang_gis.db.base import Base, BigId, Json


class Account(Base):
    """A post that signs in: a role bound to a division.

    ``stamp`` changes with the password and the second factor, so that older sessions end;
    ``totp_secret`` is sealed with a key that the database does not hold.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    role: Mapped[str]
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    password_hash: Mapped[str]
    stamp: Mapped[str]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    totp_secret: Mapped[str | None]
    totp_confirmed: Mapped[bool] = mapped_column(default=False)
    totp_last_step: Mapped[int | None] = mapped_column(BigId)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    invented: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_sign_in_at: Mapped[datetime | None]
    email: Mapped[str | None] = mapped_column(comment="Where daily reminders go; null: nowhere.")

    __table_args__ = (
        CheckConstraint(f"role in ({', '.join(repr(r.value) for r in Role)})", name="role"),
        CheckConstraint("username ~ '^[a-z0-9][a-z0-9._-]{1,62}$'", name="username"),
        CheckConstraint(
            "length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'",
            name="email",
        ),
    )


class ApiToken(Base):
    """A bearer token; only its SHA-256 is kept."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), index=True
    )
    digest: Mapped[str] = mapped_column(unique=True)
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AuditEvent(Base):
    """One write, sign-in or refusal; the service role may add rows, never change or remove them."""

    __tablename__ = "audit_event"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    actor: Mapped[str] = mapped_column(comment="The username then, or what was typed at sign-in.")
    action: Mapped[str]
    subject: Mapped[str]
    outcome: Mapped[str]
    division_code: Mapped[str | None]
    detail: Mapped[Json]
    request_id: Mapped[str | None]
    address: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("outcome in ('done', 'refused', 'failed')", name="outcome"),
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_actor_id_at", "actor_id", "at"),
    )


class IdempotencyKey(Base):
    """The answer to a write with an Idempotency-Key, given again when the request is repeated."""

    __tablename__ = "idempotency_key"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[str | None]
    headers: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"), index=True)
