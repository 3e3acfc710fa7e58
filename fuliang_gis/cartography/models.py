"""Counters of committed changes, for tiles; thematic maps that people saved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import Base, BigId, Json


class DataVersion(Base):
    """How often a subject (a layer, ``division`` or ``road``) was changed, by writing slot.

    Triggers of the database's guard count every statement that changed a row, in the writer's own
    transaction. A slot belongs to one database process, so that writers never wait for each other
    here; the sum over the slots is the version. Since it becomes visible with the change itself, a
    reader never sees a new version with old rows, nor old rows under a new version.
    """

    __tablename__ = "data_version"

    subject: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    changes: Mapped[int] = mapped_column(BigId)


class MapView(Base):
    """A thematic map that somebody saved: its settings, and who else sees it.

    ``state`` holds the parameters of the map's address; ``scope`` is the owner's division then,
    and ``shared_with`` says who inside that division sees the view besides the owner: nobody, the
    listed ``roles``, or everyone.
    """

    __tablename__ = "map_view"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    scope: Mapped[str] = mapped_column(ForeignKey("division.code"))
    title: Mapped[str]
    state: Mapped[Json]
    shared_with: Mapped[str] = mapped_column(default="nobody")
    roles: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    __table_args__ = (
        CheckConstraint("shared_with in ('nobody', 'roles', 'everyone')", name="shared_with"),
        CheckConstraint("length(title) between 1 and 80", name="title"),
        Index("ix_map_view_scope", "scope", postgresql_ops={"scope": "text_pattern_ops"}),
    )
