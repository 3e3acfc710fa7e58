"""Real mail servers for tests: what they take, whom they let in, and how they fail."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.processes import free_port

USER, PASSWORD = "post@example.cn", "s3cret&word"


@dataclass
class Taken:
    """One mail as the server took it: envelope, bytes, who was let in, and over what."""

    sender: str
    to: str
    raw: bytes
    user: str | None
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        """The mail as a reader's program shows it."""
        read = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


@dataclass
class Office:
    """What a server has taken and seen, whom it refuses, and how long it thinks about a mail."""

    refused: frozenset[str] = frozenset()
    slow: bool = False
    taken: list[Taken] = field(default_factory=list)
    tried: list[tuple[str, str, bool]] = field(default_factory=list)
    connections: int = 0
    go_on: threading.Event = field(default_factory=threading.Event)

    def by_receiver(self) -> dict[str, Taken]:
        """Return what was taken, by receiver."""
        return {each.to: each for each in self.taken}

    # What the library calls, by its names.

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        """Count who comes."""
        del server, envelope
        session.host_name = hostname
        self.connections += 1
        return lines

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take mail only from whom it let in."""
        del server
        # Names are plain ASCII, so nothing newer is asked for.
        assert "SMTPUTF8" not in options
        if not session.authenticated:
            return "530 5.7.0 authentication required"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse some."""
        del server, session, options
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail; a slow server thinks until it is told to go on."""
        encrypted = server.transport is not None and bool(
            server.transport.get_extra_info("ssl_object")
        )
        if self.slow:
            while not self.go_on.is_set():
                await asyncio.sleep(0.02)
        let_in: object = session.auth_data
        user = let_in.decode() if isinstance(let_in, bytes) else None
        raw = envelope.original_content or b""
        for to in envelope.rcpt_tos:
            self.taken.append(Taken(str(envelope.mail_from), to, raw, user, encrypted))
        return "250 taken"

    def let_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        """Let in who knows the password."""
        del server, envelope, mechanism
        assert isinstance(given, LoginPassword)
        user, password = given.login.decode(), given.password.decode()
        self.tried.append((user, password, session.ssl is not None))
        right = (user, password) == (USER, PASSWORD)
        # Unhandled, the refusal is left to the server to say.
        return AuthResult(success=right, handled=False, auth_data=given.login if right else None)


@contextmanager
def opened(
    office: Office,
    *,
    port: int | None = None,
    starttls: ssl.SSLContext | None = None,
    tls: ssl.SSLContext | None = None,
) -> Iterator[int]:
    """Open a server on this machine for the block; gives its port.

    Args:
        starttls: Offer STARTTLS, and let nobody in before it.
        tls: Speak TLS from the first byte.
    """
    told: dict[str, Any] = {"ssl_context": tls} if tls else {}
    controller = Controller(
        office,
        hostname="127.0.0.1",
        port=port or free_port(),
        tls_context=starttls,
        require_starttls=starttls is not None,
        auth_require_tls=starttls is not None,
        authenticator=office.let_in,
        **told,
    )
    controller.start()
    # Starting it looks in once.
    office.connections = 0
    try:
        yield controller.port
    finally:
        office.go_on.set()
        controller.stop()


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """Return what a server proves itself by, and the file that clients trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)  # noqa: FBT003
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)  # noqa: FBT003
        .sign(key, hashes.SHA256())
    )
    trusted, private = folder / f"{host}.pem", folder / f"{host}.key"
    trusted.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, private)
    return context, trusted
