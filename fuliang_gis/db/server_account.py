"""The system account that the embedded server runs as, and how its programs are run."""

from __future__ import annotations

import os
import pwd
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuliang_gis.errors import SetUpError


@dataclass(frozen=True)
class ServerAccount:
    """An account of this machine; when root starts the service it is not our own."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, data: Path) -> ServerAccount:
        """Choose the account: our own, or for root the data folder's owner or ``postgres``.

        Raises:
            SetUpError: Root starts the service, and there is no user ``postgres``.
        """
        if os.geteuid() != 0:
            return cls._named(pwd.getpwuid(os.geteuid()))
        if data.exists():
            return cls._named(pwd.getpwuid(data.stat().st_uid))
        try:
            return cls._named(pwd.getpwnam("postgres"))
        except KeyError:
            raise SetUpError(
                reason="以 root 启动时，内置数据库由系统用户 postgres 运行，但本机没有该用户。"
                "请安装 postgresql 软件包，或改用普通用户启动。",
                reason_en="Started by root, the embedded database runs as the user postgres, which "
                "does not exist here. Install the postgresql package, or start as another user.",
            ) from None

    @classmethod
    def _named(cls, entry: pwd.struct_passwd) -> ServerAccount:
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def _identity(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def owns(self, path: Path) -> bool:
        """Tell whether a file or folder, and not a link to one, belongs to the account."""
        return not path.is_symlink() and path.lstat().st_uid == self.uid

    def can_write(self, folder: Path) -> bool:
        """Tell whether the account reaches a folder through everything above it."""
        done = subprocess.run(["test", "-w", folder], check=False, cwd="/", **self._identity)
        return done.returncode == 0

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as the account; return its status and what it printed."""
        # A file takes the output: a pipe would stay open as long as the server that inherits it.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
                cwd="/",
                umask=0o077,
                # A session of its own, so that Ctrl-C in a terminal does not reach the server.
                start_new_session=True,
                # Nothing of the caller's PG* variables may lead to another cluster.
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
                **self._identity,
            )
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())
