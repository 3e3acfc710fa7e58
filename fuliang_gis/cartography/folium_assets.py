"""Scripts and styles of the folium maps: our own built files, linked by address or inlined.

folium's classes name files on public servers. The map uses none of them: Leaflet, the full-screen
and measuring controls and our own behaviour are one built script and one style sheet, in the
versions that the installed folium expects (a test compares them).
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from fuliang_gis.errors import SetUpError

SCRIPT = "maps/src/village-map.ts"
SHEET = "maps/styles/village-map.css"

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
_ADDRESS = re.compile(r"url\((['\"]?)(/[^)'\"]+)\1\)")


@dataclass(frozen=True)
class Build:
    """The folder of the built front end and the address under which it is served."""

    folder: Path
    address: str

    def file(self, source: str) -> str:
        """Return the path of a built file within the folder.

        Raises:
            SetUpError: The front end has not been built.
        """
        path = self.folder / "manifest.json"
        if not path.exists() or source not in (known := _files(path, path.stat().st_mtime)):
            raise SetUpError(
                reason="地图脚本尚未生成。请运行 ./fuliang serve 重新构建前端。",
                reason_en="The map's scripts are missing. Run './fuliang serve' to build them.",
            )
        return known[source]


@cache
def _files(path: Path, _changed: float) -> dict[str, str]:
    return {name: entry["file"] for name, entry in json.loads(path.read_text("utf-8")).items()}


def linked(build: Build) -> Markup:
    """Return the elements that load the files from our own server."""
    sheet = Markup('<link rel="stylesheet" href="{}">').format(build.address + build.file(SHEET))
    return sheet + Markup('<script src="{}"></script>').format(build.address + build.file(SCRIPT))


def inlined(build: Build, nonce: str) -> Markup:
    """Return the elements that carry the files whole, for a page that opens without a network."""
    script, sheet = _contents(build, build.file(SCRIPT), build.file(SHEET))
    style = Markup('<style nonce="{}">{}</style>').format(nonce, Markup(sheet))  # noqa: S704  # Our own build.
    return style + Markup('<script nonce="{}">{}</script>').format(nonce, Markup(script))  # noqa: S704  # Our own build.


@cache
def _contents(build: Build, script: str, sheet: str) -> tuple[str, str]:
    code = (build.folder / script).read_text("utf-8")
    # A script element ends at the first of these, wherever in the script it stands.
    code = re.sub(r"<(?=/script|!--)", r"\\x3c", code, flags=re.IGNORECASE)
    styles = (build.folder / sheet).read_text("utf-8")
    return code, _ADDRESS.sub(lambda found: _data_address(build, found[2]), styles)


def _data_address(build: Build, address: str) -> str:
    file = build.folder / address.removeprefix(build.address)
    encoded = base64.b64encode(file.read_bytes()).decode("ascii")
    return f'url("data:{_TYPES[file.suffix]};base64,{encoded}")'
