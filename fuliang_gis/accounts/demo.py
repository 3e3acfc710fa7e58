"""The demo county's accounts: one a role, posts instead of people, with random passwords."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fuliang_gis.accounts import audit, operations
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.operations import Post
from fuliang_gis.accounts.policies import inside
from fuliang_gis.accounts.queries import division
from fuliang_gis.accounts.roles import ROLE_NAMES, Role

#: Township of the demo's township staff and village informant, and the second one for comparison.
TOWNSHIP = "360222100"
OTHER_TOWNSHIP = "360222105"

FILE = "demo-accounts.json"


@dataclass(frozen=True)
class DemoAccount:
    """A demo account as it is printed for the person who tries the service."""

    username: str
    password: str
    display_name: str
    role: str
    division: str


def create_demo_accounts(session: Session, secrets_folder: Path) -> list[DemoAccount]:
    """Create the demo accounts that are missing; return all of them with their passwords.

    Passwords stay readable for the host alone, in ``demo-accounts.json`` (mode 0600) in the folder,
    so that they can be listed again; the database holds their hashes like anybody's.
    """
    kept = {each.username: each for each in demo_accounts(secrets_folder)}
    present = set(session.scalars(select(Account.username).where(Account.invented)))
    for username, role, code in demo_posts(session):
        if username not in present or username not in kept:
            kept[username] = _make(session, username, role, code)
    _write(secrets_folder / FILE, list(kept.values()))
    return list(kept.values())


def demo_accounts(secrets_folder: Path) -> list[DemoAccount]:
    """Return the demo accounts that were made here, with their passwords."""
    try:
        stored = json.loads((secrets_folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return []
    return [DemoAccount(**each) for each in stored]


def drop_demo_accounts(session: Session, secrets_folder: Path | None) -> int:
    """Remove every invented account; one that real rows refer to is switched off instead.

    Returns:
        How many accounts were removed or switched off.
    """
    found = session.scalars(select(Account).where(Account.invented)).all()
    for account in found:
        _drop(session, account)
    if secrets_folder is not None:
        (secrets_folder / FILE).unlink(missing_ok=True)
    return len(found)


def _drop(session: Session, account: Account) -> None:
    audit.record(session, audit.HOST, "deactivate_account", f"account:{account.username}")
    session.flush()
    try:
        with session.begin_nested():
            session.delete(account)
    except IntegrityError:
        session.execute(update(Account).where(Account.id == account.id).values(active=False))


def demo_posts(session: Session) -> list[tuple[str, Role, str]]:
    """Return user name, role and division of each demo account."""
    county = TOWNSHIP[:6]
    village = session.scalar(
        select(division.c.code)
        .where(inside(TOWNSHIP, division.c.code), func.length(division.c.code) > len(TOWNSHIP))
        .where(division.c.name.endswith("村委会"))
        .order_by(division.c.code)
    )
    return [
        ("admin", Role.ADMINISTRATOR, county),
        ("county", Role.COUNTY_STAFF, county),
        ("reviewer", Role.REVIEWER, county),
        ("planner", Role.PLANNER, county),
        ("inspector", Role.INSPECTOR, TOWNSHIP),
        ("viewer", Role.VIEWER, county),
        ("township", Role.TOWNSHIP_STAFF, TOWNSHIP),
        ("yaoli", Role.TOWNSHIP_STAFF, OTHER_TOWNSHIP),
        ("informant", Role.VILLAGE_INFORMANT, village or TOWNSHIP),
    ]


def _make(session: Session, username: str, role: Role, code: str) -> DemoAccount:
    name = session.scalars(select(division.c.name).where(division.c.code == code)).one()
    display_name = post_name(name, role)
    existing = session.scalar(select(Account).where(Account.username == username, Account.invented))
    if existing is None:
        post = Post(display_name, role, code)
        _, password = operations.create(session, None, username, post, invented=True)
    else:
        password = operations.reset_password(session, None, existing)
        existing.must_change_password = False
    return DemoAccount(username, password, display_name, ROLE_NAMES[role][0], name)


def post_name(division_name: str, role: Role) -> str:
    """Return what a post is called; the division already tells the role's level.

    >>> post_name("浮梁镇", Role.TOWNSHIP_STAFF)
    '浮梁镇工作人员'
    """
    title = ROLE_NAMES[role][0].removeprefix("县级").removeprefix("乡镇").removeprefix("村级")
    return f"{division_name.removesuffix('委会')}{title}"


def _write(path: Path, accounts: list[DemoAccount]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.touch(mode=0o600)
    listed = [asdict(each) for each in accounts]
    draft.write_text(json.dumps(listed, ensure_ascii=False, indent=1), "utf-8")
    draft.replace(path)
