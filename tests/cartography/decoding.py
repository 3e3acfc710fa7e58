"""Reading vector tiles as a map does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Drawn:
    """One feature of a tile; coordinates in tile units from its north-west corner."""

    id: int | None
    properties: dict[str, Any]
    kind: str
    coordinates: Any


def decode(tile: bytes, layer: str) -> list[Drawn]:
    """Return the features of one vector layer of a tile."""
    layers = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    return [_drawn(feature) for feature in layers.get(layer, {"features": []})["features"]]


def _drawn(feature: dict[str, Any]) -> Drawn:
    geometry = feature["geometry"]
    # The decoder tells 0 where the tile has no id.
    return Drawn(
        feature["id"] or None, feature["properties"], geometry["type"], geometry["coordinates"]
    )
