"""${message}."""

# Alembic's operations and GeoAlchemy2's are added at run time, out of the type checkers' sight.
# mypy: disable-error-code="attr-defined"
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import geoalchemy2  # noqa: F401
import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Apply the change."""
    ${upgrades if upgrades else "pass"}
