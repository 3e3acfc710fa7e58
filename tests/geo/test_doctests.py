"""Every example in a docstring of the pure packages runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import fuliang_gis.geo

MODULES = [
    *(f"fuliang_gis.geo.{found.name}" for found in pkgutil.iter_modules(fuliang_gis.geo.__path__)),
    "fuliang_gis.areas.names",
    "fuliang_gis.demo.shares",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    """Examples must hold."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_examples_exist() -> None:
    """Coordinates, measures and validity must carry examples at all."""
    for name in ("crs", "measures", "validity"):
        module = importlib.import_module(f"fuliang_gis.geo.{name}")
        assert doctest.testmod(module).attempted >= 3
