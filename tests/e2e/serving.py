"""The real service in a process of its own, on a database that a test session owns."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings

#: What a start may take on a busy machine [s].
PATIENCE = 60.0


@contextmanager
def served(cluster: Cluster, database: str, settings: Settings, log: Path) -> Iterator[str]:
    """Serve a database as it runs, on a free port of this machine; yield the address."""
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FULIANG_")},
        "FULIANG_STATE": str(settings.state_dir),
        "FULIANG_DATABASE_URL": cluster.owner_url(database),
        "FULIANG_SERVICE_DATABASE_URL": cluster.service_url(database),
        "FULIANG_PORT": str(port),
        "FULIANG_WEB_WORKERS": "1",
        "FULIANG_WEB_THREADS": "8",
    }
    command = [sys.executable, "-m", "fuliang_gis", "web"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        _wait_ready(process, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _wait_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"the service does not answer:\n{log.read_text('utf-8')[-4000:]}")
