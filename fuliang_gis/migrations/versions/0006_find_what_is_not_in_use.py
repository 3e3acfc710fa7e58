"""find what is not in use."""

# Alembic's operations and GeoAlchemy2's are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    op.create_index(
        "ix_location_unused",
        "location",
        ["layer", "tile_cell"],
        postgresql_include=["id", "division_code", "use_status"],
        postgresql_where=sa.text(
            "deleted_at is null and use_status <> 'in_use' and (asset_class <> 'household' or use_status = 'disposed')"
        ),
    )
