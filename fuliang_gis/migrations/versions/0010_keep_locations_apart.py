"""keep locations apart."""

# Alembic's operations are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_table(
        "kept_apart",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("division_code", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("length(trim(reason)) > 0", name=op.f("ck_kept_apart_reason")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name=op.f("fk_kept_apart_created_by_account")
        ),
        sa.ForeignKeyConstraint(
            ["division_code"],
            ["division.code"],
            name=op.f("fk_kept_apart_division_code_division"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_apart")),
    )
    op.create_index("ix_kept_apart_division_code", "kept_apart", ["division_code"], unique=False)
    op.create_table(
        "kept_apart_location",
        sa.Column("kept_apart_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("location_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["kept_apart_id"],
            ["kept_apart.id"],
            name=op.f("fk_kept_apart_location_kept_apart_id_kept_apart"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_kept_apart_location_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "kept_apart_id", "location_id", name=op.f("pk_kept_apart_location")
        ),
    )
    op.create_index(
        "ix_kept_apart_location_location_id", "kept_apart_location", ["location_id"], unique=False
    )
