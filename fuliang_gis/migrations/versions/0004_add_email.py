"""add the address of an account's reminders."""

# Alembic's operations are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.add_column(
        "account",
        sa.Column(
            "email", sa.Text(), nullable=True, comment="Where daily reminders go; null: nowhere."
        ),
    )
    op.create_check_constraint(
        op.f("ck_account_email"),
        "account",
        "length(email) <= 254 and email ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:]]+$'",
    )
