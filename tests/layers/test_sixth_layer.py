"""A layer costs one class, one sheet and one generated migration: a sixth one proves it.

The checkout is copied, two files are laid into it, the migration is generated, and the whole suite
of this folder runs there, with its own database, in a process of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuliang_gis.material import ROOT

GIVEN = Path(__file__).parent / "biogas"
COPIED = ("fuliang_gis", "layers", "data", "maps", "api", "tests", "pyproject.toml", "setup.cfg")
LEFT = shutil.ignore_patterns("__pycache__", "node_modules", "test_sixth_layer.py")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A copy of this checkout; beneath ``var``, where the database's own user can reach it."""
    folder = ROOT / "var" / f"sixth-{os.getpid()}"
    folder.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=LEFT)
        else:
            shutil.copy(source, folder / name)
    yield folder
    shutil.rmtree(folder)


def run(checkout: Path, *command: str) -> str:
    """Run Python in the copy; fail with its output when it fails."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("FULIANG_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-P", *command],
        cwd=checkout,
        env=environment | {"PYTHONPATH": str(checkout), "FULIANG_STATE": str(checkout / "var")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_sixth_layer_costs_two_files_and_a_generated_migration(checkout: Path) -> None:
    """The suite that the five layers pass, the sixth passes with nothing else written."""
    shutil.copy(GIVEN / "biogas.py.txt", checkout / "fuliang_gis/locations/layers/biogas.py")
    shutil.copy(GIVEN / "biogas.toml", checkout / "layers/biogas.toml")
    before = set((checkout / "fuliang_gis/migrations/versions").glob("*.py"))
    run(checkout, "-m", "fuliang_gis", "db", "revise", "add the biogas layer")
    (made,) = set((checkout / "fuliang_gis/migrations/versions").glob("*.py")) - before
    assert "biogas" in made.read_text("utf-8")
    out = run(
        checkout, "-m", "pytest", "tests/layers", "-q", "-k", "biogas", "-p", "no:cacheprovider"
    )
    assert " passed" in out
