"""The areas' outlines for thematic maps: few enough points to send, and still without gaps."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas.models import Division
from fuliang_gis.cartography.thematic_queries import DIGITS
from fuliang_gis.db.fragments import Fragment, fetch_all, identifier

#: Details of a smaller area than this square's are left out (shapely's measure) [degrees].
TOLERANCE = {"township": 0.001, "village": 0.002}
#: Decimal places of longitude and latitude: about ten metres.
_PLACES = 4

_STATEMENT = f"""
select code, short_name, invented, ST_AsBinary(boundary) from {identifier(Division.__tablename__)}
where level = %(level)s and boundary is not null and starts_with(code, %(scope)s) order by code
"""  # noqa: S608  # A name of our own.


@dataclass(frozen=True)
class AreaShape:
    """One area's outline (EPSG:4490, lon/lat); ``invented`` where it was generated."""

    code: str
    name: str
    invented: bool
    outline: BaseGeometry


def area_shapes(session: Session, actor: Actor, level: str) -> list[AreaShape]:
    """Return the outlines of a level inside the actor's division, simplified as one coverage.

    Neighbours keep sharing their edge; simplified one by one in SQL (PostGIS before 3.4) they would
    part from each other.
    """
    if level not in DIGITS:
        raise ValueError(f"no such level: {level!r}")
    rows = fetch_all(session, Fragment(_STATEMENT, {"level": level, "scope": actor.scope}))
    outlines = shapely.from_wkb([bytes(wkb) for *_, wkb in rows])
    simplified = shapely.coverage_simplify(outlines, TOLERANCE[level])
    return [
        AreaShape(code, name, invented, outline)
        for (code, name, invented, _), outline in zip(rows, simplified, strict=True)
    ]


def as_geojson(shapes: list[AreaShape]) -> bytes:
    """Return the outlines as a GeoJSON feature collection; each feature's id is its code."""
    features = [
        {
            "type": "Feature",
            "id": shape.code,
            "properties": {"name": shape.name},
            "geometry": shapely.geometry.mapping(_rounded(shape.outline)),
        }
        for shape in shapes
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()


def _rounded(outline: BaseGeometry) -> BaseGeometry:
    return shapely.transform(outline, lambda places: np.round(places, _PLACES))
