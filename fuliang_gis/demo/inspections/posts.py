"""Who inspects, mends and judges in the demo county: posts, which sign in with no password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, load_only

from fuliang_gis.accounts.demo import OTHER_TOWNSHIP, TOWNSHIP, demo_posts, post_name
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.accounts.sign_in import new_stamp
from fuliang_gis.areas.models import Division

#: No password fits this hash; an administrator gives the post one.
_NO_PASSWORD = "!"  # noqa: S105  # It is none.


@dataclass(frozen=True)
class Post:
    """An account as the year needs it."""

    id: int
    username: str
    name: str
    role: Role
    division_code: str


@dataclass(frozen=True)
class Posts:
    """Who acts where; townships by code."""

    inspectors: Mapping[str, Post]
    staff: Mapping[str, Post]
    informant: Post
    county: Post
    reviewer: Post
    names: Mapping[str, str]

    def unit(self, division_code: str) -> str:
        """Return who is responsible in a village or a township."""
        name = self.names[division_code]
        if name.endswith("村委会"):
            return f"{name.removesuffix('委会').replace('村村', '村')}村民委员会"
        return name if len(division_code) > len(TOWNSHIP) else f"{name}人民政府"


def posts_of(session: Session) -> Posts:
    """Return the posts, made where they are missing; they carry the mark of what is invented."""
    names = {division.code: division.name for division in session.scalars(_divisions())}
    towns = sorted(code for code in names if len(code) == len(TOWNSHIP))
    known = {TOWNSHIP: ("inspector", "township"), OTHER_TOWNSHIP: ("", "yaoli")}
    wanted = {username: (role, code) for username, role, code in demo_posts(session)}
    inspectors, staff = {}, {}
    for town in towns:
        own = known.get(town, ("", ""))
        inspectors[town] = own[0] or f"inspector-{town[6:]}"
        staff[town] = own[1] or f"township-{town[6:]}"
        wanted.setdefault(inspectors[town], (Role.INSPECTOR, town))
        wanted.setdefault(staff[town], (Role.TOWNSHIP_STAFF, town))
    made = {u: _post(session, u, role, code, names[code]) for u, (role, code) in wanted.items()}
    return Posts(
        {town: made[name] for town, name in inspectors.items()},
        {town: made[name] for town, name in staff.items()},
        made["informant"],
        made["county"],
        made["reviewer"],
        names,
    )


def _divisions() -> Select[Division]:
    return select(Division).options(load_only(Division.code, Division.name))


def _post(session: Session, username: str, role: Role, code: str, division: str) -> Post:
    alike = select(Account).where(Account.username.in_((username, f"{username}-demo")))
    named = {each.username: each for each in session.scalars(alike)}
    account = next((a for a in named.values() if a.invented), None)
    if account is None:
        account = Account(
            # A real account keeps its name.
            username=f"{username}-demo" if username in named else username,
            display_name=post_name(division, role),
            role=role.value,
            division_code=code,
            password_hash=_NO_PASSWORD,
            stamp=new_stamp(),
            invented=True,
        )
        session.add(account)
        session.flush()
    return Post(account.id, account.username, account.display_name, role, code)
