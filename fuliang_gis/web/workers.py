"""Several worker processes of one service: where they leave their figures for each other.

This module must not import prometheus_client: the library chooses at import, which must come after
``share_metrics``, whether figures stay in the process.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

import psutil

from fuliang_gis.settings import Settings

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share_metrics(settings: Settings) -> None:
    """Let the workers of one master process add up their figures; folders of dead masters go."""
    if VARIABLE in os.environ:
        return
    shared = settings.state_dir / "metrics"
    own = shared / str(os.getppid())
    own.mkdir(parents=True, exist_ok=True)
    for folder in shared.iterdir():
        if folder != own and not psutil.pid_exists(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
    os.environ[VARIABLE] = str(own)


def forget_dead(folder: Path) -> None:
    """Drop what killed workers said was under way; what they counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rpartition("_")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            with suppress(FileNotFoundError):
                file.unlink()
