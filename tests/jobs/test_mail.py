"""The daily mail arrives once, whatever is killed, refused or run twice."""

from __future__ import annotations

import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database
from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.models import MailSent
from fuliang_gis.jobs import queue
from fuliang_gis.jobs.mail import mail_all
from fuliang_gis.jobs.smtp import mail_server
from fuliang_gis.locations.registry import layer
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_TOWN, YAOLI_TOWN, make_actor, make_location
from tests.inspections.factories import make_defect, make_obligation
from tests.processes import clean_environment

TODAY = date(2026, 11, 25)
PASSWORD = "s3cret&word"


@dataclass
class Mailbox:
    """What a mail server took, whom it refuses, and whether it hangs before it takes a mail."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    asked: threading.Event = field(default_factory=threading.Event)
    hold: threading.Event = field(default_factory=threading.Event)
    port: int = 0


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    mailbox: Mailbox


class _Talk(socketserver.StreamRequestHandler):
    """One client, as RFC 5321 has it, as far as the client goes."""

    def handle(self) -> None:
        mailbox, to = cast("_Server", self.server).mailbox, ""
        self._say("220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"EHLO":
                self._say("250-here\r\n250 AUTH PLAIN")
            elif word == b"AUTH":
                self._say("235 welcome")
            elif word == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
                self._say("550 no" if to in mailbox.refused else "250 fine")
            elif word == b"DATA":
                self._take(mailbox, to)
            elif word == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def _take(self, mailbox: Mailbox, to: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        mailbox.asked.set()
        mailbox.hold.wait(60)
        if line and self._say("250 taken"):
            message = message_from_bytes(b"".join(lines), policy=policy.default)
            mailbox.taken.append((to, message))

    def _say(self, words: str) -> bool:
        try:
            self.wfile.write(f"{words}\r\n".encode())
        except OSError:
            return False
        return True


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server on this machine that takes everything at once."""
    box = Mailbox()
    box.hold.set()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.mailbox = box
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield box
        box.hold.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def mailing(settings: Settings, mailbox: Mailbox) -> Settings:
    """Settings that name the mail server."""
    address = f"smtp://post%40example.cn:s3cret%26word@127.0.0.1:{mailbox.port}"
    return Settings(
        state=settings.state,
        demo=False,
        smtp_url=SecretStr(address),
        public_url="https://gis.example.cn/",
    )


@pytest.fixture
def people(owner_session: Session) -> dict[str, Account]:
    """Posts with an address: two for whom something waits, one for whom nothing does."""
    place = make_location(owner_session, make_actor(owner_session), layer("water_projects"))
    found = {}
    for name, role, division in (
        ("staff", Role.TOWNSHIP_STAFF, FULIANG_TOWN),
        ("inspector", Role.INSPECTOR, FULIANG_TOWN),
        ("idle", Role.TOWNSHIP_STAFF, YAOLI_TOWN),
        ("off", Role.TOWNSHIP_STAFF, FULIANG_TOWN),
    ):
        actor = make_actor(owner_session, role, division)
        account = owner_session.get_one(Account, actor.account_id)
        account.email = f"{name}@example.cn"
        account.active = name != "off"
        found[name] = account
    inspector = found["inspector"].id
    make_obligation(owner_session, place, date(2026, 8, 1), assignee_id=inspector)
    make_defect(
        owner_session, place, TODAY, state="assigned", owner_id=inspector, title="泵房门锁损坏"
    )
    owner_session.commit()
    return found


def sent(session: Session) -> int:
    """Return how many mails the database knows of."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(MailSent)) or 0


def test_each_post_is_told_once(
    service_database: Database,
    owner_session: Session,
    mailbox: Mailbox,
    mailing: Settings,
    people: dict[str, Account],
) -> None:
    """In Chinese, with counts, rows and a link; the next run of the day sends nothing."""
    assert mail_all(service_database, mailing, TODAY) == (2, 0)
    assert mail_all(service_database, mailing, TODAY) == (0, 0)
    assert sent(owner_session) == 2
    letters = dict(mailbox.taken)
    assert set(letters) == {"staff@example.cn", "inspector@example.cn"}
    letter = letters["inspector@example.cn"]
    assert str(letter["Subject"]).startswith("待办提醒 11-25：我的巡查已逾期1，")
    assert "post@example.cn" in str(letter["From"])
    body = letter.get_content()
    for stated in (people["inspector"].display_name, "· 待我整改的问题 1 项", "泵房门锁损坏",
                   "https://gis.example.cn/reminders"):  # fmt: skip
        assert stated in body
    assert letter.get_content_type() == "text/plain"
    assert mail_all(service_database, mailing, date(2026, 11, 26)) == (2, 0)


def test_two_jobs_at_once_send_one_mail(
    service_database: Database,
    mailbox: Mailbox,
    mailing: Settings,
    people: dict[str, Account],
) -> None:
    """The second waits for the first, then finds that all is done."""
    mailbox.hold.clear()
    runs = [
        threading.Thread(target=mail_all, args=(service_database, mailing, TODAY)) for _ in range(2)
    ]
    for run in runs:
        run.start()
    assert mailbox.asked.wait(30)
    mailbox.hold.set()
    for run in runs:
        run.join()
    assert people
    assert sorted(to for to, _ in mailbox.taken) == ["inspector@example.cn", "staff@example.cn"]


def test_what_is_refused_is_tried_again(
    service_database: Database,
    owner_session: Session,
    mailbox: Mailbox,
    mailing: Settings,
    people: dict[str, Account],
) -> None:
    """One refused address keeps nobody else's mail; the log tells no password."""
    mailbox.refused = frozenset({"staff@example.cn"})
    with capture_logs() as logs:
        assert mail_all(service_database, mailing, TODAY) == (1, 1)
    assert sent(owner_session) == 1
    assert [each["account"] for each in logs] == [people["staff"].username]
    assert PASSWORD not in str(logs)
    mailbox.refused = frozenset()
    assert mail_all(service_database, mailing, TODAY) == (1, 0)


