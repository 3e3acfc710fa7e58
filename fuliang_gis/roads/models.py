"""Roads: noded lines, one row between two junctions."""

from __future__ import annotations

from datetime import date, datetime

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fuliang_gis.db.base import SRID, Base, BigId

ROAD_CLASSES = {
    "trunk": "国道",
    "primary": "省道",
    "secondary": "县道",
    "tertiary": "乡道",
    "unclassified": "村道",
    "track": "机耕路",
}


class Road(Base):
    """A road edge between two junctions; both directions are open unless ``oneway``.

    ``length_m`` is measured on the ellipsoid [m]; ``speed_kmh`` is the usual speed [km/h].
    """

    __tablename__ = "road"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    name: Mapped[str | None]
    road_class: Mapped[str]
    speed_kmh: Mapped[float]
    length_m: Mapped[float]
    oneway: Mapped[bool] = mapped_column(default=False)
    surface: Mapped[str | None]
    source_ref: Mapped[str | None] = mapped_column(
        index=True, comment="What the source calls it, such as an OSM way."
    )
    from_node: Mapped[int] = mapped_column(BigId, index=True)
    to_node: Mapped[int] = mapped_column(BigId, index=True)
    geom: Mapped[WKBElement] = mapped_column(Geometry("LINESTRING", SRID, spatial_index=False))
    invented: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        CheckConstraint(
            f"road_class in ({', '.join(repr(name) for name in ROAD_CLASSES)})", name="road_class"
        ),
        CheckConstraint("speed_kmh > 0 and length_m > 0", name="positive"),
        CheckConstraint("ST_IsValid(geom)", name="geom_valid"),
        Index("ix_road_geom", "geom", postgresql_using="gist"),
    )


class RoadTurn(Base):
    """A turn restriction: after ``from_road``, ``to_road`` is forbidden, or the only way on."""

    __tablename__ = "road_turn"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    from_road: Mapped[int] = mapped_column(
        BigId, ForeignKey("road.id", ondelete="CASCADE"), index=True
    )
    via_node: Mapped[int] = mapped_column(BigId)
    to_road: Mapped[int] = mapped_column(
        BigId, ForeignKey("road.id", ondelete="CASCADE"), index=True
    )
    required: Mapped[bool] = mapped_column(default=False)


class RoadClosure(Base):
    """A stretch or area where roads are closed or slow for a time: a landslide, a flood.

    ``factor`` multiplies the time along every road that ``geom`` (EPSG:4490) touches; null closes
    them. ``valid_to`` null: until it is lifted.
    """

    __tablename__ = "road_closure"

    id: Mapped[int] = mapped_column(BigId, Identity(always=True), primary_key=True)
    division_code: Mapped[str] = mapped_column(ForeignKey("division.code"))
    reason: Mapped[str]
    factor: Mapped[float | None]
    geom: Mapped[WKBElement] = mapped_column(Geometry("GEOMETRY", SRID, spatial_index=False))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    lifted_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    lifted_at: Mapped[datetime | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    invented: Mapped[bool] = mapped_column(server_default=text("false"), default=False)

    __table_args__ = (
        CheckConstraint("factor is null or factor > 1", name="factor"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="validity"),
        CheckConstraint("ST_IsValid(geom) and not ST_IsEmpty(geom)", name="geom_valid"),
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
        Index("ix_road_closure_geom", "geom", postgresql_using="gist"),
    )
