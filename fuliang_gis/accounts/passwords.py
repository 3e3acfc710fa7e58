"""Passwords: what is good enough, hashing by argon2, and random ones that can be read out."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from fuliang_gis.errors import Invalid, Problem

#: Fewest and most characters; argon2 takes more, but an endless one would only cost us time.
SHORTEST = 10
LONGEST = 256

#: Long enough for the rule above, and still among the first that anybody tries.
COMMON = frozenset(
    {
        "1234567890",
        "0123456789",
        "12345678910",
        "123456789a",
        "a123456789",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qwertyuiop",
        "asdfghjkl123",
        "abcdefghij",
        "abc1234567",
        "password12",
        "password123",
        "password1234",
        "passw0rd123",
        "admin12345",
        "admin123456",
        "administrator",
        "iloveyou1314",
        "woaini1314",
        "woaini5201314",
        "5201314520",
        "fuliang2022",
        "fuliang123",
        "fuliang1234",
        "jingdezhen",
        "jingdezhen123",
    }
)

_CONSONANTS = "bdfghjkmnprstvwz"
_VOWELS = "aeiou"
_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """Return the argon2id hash to store."""
    return _HASHER.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Tell whether the password is the stored one; without one the same work is done in vain."""
    try:
        _HASHER.verify(stored or _nobodys(), password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None


def is_outdated(stored: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return hashed(secrets.token_hex(16))


def require_good(password: str, username: str) -> None:
    """Refuse a password that is short, the user name, or among those that are tried first.

    Raises:
        Invalid: The password is not good enough.
    """
    problem = _fault(password, username.lower())
    if problem is not None:
        raise Invalid([Problem("weak_password", *problem, field="password")])


def _fault(password: str, username: str) -> tuple[str, str] | None:
    lowered = password.lower()
    if len(password) < SHORTEST:
        return f"密码至少 {SHORTEST} 个字符。", f"A password has at least {SHORTEST} characters."
    if len(password) > LONGEST:
        return f"密码最多 {LONGEST} 个字符。", f"A password has at most {LONGEST} characters."
    if username in lowered or lowered in username:
        return "密码不能包含用户名。", "A password may not contain the user name."
    if lowered in COMMON or len(set(lowered)) <= 3:  # Three signs make no password.
        return "这个密码太常见，请换一个。", "This password is too common."
    return None


def random_password() -> str:
    """Return a random password that can be read out over the telephone (about 51 bits).

    >>> len(random_password())
    18
    """
    syllables = [secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(6)]
    return f"{''.join(syllables[:3])}-{''.join(syllables[3:])}-{secrets.randbelow(10000):04d}"
