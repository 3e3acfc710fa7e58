"""Roads: noded lines, one row between two junctions."""

from __future__ import annotations

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import CheckConstraint, Identity, Index
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
