"""``fuliang accounts …``: looking after accounts on the host, as the database's owner."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from fuliang_gis.accounts import demo, operations, queries, refusals, tokens
from fuliang_gis.accounts.operations import Post
from fuliang_gis.accounts.roles import ROLE_NAMES, Role
from fuliang_gis.cli.context import load_settings, owner_session, say

app = typer.Typer(help="账号：列出、新建、重置密码、解锁、令牌、停用。", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="用户名。")]


@app.command("list-demo", help="列出演示账号及其密码。")
def list_demo() -> None:
    """Print the demo accounts with their passwords."""
    found = demo.demo_accounts(load_settings().state_dir / "secrets")
    if not found:
        say("没有演示账号。执行 ./fuliang demo load 生成演示县。")
        return
    rows = [[each.username, each.password, each.role, each.division] for each in found]
    _print(["用户名", "密码", "角色", "行政区划"], rows)


@app.command("list", help="列出全部账号。")
def list_accounts(
    search: Annotated[str, typer.Option(help="只列出用户名、名称或区划含有此文字的。")] = "",
) -> None:
    """Print every account."""
    rows = []
    with owner_session() as session:
        number, more = 1, True
        while more:
            page = queries.accounts(session, None, search, number)
            rows += [_row(each) for each in page.rows]
            number, more = number + 1, page.more
    _print(["用户名", "名称", "角色", "行政区划", "状态", "上次登录"], rows)


def _row(each: queries.AccountRow) -> list[str]:
    account = each.account
    seen = account.last_sign_in_at
    return [
        account.username,
        account.display_name,
        ROLE_NAMES[Role(account.role)][0],
        each.division_name,
        "在用" if account.active else "停用",
        f"{seen:%Y-%m-%d %H:%M}" if seen else "—",
    ]


@app.command("create", help="新建账号，打印一次性密码。")
def create(
    username: Username,
    role: Annotated[Role, typer.Option(help="角色。")],
    division: Annotated[str, typer.Option(help="行政区划代码（6、9 或 12 位）。")],
    name: Annotated[str, typer.Option(help="岗位或人员名称；不填则用角色名。")] = "",
) -> None:
    """Create an account and print its one-time password."""
    post = Post(name or ROLE_NAMES[role][0], role.value, division)
    with owner_session() as session:
        account, password = operations.create(session, None, username, post)
    say(f"账号 {account.username} 已建立，一次性密码（首次登录须修改）：")
    typer.echo(password)


@app.command("reset", help="重置密码，打印一次性密码。")
def reset(
    username: Username,
    totp: Annotated[bool, typer.Option("--totp", help="同时关闭两步验证（手机丢失时）。")] = False,  # noqa: FBT002
) -> None:
    """Reset a password and print the one-time one."""
    with owner_session() as session:
        account = queries.account(session, username)
        password = operations.reset_password(session, None, account, second_factor=totp)
    say("一次性密码（登录后须修改）：")
    typer.echo(password)


@app.command("unlock", help="解除登录失败造成的锁定。")
def unlock(username: Username) -> None:
    """End an account's rest."""
    with owner_session() as session:
        operations.unlock(session, None, queries.account(session, username))
    say(f"账号 {username} 已解锁。")


@app.command("token", help="签发 API 令牌并打印（只显示这一次）。")
def token(
    username: Username,
    days: Annotated[int, typer.Option(help="有效期（天）。")] = 90,
    label: Annotated[str, typer.Option(help="用途。")] = "命令行签发",
) -> None:
    """Make a token and print it."""
    with owner_session() as session:
        account = queries.account(session, username)
        made = tokens.create(session, None, account, label, days)
    typer.echo(made)


@app.command("revoke", help="吊销一个账号的全部令牌。")
def revoke(username: Username) -> None:
    """End every token of an account."""
    with owner_session() as session:
        ended = tokens.revoke_all(session, None, queries.account(session, username))
    say(f"已吊销 {ended} 个令牌。")


@app.command("deactivate", help="停用账号，其登录与令牌立即失效。")
def deactivate(username: Username) -> None:
    """Switch an account off."""
    with owner_session() as session:
        operations.deactivate(session, None, queries.account(session, username))
    say(f"账号 {username} 已停用。")


@app.command("activate", help="重新启用账号。")
def activate(username: Username) -> None:
    """Switch an account on again."""
    with owner_session() as session:
        operations.activate(session, None, queries.account(session, username))
    say(f"账号 {username} 已启用。")


@app.command("refusals", help="列出数据库自身拒绝的写入（来自内置数据库的日志）。")
def list_refusals(
    limit: Annotated[int, typer.Option(help="最多列出多少条。")] = 50,
) -> None:
    """Print what the database refused, newest first."""
    settings = load_settings()
    folder = refusals.log_folder(settings)
    if folder is None:
        say("使用外部数据库时，被拒绝的写入记录在该数据库服务器自己的日志中（SQLSTATE 42501）。")
        return
    rows = [
        [f"{each.at:%Y-%m-%d %H:%M:%S}", each.user, each.application, each.message, each.statement]
        for each in refusals.read_refusals(folder, limit)
    ]
    _print(["时间", "数据库角色", "程序", "原因", "语句"], rows)


def _print(headings: list[str], rows: list[list[str]]) -> None:
    printed = Table(*headings)
    for row in rows:
        printed.add_row(*row)
    Console().print(printed)
