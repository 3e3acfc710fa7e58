"""The four folders that an office may change without a programmer: layers, maps, api, data."""

from __future__ import annotations

import os
from pathlib import Path

# A checkout keeps the folders beside the package; an image may put them elsewhere.
ROOT = Path(os.environ.get("FULIANG_MATERIAL", Path(__file__).resolve().parent.parent))

LAYERS = ROOT / "layers"
MAPS = ROOT / "maps"
API = ROOT / "api"
DATA = ROOT / "data"
