"""A backup brings everything back, and an existing PostGIS serves as well as the embedded one."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from fuliang_gis.db.cluster import Cluster
from fuliang_gis.inspections.visits.files import FileStore
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.cli.test_survival import Clerk, make_token, village
from tests.inspections.pictures import phone_picture
from tests.processes import Service, clean_environment, fresh_state

pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]


@pytest.fixture
def service() -> Iterator[Service]:
    """A service on a state folder of its own, not yet started."""
    with fresh_state() as state:
        made = Service(state)
        yield made
        made.destroy()


def save(running: Service, token: str, code: str) -> None:
    """Add one village over HTTP."""
    Clerk.of(running, token).send("POST", "/api/v1/layers/villages/locations", village(code))


def codes(running: Service, token: str) -> set[str]:
    """Return the codes of all villages."""
    request = urllib.request.Request(
        f"{running.url}/api/v1/layers/villages/locations",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        return {item["code"] for item in json.load(answer)["items"]}


def test_a_backup_brings_back_rows_accounts_and_guards(service: Service) -> None:
    """What was saved after the backup is gone; rows from before, photos, tokens, rules are back."""
    service.start()
    token = make_token(service)
    save(service, token, "BEFORE")
    store = FileStore(service.state / "files")
    photo = store.keep(BytesIO(phone_picture()), "a.jpg")
    file = service.state / "county.backup"
    assert service.run("db", "backup", str(file)).returncode == 0
    save(service, token, "AFTER")
    swept = service.run("inspections", "sweep-files", "--dry-run", "--days", "1")
    assert (swept.returncode, "将清理 0 个无主文件" in swept.stderr) == (0, True), swept.stderr
    assert service.stop() == 0
    shutil.rmtree(store.folder)
    restored = service.run("db", "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert store.path(photo.digest, "original").read_bytes() == phone_picture()
    service.start()
    assert codes(service, token) == {"BEFORE"}
    save(service, token, "AGAIN")


def test_a_file_that_is_no_backup_changes_nothing(service: Service) -> None:
    """A wrong file is refused and the database stays as it is."""
    service.start()
    token = make_token(service)
    save(service, token, "KEPT")
    assert service.stop() == 0
    wrong = service.state / "wrong.backup"
    wrong.write_bytes(b"PGDMP is not enough")
    refused = service.run("db", "restore", str(wrong))
    assert refused.returncode == 1
    assert "无法恢复" in refused.stderr
    service.start()
    assert codes(service, token) == {"KEPT"}


def test_an_existing_postgis_serves(service: Service) -> None:
    """With FULIANG_DATABASE_URL no cluster is made, and everything runs in that database."""
    with fresh_state() as elsewhere:
        cluster = Cluster(Settings(state=elsewhere), disposable=True)
        with cluster.in_use():
            cluster.create_database("county")
            cluster.prepare("county")
            given = {
                "FULIANG_DATABASE_URL": cluster.owner_url("county"),
                "FULIANG_SERVICE_DATABASE_URL": cluster.service_url("county"),
            }
            service.environment |= given
            service.start()
            token = make_token(service)
            save(service, token, "OUTSIDE")
            assert codes(service, token) == {"OUTSIDE"}
            assert not (service.state / "postgres").exists()
            assert service.stop() == 0


def test_help_lists_every_command_before_anything_is_set_up(tmp_path: Path) -> None:
    """On a machine without any Python environment the script still says what it can do."""
    (tmp_path / "fuliang").write_text((ROOT / "fuliang").read_text("utf-8"), "utf-8")
    done = subprocess.run(
        ["sh", str(tmp_path / "fuliang"), "--help"],
        env=clean_environment() | {"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (ROOT / "docs" / "reference" / "cli.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `./fuliang ")]
    for command in {row.split()[2].strip("`") for row in rows}:
        assert f"\n  {command}" in done.stdout, command
