"""The suite runs once for every layer of the registry, and so for a layer added tomorrow."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.locations.registry import Layer, layers
from tests.factories import make_actor


@pytest.fixture(params=layers().values(), ids=lambda layer: layer.name)
def layer(request: pytest.FixtureRequest) -> Layer:
    """Each layer in turn."""
    found: Layer = request.param
    return found


@pytest.fixture
def clerk(session: Session) -> Actor:
    """Somebody of the county who may edit everywhere."""
    return make_actor(session)
