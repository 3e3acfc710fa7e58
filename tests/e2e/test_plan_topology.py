"""The editor's own edits keep a coverage: chance edits, looked at as the server looks at them."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import Polygon

from fuliang_gis.material import ROOT
from fuliang_gis.planning.parcels import Draft, Parcel, on_grid
from fuliang_gis.planning.repair import repair
from tests.planning.village import cells

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
#: A corner of the county on the plane [m].
X, Y = 516_000.0, 3_245_000.0
UPRIGHT = shapely.box(X, Y, X + 200, Y + 100)
SLANTED = on_grid(
    Polygon([(X, Y + 7.3), (X + 203.17, Y), (X + 180.3, Y + 101.9), (X + 20.7, Y + 120.01)])
)
STEPS = 120


@pytest.fixture(scope="module")
def node() -> str:
    """The program that runs the module."""
    own = ROOT / ".venv" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    return found


@pytest.fixture(scope="module")
def bundle(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The editor's geometry, built by itself."""
    folder = tmp_path_factory.mktemp("topology")
    program = [node, "node_modules/vite/bin/vite.js", "build", "--config"]
    subprocess.run(
        [*program, str(HERE / "plan_topology.vite.mjs")],
        cwd=ROOT,
        env={**os.environ, "PLAN_TOPOLOGY_OUT": str(folder)},
        check=True,
        capture_output=True,
    )
    return folder / "plan-topology.js"


def edited(
    node: str, bundle: Path, parcels: dict[str, Polygon], boundary: Polygon, seed: int
) -> dict[str, Any]:
    """Return what chance edits make of a village."""
    given = {
        "seed": seed,
        "steps": STEPS,
        "size": 200,
        "boundary": [[list(boundary.exterior.coords)]],
        "parcels": [{"id": name, "rings": rings_of(shape)} for name, shape in parcels.items()],
    }
    path = bundle.parent / f"village-{seed}.json"
    path.write_text(json.dumps(given), "utf-8")
    program = [node, str(HERE / "plan_topology.mjs"), str(bundle), str(path)]
    ran = subprocess.run(program, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def rings_of(shape: Polygon) -> list[list[tuple[float, ...]]]:
    """Return the rings of a polygon, the shell first."""
    return [list(ring.coords) for ring in (shape.exterior, *shape.interiors)]


@pytest.mark.parametrize("boundary", [UPRIGHT, SLANTED], ids=["upright", "slanted"])
@pytest.mark.parametrize("seed", range(4))
def test_chance_edits_keep_the_coverage(
    node: str, bundle: Path, boundary: Polygon, seed: int
) -> None:
    """Every node is shared, no land is lost, and a save would have nothing to move."""
    whole = {
        f"p{i}": cell
        for i, cell in enumerate(cells(40, seed, boundary))
        if isinstance(cell, Polygon) and cell.area > 0
    }
    told = edited(node, bundle, whole, boundary, seed)
    assert sum(told["done"].values()) > STEPS / 2, told["refused"]
    shapes = {each["id"]: Polygon(each["rings"][0], each["rings"][1:])
              for each in told["parcels"]}  # fmt: skip
    assert shapely.coverage_is_valid(np.array(list(shapes.values()), dtype=object))
    assert all(shape.equals(on_grid(shape)) for shape in shapes.values())
    slack = 0.0001 * boundary.length
    assert abs(math.fsum(shape.area for shape in shapes.values()) - boundary.area) < slack
    plan = Draft(boundary, {name: Parcel(name, "0101", shape) for name, shape in shapes.items()})
    kept = repair(plan, [name for name in told["touched"] if name in shapes])
    assert (kept.moved, kept.refused) == ((), ())
