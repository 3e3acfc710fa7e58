"""Layers as GeoDataFrames, for analysts in notebooks; the service itself never loads pandas."""

from __future__ import annotations

from typing import Any

import geopandas
import pandas as pd
from sqlalchemy import Connection, Engine, Select, create_engine, select

from fuliang_gis.db.base import SRID
from fuliang_gis.db.place import addresses
from fuliang_gis.db.session import driver_url
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field
from fuliang_gis.settings import Settings

_SHARED = ("review_state", "invented", "version", "updated_at")


def read_layer(
    name: str,
    source: Engine | Connection | None = None,
    *,
    division: str | None = None,
    labels: bool = False,
) -> geopandas.GeoDataFrame:
    """Return a layer's locations, deleted ones left out; the code is the index.

    Choices become categories, whole numbers stay whole where values are missing. CRS is EPSG:4490,
    lon/lat.

    Args:
        name: The layer, such as ``pv_stations``.
        source: Where to read; without it the database that the settings name; it must be running.
        division: Code of a county, township or village to keep to.
        labels: Give choices their Chinese labels, and columns their Chinese headings.

    Raises:
        NotFound: There is no such layer.
    """
    found = layer(name)
    columns = [getattr(found.cls, each) for each in (*_names(found), *_SHARED, "geom")]
    statement = select(*columns).where(Location.layer == name, Location.deleted_at.is_(None))
    if division:
        statement = statement.where(Location.division_code.startswith(division, autoescape=True))
    frame = _read(statement.order_by(Location.id), source)
    for field in writable_fields(found):
        frame[field.name] = _typed(frame[field.name], field, labels=labels)
    headings = {field.name: field.label.zh for field in writable_fields(found)} if labels else {}
    return frame.set_index("code", drop=not labels).rename(columns=headings)


def _names(found: Layer) -> list[str]:
    return [field.name for field in writable_fields(found)]


def _read(
    statement: Select[*tuple[Any, ...]], source: Engine | Connection | None
) -> geopandas.GeoDataFrame:
    if source is not None:
        # The stubs know plain SQL only; pandas takes a statement of SQLAlchemy as well.
        return geopandas.read_postgis(statement, source, geom_col="geom", crs=SRID)  # type: ignore[call-overload, no-any-return]
    own = create_engine(driver_url(addresses(Settings()).service))
    try:
        return _read(statement, own)
    finally:
        own.dispose()


def _typed(column: pd.Series, field: Field, *, labels: bool) -> pd.Series:
    if field.type == "choice":
        values = [choice.value for choice in field.choices]
        chosen = column.astype(pd.CategoricalDtype(values))
        return chosen.cat.rename_categories(dict(field.choice_labels)) if labels else chosen
    if field.type == "integer":
        return column.astype("Int64")
    if field.type == "decimal":
        return pd.to_numeric(column)
    if field.type == "date":
        return pd.to_datetime(column)
    return column.astype("boolean") if field.type == "boolean" else column
