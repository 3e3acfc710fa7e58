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


def _entry(name: str) -> dict[str, Any]:
    path = BUILD / "manifest.json"
    if not path.exists():
        return {}
    return _manifest(path, path.stat().st_mtime).get(name, {})


def _address(file: str) -> str:
    return url_for("static", filename=f"build/{file}")


def asset_tags(name: str) -> Markup:
    """Return the style sheets and the script of one entry; nothing before the first build."""
    entry = _entry(name)
    link = Markup('<link rel="stylesheet" href="{}">')
    script = Markup('<script type="module" src="{}"></script>')
    tags = [link.format(_address(file)) for file in _sheets(entry)]
    if (file := entry.get("file", "")).endswith(".js"):
        tags.append(script.format(_address(file)))
    return Markup("\n").join(tags)


def _sheets(entry: dict[str, Any]) -> list[str]:
    found = list(entry.get("css", []))
    for imported in entry.get("imports", []):
        found += [sheet for sheet in _sheets(_entry(imported)) if sheet not in found]
    return found
