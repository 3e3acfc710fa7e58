"""Run migrations on the connection that ``db.upgrade`` hands over."""

from __future__ import annotations

from alembic import context
from geoalchemy2 import alembic_helpers

from fuliang_gis.db.upgrade import is_compared, load_models

load_models()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    include_object=is_compared,
    process_revision_directives=alembic_helpers.writer,
    render_item=alembic_helpers.render_item,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
