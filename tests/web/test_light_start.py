"""The service starts without the large libraries that few of its pages need."""

from __future__ import annotations

import subprocess
import sys

#: Loaded when somebody first asks: for sites, the sun, files of plans, classes, printed paper.
LATE = (
    "ezdxf",
    "geopandas",
    "mapclassify",
    "pandas",
    "pulp",
    "pvlib",
    "pyogrio",
    "sklearn",
    "spopt",
    "weasyprint",
)


def test_large_libraries_come_late() -> None:
    """Each of them would cost every process its start and tens of megabytes."""
    asked = f"import sys, fuliang_gis.web.app; print([m for m in {LATE} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
