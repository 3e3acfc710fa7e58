"""``fuliang docs``: write the contract and reference pages, or check them against the code."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import typer
import yaml

from fuliang_gis.accounts.reference import roles_page
from fuliang_gis.cli.commands import commands_page
from fuliang_gis.cli.licences import licences_page
from fuliang_gis.db.session import Database
from fuliang_gis.errors import SetUpError
from fuliang_gis.material import API, ROOT
from fuliang_gis.settings import Settings
from fuliang_gis.web import reference
from fuliang_gis.web.app import create_app

app = typer.Typer(help="（开发）由代码生成的接口约定与参考文档。", no_args_is_help=True)


def documents() -> dict[Path, str]:
    """Return every generated file with the text that the code calls for."""
    # The documents follow from the code alone: no database is asked, no state is left.
    nowhere = Database.connect("postgresql:///", b"")
    with TemporaryDirectory() as state:
        web = create_app(Settings(state=Path(state)), nowhere)
    contract = yaml.safe_dump(web.api_doc, allow_unicode=True, sort_keys=True, width=100)
    docs = ROOT / "docs" / "reference"
    pages = {docs / name: text for name, text in reference.pages(web).items()}
    return {
        API / "openapi.yaml": contract,
        ROOT / "docs" / "licences.md": licences_page(),
        docs / "cli.md": commands_page(),
        docs / "roles.md": roles_page(),
        **pages,
    }


def drifted() -> list[Path]:
    """Return the generated files that are not what the code calls for."""
    return [
        path
        for path, text in documents().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]


@app.command()
def write() -> None:
    """重新生成接口文档。"""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        typer.echo(str(path.relative_to(ROOT)))


@app.command()
def check() -> None:
    """检查接口文档是否与代码一致。"""
    if old := drifted():
        names = "、".join(str(path.relative_to(ROOT)) for path in old)
        raise SetUpError(
            reason=f"以下文件与代码不一致：{names}。请运行 ./fuliang docs write。",
            reason_en=f"Out of date: {names}. Run ./fuliang docs write.",
        )
    typer.echo("接口文档与代码一致。")
