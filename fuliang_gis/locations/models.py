"""Location: what every layer shares. Typed layers add their fields by joined-table inheritance."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import SRID, Base, BigId, Json

ASSET_CLASSES = {"public_welfare": "公益性", "operating": "经营性", "household": "到户类"}
#: Sorts Chinese by pinyin.
PINYIN = "zh-x-icu"

USE_STATUSES = {
    "in_use": "在用",
    "underused": "低效",
    "idle": "闲置",
    "damaged": "损毁",
    "lost": "流失",
    "disposed": "已处置",
}
REVIEW_STATES = {
    "draft": "草稿",
    "submitted": "已录入",
    "township_reviewed": "乡镇已审核",
    "county_verified": "县级已复核",
    "returned": "退回",
}


def _one_of(column: str, values: dict[str, str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


class Location(Base):
    """A public thing at a place.

    ``geom`` is EPSG:4490 (lon/lat), valid and inside the county's extent; ``version`` grows by one
    with every change; a deleted location keeps its row, with ``deleted_at`` and the reason.
    """

    __tablename__ = "location"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    layer: Mapped[str]
    code: Mapped[str]
    name: Mapped[str]
    initials: Mapped[str] = mapped_column(comment="Pinyin initials of the name, for search.")
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    geom: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", SRID, spatial_index=False))
    asset_class: Mapped[str]
    use_status: Mapped[str] = mapped_column(default="in_use")
    review_state: Mapped[str] = mapped_column(default="draft")
    custodian: Mapped[str | None] = mapped_column(comment="A post or unit, never a villager.")
    data_source: Mapped[str]
    survey_date: Mapped[date | None]
    note: Mapped[str | None]
    invented: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    deleted_at: Mapped[datetime | None]
    delete_reason: Mapped[str | None]
    # The place on the Web Mercator tile grid, for vector tiles, made by the database: from the
    # west and from the north as shares of the world, and the grid's cell of level 30.
    tile_across: Mapped[float] = mapped_column(Computed("tile_across(geom)"), deferred=True)
    tile_down: Mapped[float] = mapped_column(Computed("tile_down(geom)"), deferred=True)
    tile_cell: Mapped[int] = mapped_column(BigId, Computed("tile_cell(geom)"), deferred=True)

    __table_args__ = (
        UniqueConstraint("layer", "code"),
        _one_of("asset_class", ASSET_CLASSES),
        _one_of("use_status", USE_STATUSES),
        _one_of("review_state", REVIEW_STATES),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geom_valid"),
        CheckConstraint("(deleted_at is null) = (delete_reason is null)", name="delete_reason"),
        # Maps ask for one layer in one box; lists for one layer in one division.
        Index("ix_location_geom", "geom", postgresql_using="gist"),
        # A tile is one stretch of cells, and what its counting needs is in the index itself.
        Index(
            "ix_location_tile",
            "layer",
            "tile_cell",
            postgresql_include=["tile_across", "tile_down", "id", "division_code"],
            postgresql_where=text("deleted_at is null"),
        ),
        # What is not in use decides the colour of the cluster it lies in; a household's does not.
        Index(
            "ix_location_unused",
            "layer",
            "tile_cell",
            postgresql_include=["id", "division_code", "use_status"],
            postgresql_where=text(
                "deleted_at is null and use_status <> 'in_use'"
                " and (asset_class <> 'household' or use_status = 'disposed')"
            ),
        ),
        # Lines and polygons are few among the points.
        Index(
            "ix_location_shape",
            "geom",
            postgresql_using="gist",
            postgresql_where=text("ST_Dimension(geom) > 0"),
        ),
        Index(
            "ix_location_layer_division",
            "layer",
            "division_code",
            "id",
            postgresql_ops={"division_code": "text_pattern_ops"},
        ),
        Index("ix_location_layer_id", "layer", "id"),
        # Lists sorted by name read as a dictionary does: by pinyin.
        Index("ix_location_layer_name", "layer", text(f'name collate "{PINYIN}"'), "id"),
    )
    # Declarative wants one flat mapping here; the discriminator decides the typed class.
    __mapper_args__: dict[str, Any] = {"polymorphic_on": "layer", "version_id_col": None}  # noqa: RUF012


class LocationChange(Base):
    """One change of one location: who, when, and the changed fields before and after."""

    __tablename__ = "location_change"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    location_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="CASCADE"), index=True
    )
    version: Mapped[int]
    action: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    before: Mapped[Json]
    after: Mapped[Json]

    __table_args__ = (
        CheckConstraint(
            "action in ('create', 'update', 'delete', 'restore', 'undo')", name="action"
        ),
    )


class HouseholdSurvey(Base):
    """One surveyed household of the toilet survey (一户一条), without any person's data.

    Review runs village enters → township reviews → county rechecks.
    """

    __tablename__ = "household_survey"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"), index=True)
    household_no: Mapped[str]
    toilet_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("location.id", ondelete="SET NULL"), index=True
    )
    review_state: Mapped[str]
    surveyed_on: Mapped[date]
    entered_on: Mapped[date | None]
    invented: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        UniqueConstraint("division_code", "household_no"),
        _one_of("review_state", REVIEW_STATES),
    )
