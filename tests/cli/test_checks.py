"""Each check of the code fails where it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuliang_gis.cli.checks import CHECKS
from fuliang_gis.material import ROOT

CONTRACT = """
[importlinter]
root_package = fuliang_gis

[importlinter:contract:one]
name = One way
type = forbidden
source_modules = fuliang_gis.{source}
forbidden_modules = fuliang_gis.{forbidden}
"""
CODE = '"""A module."""\n\nfrom __future__ import annotations\n\nNUMBER: int = {value}\n'
ARGUMENTS = dict(CHECKS)


def run(folder: Path, name: str, *more: str) -> bool:
    """Run a check in a folder; return whether it is content."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *ARGUMENTS[name], *more]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(("source", "forbidden"), [("errors", "web"), ("web", "errors")])
def test_broken_contracts_of_imports_are_found(tmp_path: Path, source: str, forbidden: str) -> None:
    """The web imports the errors, and not the other way round."""
    text = CONTRACT.format(source=source, forbidden=forbidden)
    (tmp_path / "setup.cfg").write_text(text, "utf-8")
    assert run(tmp_path, "分层约定 import-linter") is (source == "errors")


@pytest.mark.parametrize("name", ["类型 mypy", "类型 pyright"])
@pytest.mark.parametrize("value", ["1", '"one"'])
def test_wrong_types_are_found(tmp_path: Path, name: str, value: str) -> None:
    """A text is no number."""
    (tmp_path / "module.py").write_text(CODE.format(value=value), "utf-8")
    assert run(tmp_path, name, "module.py") is (value == "1")


@pytest.mark.parametrize("name", ["代码检查 ruff", "代码格式 ruff format"])
@pytest.mark.parametrize("code", ["NUMBER = 1\n", "import os\nx=( 1)\n"])
def test_untidy_code_is_found(tmp_path: Path, name: str, code: str) -> None:
    """An import that is not used, spaces that are not wanted."""
    (tmp_path / "module.py").write_text(code, "utf-8")
    assert run(tmp_path, name, "module.py") is code.startswith("NUMBER")
