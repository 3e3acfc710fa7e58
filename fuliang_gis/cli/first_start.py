"""What a first start adds: the divisions and the demo county; and how one signs in then."""

from __future__ import annotations

import hashlib
import time

from sqlalchemy import Engine, create_engine, exists, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from fuliang_gis import __version__
from fuliang_gis.accounts.demo import demo_accounts
from fuliang_gis.accounts.models import Account
from fuliang_gis.areas.models import Division
from fuliang_gis.cli.context import follow_norms, say
from fuliang_gis.db.session import driver_url
from fuliang_gis.material import DATA
from fuliang_gis.settings import Settings

#: The county that everybody gets on a first start.
SEED = 1


def load_what_is_missing(owner_url: str, settings: Settings) -> bool:
    """Refresh divisions and rules; on the first start of an embedded database load the demo county.

    Returns:
        Whether the demo county was loaded now.
    """
    engine = create_engine(driver_url(owner_url), poolclass=NullPool)
    _load_divisions(engine, settings)
    follow_norms(owner_url)
    offered = settings.state_dir / "demo.offered"
    if not settings.demo or settings.database_url is not None or offered.exists():
        return False
    with Session(engine) as session, session.begin():
        wanted = not session.scalar(select(exists(select(Account.id))))
        if wanted:
            _load_demo(session, settings)
    # Dropped once, the demo county does not come back with the next start.
    offered.touch()
    return bool(wanted)


def _load_divisions(engine: Engine, settings: Settings) -> None:
    loaded = settings.state_dir / "areas.loaded"
    wanted = _fingerprint()
    with Session(engine) as session, session.begin():
        present = session.scalar(select(exists(select(Division.code))))
        if present and loaded.exists() and loaded.read_text("ascii") == wanted:
            return
        # Loaded when needed: drawing the township cells takes seconds that other starts do without.
        from fuliang_gis.areas.operations import load_reference

        load_reference(session)
    loaded.write_text(wanted, "ascii")


def _fingerprint() -> str:
    digest = hashlib.sha256(__version__.encode())
    for file in sorted((DATA / "areas").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _load_demo(session: Session, settings: Settings) -> None:
    from fuliang_gis.demo import operations as demo

    began = time.monotonic()
    say("首次启动：生成演示县（约一分钟，数据均为虚构）…")
    demo.load(
        session,
        seed=SEED,
        secrets_folder=settings.state_dir / "secrets",
        files_folder=settings.state_dir / "files",
        progress=say,
    )
    say(f"演示县已生成，用时 {time.monotonic() - began:.0f} 秒。")


def signing_in(settings: Settings, *, first: bool) -> str:
    """Return how to sign in: the demo passwords the first time, later where they are listed."""
    accounts = demo_accounts(settings.state_dir / "secrets")
    if not accounts:
        return (
            "新建第一个账号：./fuliang accounts create 用户名 --role administrator --division "
            + (settings.county_code)
        )
    if not first:
        return "演示账号及密码：./fuliang accounts list-demo"
    listed = [f"  {one.username:<12}{one.password}  {one.display_name}" for one in accounts]
    return "\n".join(
        ["演示账号与密码（只显示这一次；./fuliang accounts list-demo 可再次列出）：", *listed]
    )
