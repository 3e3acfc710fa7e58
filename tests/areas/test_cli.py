"""``fuliang areas …`` on a database of its own: lists, checks, imports, and tells what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fuliang_gis.cli.areas import app
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.errors import Invalid
from fuliang_gis.settings import Settings


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, cluster: Cluster, fresh_database: str, settings: Settings
) -> CliRunner:
    """A terminal whose commands work on the test's own database."""
    monkeypatch.setenv("FULIANG_DATABASE_URL", cluster.owner_url(fresh_database))
    monkeypatch.setenv("FULIANG_STATE", str(settings.state_dir))
    return CliRunner()


def test_list_and_check(command: CliRunner) -> None:
    """The list must name the source of boundaries, and the check must find generated ones whole."""
    listed = command.invoke(app, ["list", "--parent", "360222101"])
    assert listed.exit_code == 0
    assert "360222101200" in listed.output
    checked = command.invoke(app, ["check"])
    assert checked.exit_code == 0
    assert "197" in checked.output


def test_import_names_the_faulty_feature(command: CliRunner, tmp_path: Path) -> None:
    """A refused import must tell the feature's row and reason at the terminal."""
    path = tmp_path / "b.geojson"
    feature = {"type": "Feature", "properties": {"code": "999999"}, "geometry": None}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    refused = command.invoke(app, ["import", str(path), "--source", "测绘"])
    assert isinstance(refused.exception, Invalid)
    assert "第 1 个要素" in refused.output
    assert "999999" in refused.output
