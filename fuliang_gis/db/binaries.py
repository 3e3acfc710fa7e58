"""Finds the PostgreSQL and PostGIS programs that the system offers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fuliang_gis.errors import SetUpError

#: Where Debian and Ubuntu put each major version's programs.
PACKAGED = Path("/usr/lib/postgresql")

OLDEST = 14


@dataclass(frozen=True, order=True)
class Binaries:
    """The programs of one PostgreSQL major version."""

    major: int
    folder: Path

    @property
    def has_postgis(self) -> bool:
        """Tell whether PostGIS is installed for this version."""
        shared = self._configured("--sharedir")
        return shared is not None and (shared / "extension" / "postgis.control").exists()

    def _configured(self, option: str) -> Path | None:
        done = subprocess.run(
            [self.folder / "pg_config", option], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
        # Debian's server package comes without pg_config, which is part of the development package.
        return Path(f"/usr/share/postgresql/{self.major}")


def installed(packaged: Path = PACKAGED) -> list[Binaries]:
    """Return every PostgreSQL server found, newest first."""
    folders = list(packaged.glob("*/bin"))
    if config := shutil.which("pg_config"):
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(done.stdout.strip()))
    if server := shutil.which("postgres"):
        folders.append(Path(server).resolve().parent)
    found = {major: Binaries(major, folder) for folder in folders if (major := _major(folder))}
    return sorted(found.values(), reverse=True)


def _major(folder: Path) -> int | None:
    server = folder / "postgres"
    if not os.access(server, os.X_OK) or not os.access(folder / "initdb", os.X_OK):
        return None
    done = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\b(\d+)[.\d]*(?:devel|beta\d+|rc\d+)?\b", done.stdout)
    return int(found[1]) if found else None


def newest(found: list[Binaries]) -> Binaries:
    """Choose the programs for a new cluster: the newest version that has PostGIS.

    Raises:
        SetUpError: PostgreSQL or PostGIS is not installed, or too old.
    """
    if not found:
        raise SetUpError(
            reason="未找到 PostgreSQL。请安装：apt-get install postgresql postgresql-postgis，"
            "或用 FULIANG_DATABASE_URL 指向已有的 PostGIS 数据库。",
            reason_en="PostgreSQL is not installed. Install it: apt-get install postgresql "
            "postgresql-postgis, or point FULIANG_DATABASE_URL to a PostGIS database.",
        )
    for binaries in found:
        if binaries.major >= OLDEST and binaries.has_postgis:
            return binaries
    have = "、".join(str(one.major) for one in found)
    raise SetUpError(
        reason=f"已安装的 PostgreSQL（{have}）没有对应的 PostGIS，或版本低于 {OLDEST}。"
        f"请安装：apt-get install postgresql-{found[0].major}-postgis-3。",
        reason_en=f"No PostGIS for the installed PostgreSQL ({have}), or older than {OLDEST}. "
        f"Install it: apt-get install postgresql-{found[0].major}-postgis-3.",
    )


def fitting(found: list[Binaries], major: int, data: Path) -> Binaries:
    """Choose the programs for an existing cluster: exactly its own major version.

    Raises:
        SetUpError: That version is not installed.
    """
    for binaries in found:
        if binaries.major == major:
            return binaries
    have = "、".join(str(one.major) for one in found) or "无"
    raise SetUpError(
        reason=f"内置数据库（{data}）由 PostgreSQL {major} 建立，本机只有 PostgreSQL {have}。"
        f"请安装 postgresql-{major} 与 postgresql-{major}-postgis-3 后启动；若要换到新版本，"
        "请先用旧版本执行 ./fuliang db backup，移走该文件夹，启动后执行 ./fuliang db restore。",
        reason_en=f"The embedded database ({data}) was made by PostgreSQL {major}; here is only "
        f"{have}. Install postgresql-{major} with postgresql-{major}-postgis-3; to move to a newer "
        "one, run ./fuliang db backup under the old, move the folder away, start, and restore.",
    )
