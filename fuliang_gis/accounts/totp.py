"""The second factor: time-based one-time codes (RFC 6238), their secrets sealed at rest."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from pyotp.totp import TOTP

ISSUER = "浮梁空间规划"

#: Seconds a code is valid for, and how many neighbouring codes are taken for a phone's wrong clock.
PERIOD = 30
SLACK = 1


def new_secret() -> str:
    """Return a random secret in base 32."""
    return pyotp.random_base32()


def seal(secret: str, key: bytes) -> str:
    """Encrypt a secret with the installation's key [32 bytes]: a database dump gives no codes."""
    return _box(key).encrypt(secret.encode()).decode()


def unseal(sealed: str, key: bytes) -> str | None:
    """Decrypt a secret; None when it was sealed with another installation's key."""
    try:
        return _box(key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _box(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key))


def enrolment_uri(secret: str, username: str) -> str:
    """Return the ``otpauth:`` address that an authenticator reads from a QR code."""
    return TOTP(secret, interval=PERIOD).provisioning_uri(name=username, issuer_name=ISSUER)


def matching_step(secret: str, code: str, now: datetime, last_step: int | None) -> int | None:
    """Return the time step that the code belongs to, None for a wrong, old or already used one."""
    present = int(now.timestamp()) // PERIOD
    generator = TOTP(secret, interval=PERIOD)
    given = "".join(code.split()).encode()
    for step in range(present - SLACK, present + SLACK + 1):
        unused = last_step is None or step > last_step
        if hmac.compare_digest(generator.generate_otp(step).encode(), given) and unused:
            return step
    return None