def test_without_a_server_nothing_is_sent(
    service_database: Database, owner_session: Session, settings: Settings, people: object
) -> None:
    """No setting, no mail, no note; a server that is away leaves no note either."""
    assert people
    assert mail_all(service_database, settings, TODAY) == (0, 0)
    away = Settings(
        state=settings.state, smtp_url=SecretStr("smtp://127.0.0.1:1"), mail_from="a@b.cn"
    )
    assert mail_all(service_database, away, TODAY) == (0, 2)
    assert sent(owner_session) == 0


_JOB = """
import sys
from datetime import date
from fuliang_gis.db.session import Database
from fuliang_gis.jobs.mail import mail_all
from fuliang_gis.settings import Settings
settings = Settings()
database = Database.connect(sys.argv[1], settings.secret("context.key"))
mail_all(database, settings, date.fromisoformat(sys.argv[2]))
"""


@pytest.mark.processes
def test_a_killed_job_loses_and_doubles_nothing(
    cluster: Cluster,
    fresh_database: str,
    service_database: Database,
    owner_session: Session,
    mailbox: Mailbox,
    mailing: Settings,
    people: dict[str, Account],
    tmp_path: Path,
) -> None:
    """Killed while the server has not taken the mail: no note stays, the next run sends it."""
    mailbox.hold.clear()
    assert mailing.smtp_url is not None
    environment = clean_environment() | {
        "FULIANG_STATE": str(mailing.state_dir),
        "FULIANG_SMTP_URL": mailing.smtp_url.get_secret_value(),
    }
    command = [sys.executable, "-c", _JOB, cluster.service_url(fresh_database), TODAY.isoformat()]
    with (tmp_path / "out").open("wb") as out:
        job = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    assert mailbox.asked.wait(60), (tmp_path / "out").read_text("utf-8")
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    # The connection is closed by then, so that the server's answer reaches nobody.
    time.sleep(0.2)
    assert sent(owner_session) == 0
    mailbox.hold.set()
    assert mail_all(service_database, mailing, TODAY) == (2, 0)
    assert sent(owner_session) == len(people) - 2


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("http://127.0.0.1", "a@b.cn"),
        ("smtp://", "a@b.cn"),
        ("smtp://127.0.0.1:port", "a@b.cn"),
        ("smtp://user:secret@127.0.0.1", ""),
    ],
)
def test_a_wrong_setting_is_told(address: str, sender: str) -> None:
    """What it is about, without the password."""
    with pytest.raises(SetUpError) as refusal:
        mail_server(Settings(smtp_url=SecretStr(address), mail_from=sender))
    assert "FULIANG_SMTP_URL" in refusal.value.text_zh
    assert "secret" not in f"{refusal.value.text_zh}{refusal.value!r}"


def test_settings_do_not_show_the_password() -> None:
    """Neither printed settings nor a printed server do."""
    settings = Settings(smtp_url=SecretStr(f"smtps://a%40b.cn:{PASSWORD}@mail.b.cn"))
    server = mail_server(settings)
    assert server is not None
    assert (server.port, server.encrypted, server.sender) == (465, True, "a@b.cn")
    assert PASSWORD not in repr(settings) + repr(server)


def test_the_mail_goes_at_eight_in_the_county() -> None:
    """The queue counts in UTC."""
    [cron] = [cron for cron, run in queue.PERIODIC if run.__name__ == "send_reminders"]
    minutes, hours, *days = cron.split()
    assert (minutes.split(",")[0], hours.split(",")[0], days) == ("0", "0", ["*", "*", "*"])
