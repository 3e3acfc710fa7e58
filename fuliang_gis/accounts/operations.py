"""Creating and looking after accounts; each act is audited in its own transaction.

``by`` is the person acting, or None for the owner of the database working on the host, whom no
policy bounds. Administrators manage the accounts of their own division and cannot take away their
own access.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts import audit, passwords, totp
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.policies import COUNTY_DIGITS, require
from fuliang_gis.accounts.queries import division
from fuliang_gis.accounts.roles import Actor, Permission, Role
from fuliang_gis.accounts.sign_in import new_stamp
from fuliang_gis.db.base import Json
from fuliang_gis.errors import (
    Duplicate,
    Invalid,
    LastAdministrator,
    NotFound,
    OwnAccount,
    Problem,
    SignInFailed,
)

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")
LONGEST_NAME = 60

#: Where mail goes; the address itself is proved by a mail that arrives, not here.
EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f]+")
LONGEST_EMAIL = 254


@dataclass(frozen=True)
class Post:
    """What an account is: a name, a role and the division it is bound to."""

    display_name: str
    role: str
    division_code: str


def create(
    session: Session, by: Actor | None, username: str, post: Post, *, invented: bool = False
) -> tuple[Account, str]:
    """Create an account; return it with the one-time password to hand over.

    Raises:
        Forbidden: The actor does not manage accounts.
        OutsideDivision: The division lies outside the actor's.
        Invalid: A value breaks its rule.
        Duplicate: The user name is taken.
    """
    name = username.strip().lower()
    _check(session, by, post, name)
    if session.scalar(select(Account.id).where(Account.username == name)) is not None:
        raise Duplicate(label="用户名", value=name, field="username")
    password = passwords.random_password()
    account = Account(
        username=name,
        display_name=post.display_name.strip(),
        role=post.role,
        division_code=post.division_code,
        password_hash=passwords.hashed(password),
        stamp=new_stamp(),
        must_change_password=not invented,
        invented=invented,
    )
    session.add(account)
    session.flush()
    _note(session, by, "create_account", account, {"role": post.role})
    return account, password


def change(session: Session, by: Actor | None, account: Account, post: Post) -> None:
    """Give an account another name, role or division.

    Raises:
        Forbidden, OutsideDivision, Invalid: As for creating one.
        OwnAccount: The actor would change the own role or division.
        LastAdministrator: The county would be left without one.
    """
    _manage(by, account)
    _check(session, by, post, account.username)
    before = {"role": account.role, "division": account.division_code, "name": account.display_name}
    if (post.role, post.division_code) != (account.role, account.division_code):
        _keep_access(session, by, account)
    account.display_name = post.display_name.strip()
    account.role = post.role
    account.division_code = post.division_code
    after = {"role": post.role, "division": post.division_code, "name": account.display_name}
    _note(session, by, "change_account", account, {"before": before, "after": after})


def deactivate(session: Session, by: Actor | None, account: Account) -> None:
    """Switch an account off; its sessions and tokens end at once.

    Raises:
        OwnAccount: It is the actor's own.
        LastAdministrator: The county would be left without one.
    """
    _manage(by, account)
    _keep_access(session, by, account)
    account.active = False
    account.stamp = new_stamp()
    _note(session, by, "deactivate_account", account)


def activate(session: Session, by: Actor | None, account: Account) -> None:
    """Switch an account on again."""
    _manage(by, account)
    account.active = True
    _note(session, by, "activate_account", account)


def unlock(session: Session, by: Actor | None, account: Account) -> None:
    """End the rest after failed sign-ins."""
    _manage(by, account)
    account.failed_sign_ins = 0
    account.locked_until = None
    _note(session, by, "unlock_account", account)


def set_email(session: Session, by: Actor | None, account: Account, email: str) -> None:
    """Say where an account's daily reminders go; an empty address ends them.

    Raises:
        Forbidden, OutsideDivision: It is neither the actor's own nor one the actor manages.
        Invalid: It is no e-mail address.
    """
    if by is None or by.account_id != account.id:
        _manage(by, account)
    address = email.strip()
    if address and not (EMAIL.fullmatch(address) and len(address) <= LONGEST_EMAIL):
        text = ("邮箱地址不正确，应如 name@example.cn。", "This is no e-mail address.")
        raise Invalid([Problem("email", *text, field="email")])
    if (address or None) != account.email:
        account.email = address or None
        _note(session, by, "change_account", account, {"fields": ["email"]})


def reset_password(
    session: Session, by: Actor | None, account: Account, *, second_factor: bool = False
) -> str:
    """Return a new one-time password, which must be changed at the next sign-in.

    Args:
        second_factor: Take away the second factor too, for a person who lost the telephone.
    """
    _manage(by, account)
    password = passwords.random_password()
    _set_password(account, password, must_change=True)
    account.failed_sign_ins = 0
    account.locked_until = None
    if second_factor:
        _forget_totp(account)
    _note(session, by, "reset_password", account, {"second_factor": second_factor})
    return password


def change_password(session: Session, actor: Actor, current: str, new: str) -> str:
    """Change one's own password; return the new stamp, for the session that goes on.

    Raises:
        SignInFailed: The current password is not right.
        Invalid: The new password is not good enough.
    """
    account = _own(session, actor)
    if not passwords.fits(account.password_hash, current):
        raise SignInFailed(field="current")
    if new == current:
        same = Problem("same_password", "新密码与原密码相同。", "The new password is the old one.")
        raise Invalid([same])
    passwords.require_good(new, account.username)
    _set_password(account, new, must_change=False)
    _note(session, actor, "change_password", account)
    return account.stamp


def begin_totp(session: Session, actor: Actor, key: bytes) -> str:
    """Store a new second factor that does not count yet; return its ``otpauth:`` address.

    Raises:
        Invalid: A second factor is in force; it must be taken away first.
    """
    account = _own(session, actor)
    if account.totp_confirmed:
        raise Invalid([Problem("totp_on", "两步验证已启用，请先关闭。", "It is on already.")])
    secret = totp.new_secret()
    account.totp_secret = totp.seal(secret, key)
    account.totp_last_step = None
    return totp.enrolment_uri(secret, account.username)


def pending_totp(session: Session, actor: Actor, key: bytes) -> str | None:
    """Return the ``otpauth:`` address of a second factor that waits for its first code."""
    account = _own(session, actor)
    if account.totp_confirmed or account.totp_secret is None:
        return None
    secret = totp.unseal(account.totp_secret, key)
    return totp.enrolment_uri(secret, account.username) if secret else None


def confirm_totp(session: Session, actor: Actor, code: str, key: bytes) -> str:
    """Put the second factor in force after its first right code; return the new stamp.

    Raises:
        Invalid: The code does not fit.
    """
    account = _own(session, actor)
    secret = totp.unseal(account.totp_secret, key) if account.totp_secret else None
    step = totp.matching_step(secret, code, clock.now(), None) if secret else None
    if step is None or account.totp_confirmed:
        text = ("动态验证码不正确，请核对手机时间后重试。", "The one-time code is not right.")
        raise Invalid([Problem("totp_code", *text, field="code")])
    account.totp_confirmed = True
    account.totp_last_step = step
    account.stamp = new_stamp()
    _note(session, actor, "enrol_totp", account)
    return account.stamp


def remove_totp(session: Session, actor: Actor, current: str) -> str:
    """Take one's own second factor away; return the new stamp.

    Raises:
        SignInFailed: The password is not right.
    """
    account = _own(session, actor)
    if not passwords.fits(account.password_hash, current):
        raise SignInFailed(field="current")
    _forget_totp(account)
    account.stamp = new_stamp()
    _note(session, actor, "remove_totp", account)
    return account.stamp


def _own(session: Session, actor: Actor) -> Account:
    return session.get_one(Account, actor.account_id, with_for_update=True)


def _set_password(account: Account, password: str, *, must_change: bool) -> None:
    account.password_hash = passwords.hashed(password)
    account.stamp = new_stamp()
    account.must_change_password = must_change


def _forget_totp(account: Account) -> None:
    account.totp_secret = None
    account.totp_confirmed = False
    account.totp_last_step = None


def _manage(by: Actor | None, account: Account) -> None:
    if by is not None:
        require(by, Permission.MANAGE_ACCOUNTS, account.division_code)


def _check(session: Session, by: Actor | None, post: Post, username: str) -> None:
    if by is not None:
        require(by, Permission.MANAGE_ACCOUNTS, post.division_code)
    problems = []
    if not USERNAME.fullmatch(username):
        zh = "用户名用小写字母、数字和 . _ -，2 至 63 位，以字母或数字开头。"
        en = "Use 2 to 63 lower-case letters, digits and . _ -"
        problems.append(Problem("username", zh, en, field="username"))
    if not 0 < len(post.display_name.strip()) <= LONGEST_NAME:
        text = (f"名称必填，最多 {LONGEST_NAME} 个字。", f"1 to {LONGEST_NAME} characters.")
        problems.append(Problem("display_name", *text, field="display_name"))
    if post.role not in set(Role):
        problems.append(Problem("role", "请选择角色。", "Choose a role.", field="role"))
    if problems:
        raise Invalid(problems)
    found = select(division.c.code).where(division.c.code == post.division_code)
    if session.scalar(found) is None:
        raise NotFound(what="行政区划", key=post.division_code, field="division_code")


def _keep_access(session: Session, by: Actor | None, account: Account) -> None:
    if by is not None and by.account_id == account.id:
        raise OwnAccount
    # Every county administrator's row is locked, so that two cannot switch each other off at once.
    administrators = session.scalars(
        select(Account.id)
        .where(
            Account.active,
            Account.role == Role.ADMINISTRATOR,
            func.length(Account.division_code) == COUNTY_DIGITS,
        )
        .order_by(Account.id)
        .with_for_update()
    ).all()
    if list(administrators) == [account.id]:
        raise LastAdministrator


def _note(
    session: Session, by: Actor | None, action: str, account: Account, detail: Json | None = None
) -> None:
    audit.record(
        session,
        by or audit.HOST,
        action,
        f"account:{account.username}",
        division_code=account.division_code,
        detail=detail,
    )
