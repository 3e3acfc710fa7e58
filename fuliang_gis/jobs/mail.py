"""The daily mail: each account with an address gets one, however often the job runs."""

from __future__ import annotations

import smtplib
from datetime import date
from email.message import EmailMessage

import structlog
from procrastinate import JobContext

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.inspections.reminders import operations
from fuliang_gis.inspections.reminders.mail import compose
from fuliang_gis.jobs.smtp import MailServer, mail_server
from fuliang_gis.reporting.reminders import letter
from fuliang_gis.settings import Settings

_log = structlog.get_logger("fuliang_gis.jobs")

#: After so many mails in a row to a server that does not answer, the rest waits for the next run.
#: Not after one: what it chokes on may be that very mail, and must not hold up all others.
_ENOUGH = 3


def send_reminders(context: JobContext, timestamp: int) -> None:
    """Mail what waits to every account with an address; what fails is tried at the next run."""
    shared = context.additional_context
    sent, failed = mail_all(shared["database"], shared["settings"], clock.today())
    _log.info("reminders mailed", scheduled=timestamp, sent=sent, failed=failed)


def mail_all(database: Database, settings: Settings, day: date) -> tuple[int, int]:
    """Mail the day's reminders; return how many went and how many failed.

    Raises:
        SetUpError: The mail server's setting cannot be used.
    """
    server = mail_server(settings)
    if server is None:
        return 0, 0
    with database.session() as session:
        people = operations.to_be_mailed(session, day)
    sent = failed = silent = 0
    for actor, address in people:
        message = _message(database, server, settings, actor, address, day)
        if message is None:
            continue
        if silent >= _ENOUGH:
            failed += 1
            continue
        try:
            sent += _send_once(database, server, actor, message, day)
            silent = 0
        except (OSError, smtplib.SMTPException) as error:
            # The error's text may repeat what was sent to the server; its kind says enough.
            _log.warning("mail failed", account=actor.username, kind=type(error).__name__)
            failed += 1
            silent = silent + 1 if _concerns_all(error) else 0
    if silent >= _ENOUGH:
        _log.error("mail server does not answer", host=server.host, left=failed)
    return sent, failed


def _concerns_all(error: Exception) -> bool:
    """Tell whether the next mail would fare alike: nobody answers, or nobody lets us in."""
    of_one = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return not isinstance(error, of_one)


def _message(
    database: Database,
    server: MailServer,
    settings: Settings,
    actor: Actor,
    address: str,
    day: date,
) -> EmailMessage | None:
    """Return an account's mail, or None when nothing waits for it."""
    with database.session() as session:
        told = letter(session, actor, address, day)
    if told is None:
        return None
    site = settings.public_url.rstrip("/")
    return compose(told, sender=server.sender, site=site, day=day, account_id=actor.account_id)


def _send_once(
    database: Database, server: MailServer, actor: Actor, message: EmailMessage, day: date
) -> bool:
    # Noted in the transaction that ends after the server took the mail: a job killed before that
    # leaves no note, and a second job waits for the first.
    with database.session(UPKEEP) as session:
        if not operations.claim_mail(session, actor.account_id, day):
            return False
        with server.connected() as connection:
            connection.send_message(message)
    return True
