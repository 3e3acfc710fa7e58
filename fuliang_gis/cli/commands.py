"""The reference page of every command."""

from __future__ import annotations

import importlib

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_HEAD = """# 命令 Commands

<!-- Written by `./fuliang docs write`; a test fails when it drifts. -->

Every command is `./fuliang NAME`; `--help` after any of them tells the same.

| 命令 Command | 说明 Meaning |
| --- | --- |
"""


def commands_page() -> str:
    """Return the page from the commands themselves."""
    # Loaded here, because the list of commands holds the one that asks for this page.
    from fuliang_gis.cli.main import GROUPS, app

    own = typer.main.get_group(app)
    rows = [_rows(command, name) for name, command in own.commands.items() if name not in GROUPS]
    for name, module in GROUPS.items():
        group = importlib.import_module(f"fuliang_gis.cli.{module}").app
        rows.append(_rows(typer.main.get_command(group), name))
    return _HEAD + "\n".join(row for group in rows for row in group) + "\n"


def _rows(command: object, path: str) -> list[str]:
    if isinstance(command, TyperGroup):
        return [
            row
            for name, child in command.commands.items()
            for row in _rows(child, f"{path} {name}")
        ]
    if not isinstance(command, TyperCommand):
        return []
    usage = " ".join(["./fuliang", path, *map(_parameter, command.params)])
    told = (command.help or "").strip().partition("\n")[0]
    return [f"| `{usage}` | {told} |"]


def _parameter(parameter: object) -> str:
    name = str(getattr(parameter, "name", "")).upper()
    if isinstance(parameter, TyperOption):
        name = parameter.opts[-1] if parameter.is_flag else f"{parameter.opts[-1]} {name}"
    return name if getattr(parameter, "required", False) else f"[{name}]"
