"""One factory a model, and sample values made from a layer's sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.areas.models import Division
from fuliang_gis.locations import operations
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.models import Location
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field

COUNTY = "360222"
FULIANG_TOWN = "360222100"
FULIANG_VILLAGE = "360222100201"
YAOLI_TOWN = "360222105"

#: A place inside the county (浮梁镇), lon/lat.
PLACE = (117.247, 29.376)


def make_account(
    session: Session, role: Role = Role.COUNTY_STAFF, division: str = COUNTY
) -> Account:
    """Add an account that cannot sign in."""
    account = Account(
        username=f"u{uuid4().hex[:12]}",
        display_name="测试岗位",
        role=role.value,
        division_code=division,
        password_hash="!",
        stamp=uuid4().hex,
    )
    session.add(account)
    session.flush()
    return account


def make_actor(session: Session, role: Role = Role.COUNTY_STAFF, division: str = COUNTY) -> Actor:
    """Add an account and return it as the person acting."""
    account = make_account(session, role, division)
    named = session.get_one(Division, division)
    return Actor(account.id, account.username, account.display_name, role, division, named.name)


def point(lon: float = PLACE[0], lat: float = PLACE[1]) -> dict[str, Any]:
    """Return a GeoJSON point."""
    return {"type": "Point", "coordinates": [lon, lat]}


def sample_value(field: Field) -> object:
    """Return a value that the field takes."""
    middle = ((field.minimum or 0) + (field.maximum or 100)) / 2
    samples: Mapping[str, object] = {
        "text": f"{field.label.zh}样例",
        "integer": int(middle),
        "decimal": round(middle, 2),
        "date": date(2022, 10, 31).isoformat(),
        "boolean": True,
        "choice": field.choices[0].value if field.choices else None,
        "choices": [choice.value for choice in field.choices[:2]],
    }
    return samples[field.type]


def sample_values(
    layer: Layer, *, division: str = FULIANG_VILLAGE, kind: str | None = None
) -> dict[str, Any]:
    """Return values for every field that applies to the (first) kind of the layer."""
    kind = kind or (layer.sheet.kinds[0].value if layer.sheet.kinds else None)
    fields = [field for field in writable_fields(layer) if field.applies_to(kind)]
    values = {field.name: sample_value(field) for field in fields}
    if layer.sheet.kind_field:
        values[layer.sheet.kind_field] = kind
    return values | {"code": f"T{uuid4().hex[:10]}", "division_code": division}


def make_location(session: Session, actor: Actor, layer: Layer, **given: object) -> Location:
    """Add a location through the operation that users reach."""
    geometry = given.pop("geometry", None) or point()
    values = sample_values(layer) | given
    return operations.create(session, actor, layer.name, values, geometry)
