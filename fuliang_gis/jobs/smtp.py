"""The mail server that a setting names; its password goes nowhere else."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings

#: How long the server may take to answer [s]: a greeting; and a mail, which it may look through
#: before it takes it. Who hangs up too early sends it twice.
PATIENCE = 30.0
PATIENCE_WITH_MAIL = 240.0

_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and as whom."""

    host: str
    port: int
    encrypted: bool
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """Open one connection, ready to take a mail.

        Raises:
            OSError, smtplib.SMTPException: The server does not answer, or refuses the user.
        """
        context = ssl.create_default_context()
        opened = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
            if self.encrypted
            else smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        )
        with opened as connection:
            connection.ehlo()
            if not self.encrypted and connection.has_extn("starttls"):
                connection.starttls(context=context)
                connection.ehlo()
            if self.user:
                connection.login(self.user, self.password)
            if connection.sock is not None:
                connection.sock.settimeout(PATIENCE_WITH_MAIL)
            yield connection


def mail_server(settings: Settings) -> MailServer | None:
    """Return the mail server, or None where no setting names one.

    Raises:
        SetUpError: The setting cannot be read, or nobody is named as the sender.
    """
    if settings.smtp_url is None or not sends_mail(settings):
        return None
    try:
        given = urlsplit(settings.smtp_url.get_secret_value())
        port = given.port or _PORTS[given.scheme]
    except (ValueError, KeyError):
        raise _refusal("应形如 smtp://用户:密码@主机:端口 或 smtps://…") from None
    user = unquote(given.username or "")
    sender = settings.mail_from or (user if "@" in user else "")
    if not given.hostname or not sender:
        raise _refusal("缺少主机，或未设置 FULIANG_MAIL_FROM（发件人）")
    return MailServer(
        given.hostname,
        port,
        given.scheme == "smtps",
        sender,
        user,
        unquote(given.password or ""),
    )


def _refusal(reason: str) -> SetUpError:
    return SetUpError(
        reason=f"FULIANG_SMTP_URL 无法使用：{reason}。",
        reason_en="FULIANG_SMTP_URL cannot be used: write smtp://user:password@host:port, and set"
        " FULIANG_MAIL_FROM.",
    )


def sends_mail(settings: Settings) -> bool:
    """Tell whether a setting names a mail server."""
    return settings.smtp_url is not None and bool(settings.smtp_url.get_secret_value())
