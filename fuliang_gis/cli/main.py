"""Every command, and what a refusal looks like at the terminal."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated

import typer
from typer import rich_utils

from fuliang_gis.cli import checks, database
from fuliang_gis.cli.context import load_settings, say
from fuliang_gis.errors import FuliangError

rich_utils.ARGUMENTS_PANEL_TITLE = "参数"
rich_utils.OPTIONS_PANEL_TITLE = "选项"
rich_utils.COMMANDS_PANEL_TITLE = "命令"
rich_utils.ERRORS_PANEL_TITLE = "错误"
rich_utils.REQUIRED_LONG_STRING = "[必填]"
rich_utils.DEFAULT_STRING = "[默认：{}]"

app = typer.Typer(
    name="fuliang",
    help="浮梁县空间规划与资产管理系统。"
    "设置均为 FULIANG_ 开头的环境变量，见 docs/reference/settings.md。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(database.app, name="db")


@app.command("serve", help="启动服务：数据库、网页、后台任务；按 Ctrl-C 全部停止。")
def serve() -> None:
    """Run the whole service."""
    # Loaded when asked for: every other command starts sooner without the web's libraries.
    from fuliang_gis.cli.serve import serve as run_service

    run_service(load_settings())


@app.command("worker", help="只启动后台任务进程（serve 已包含一个）。")
def worker() -> None:
    """Run one job worker."""
    from fuliang_gis.jobs.worker import run
    from fuliang_gis.web import logs

    settings = load_settings()
    logs.configure(settings)
    run(settings)


@app.command("web", help="只启动网页进程（serve 已包含）。")
def web() -> None:
    """Answer requests, on a database that runs already."""
    # Read first: a wrong one is told in words, before anything is built from them.
    settings = load_settings()
    from fuliang_gis.cli.serve import require_port
    from fuliang_gis.cli.web import run

    # The server itself would share the port with another service.
    require_port(settings.host, settings.port)
    from fuliang_gis.web.wsgi import app as application

    run(settings, application)


@app.command(
    "test",
    help="检查并测试：代码检查、类型、分层约定，然后是全部测试；参数交给 pytest。",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def test(context: typer.Context) -> None:
    """Run every check, then the tests with the arguments given to pytest."""
    raise typer.Exit(checks.everything(context.args))


@app.command("lint", help="只做代码检查、类型与分层约定。")
def lint() -> None:
    """Run the checks that read the code alone."""
    raise typer.Exit(checks.lint())


@app.command("bench", help="运行一项性能对比，最后一行输出 JSON。")
def bench(
    name: Annotated[str, typer.Argument(help="名称，见 docs/reference/benchmarks.md。")],
) -> None:
    """Run one benchmark."""
    raise typer.Exit(checks.bench(name))


#: Groups of commands, and the module that holds each.
GROUPS = {
    "accounts": "accounts",
    "demo": "demo",
    "areas": "areas",
    "inspections": "inspections",
    "rounds": "rounds",
    "roads": "roads",
    "docs": "docs",
}


def add_groups(wanted: str | None) -> None:
    """Add one group of commands, or all: each brings libraries that the others do without."""
    for name, module in GROUPS.items():
        if wanted is None or wanted == name:
            app.add_typer(importlib.import_module(f"fuliang_gis.cli.{module}").app, name=name)


def main() -> None:
    """Run the command that the arguments name; tell a refusal without a traceback."""
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    own = {each.name for each in app.registered_commands} | {"db"}
    if command not in own:
        add_groups(command if command in GROUPS else None)
    try:
        app(prog_name="fuliang")
    except FuliangError as refusal:
        say(f"错误：{refusal.text_zh}")
        say(f"Error: {refusal.text_en}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("已中断。")
        sys.exit(130)
