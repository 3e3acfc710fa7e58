"""Addresses of the built scripts and styles, from the manifest that the front-end build leaves."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import url_for
from markupsafe import Markup

BUILD = Path(__file__).resolve().parent / "static" / "build"


@cache
def _manifest(path: Path, _changed: float) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return loaded


def is_packed(name: str) -> bool:
    """Tell whether the build left a compressed file beside a static one."""
    folder, _, file = name.rpartition("/")
    return folder == "build/assets" and (BUILD / "assets" / f"{file}.gz").is_file()


def _entry(name: str) -> dict[str, Any]:
    path = BUILD / "manifest.json"
    if not path.exists():
        return {}
    return _manifest(path, path.stat().st_mtime).get(name, {})


def _address(file: str) -> str:
    return url_for("static", filename=f"build/{file}")


def asset_tags(name: str, *, early: bool = False) -> Markup:
    """Return the style sheets and the script of one entry; nothing before the first build.

    The modules that the script imports are named too, so that all are fetched at once. With
    ``early``, the script runs as soon as it is there, whatever else is still on its way.
    """
    entry = _entry(name)
    link = Markup('<link rel="stylesheet" href="{}">')
    ahead = Markup('<link rel="modulepreload" href="{}">')
    script = Markup('<script type="module" src="{}"{}></script>')
    timing = Markup(' blocking="render"') if early else ""
    parts = [entry, *_imported(entry)]
    sheets = dict.fromkeys(sheet for part in parts for sheet in part.get("css", []))
    tags = [link.format(_address(file)) for file in sheets]
    if (file := entry.get("file", "")).endswith(".js"):
        tags.append(script.format(_address(file), timing))
        tags += [ahead.format(_address(part["file"])) for part in parts[1:]]
    return Markup("\n").join(tags)


def _imported(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return everything that an entry imports, directly or not, each once."""
    names: dict[str, None] = {}
    waiting = list(entry.get("imports", []))
    while waiting:
        name = waiting.pop(0)
        if name not in names:
            names[name] = None
            waiting += _entry(name).get("imports", [])
    return [_entry(name) for name in names]


def text_of(name: str) -> str | None:
    """Return the built script of one entry as text; None before the first build."""
    file = str(_entry(name).get("file", ""))
    return (BUILD / file).read_text("utf-8") if file else None
