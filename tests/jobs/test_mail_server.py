"""The daily mail at a real mail server: what arrives, over what, and what a bad day does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Role
from fuliang_gis.clock import ZONE
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database
from fuliang_gis.jobs import queue, smtp
from fuliang_gis.jobs.mail import mail_all
from fuliang_gis.locations.registry import layer
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_TOWN, make_actor, make_location
from tests.inspections.factories import make_defect, make_obligation
from tests.jobs import working
from tests.jobs.mail_servers import PASSWORD, USER, Office, certificate, opened
from tests.jobs.test_mail import sent
from tests.processes import free_port

MORNING = datetime(2026, 11, 25, 8, tzinfo=ZONE)
TODAY = MORNING.date()
#: More than one line of a header holds.
LONG = "旧城村饮水工程泵房门锁损坏且警示牌脱落需要尽快更换并加装护栏以免儿童进入"


@pytest.fixture
def office() -> Office:
    """A mail server's books."""
    return Office()


@pytest.fixture
def people(owner_session: Session) -> list[Account]:
    """Five posts of 浮梁镇 for whom something waits."""
    place = make_location(owner_session, make_actor(owner_session), layer("water_projects"))
    make_obligation(owner_session, place, (MORNING - timedelta(days=100)).date())
    found = []
    for number in range(5):
        actor = make_actor(owner_session, Role.TOWNSHIP_STAFF, FULIANG_TOWN)
        account = owner_session.get_one(Account, actor.account_id)
        account.email = f"post{number}@example.cn"
        found.append(account)
    make_defect(owner_session, place, TODAY, state="assigned", owner_id=found[0].id, title=LONG)
    owner_session.commit()
    return found


def settings_for(port: int, *, scheme: str = "smtp", password: str = PASSWORD) -> Settings:
    """Return settings that name a server on this machine."""
    who = f"{quote(USER, safe='')}:{quote(password, safe='')}"
    return Settings(
        demo=False,
        smtp_url=SecretStr(f"{scheme}://{who}@127.0.0.1:{port}"),
        public_url="https://gis.example.cn/",
    )


Way = tuple[str, dict[str, Any]]


@pytest.fixture(params=["plain", "STARTTLS", "TLS"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Over what mail goes: the address' scheme, and what the server is opened with."""
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    ways: dict[str, Way] = {
        "plain": ("smtp", {}),
        "STARTTLS": ("smtp", {"starttls": context}),
        "TLS": ("smtps", {"tls": context}),
    }
    return ways[request.param]


def test_what_arrives(
    service_database: Database, people: list[Account], office: Office, way: Way
) -> None:
    """Names and words in Chinese, whole, in headers that every server passes on; once."""
    scheme, contexts = way
    with opened(office, **contexts) as port:
        assert mail_all(service_database, settings_for(port, scheme=scheme), TODAY) == (5, 0)
        assert mail_all(service_database, settings_for(port, scheme=scheme), TODAY) == (0, 0)
    assert sorted(each.to for each in office.taken) == sorted(str(p.email) for p in people)
    assert {each.user for each in office.taken} == {USER}
    assert {each.encrypted for each in office.taken} == {bool(contexts)}
    letter = office.by_receiver()["post0@example.cn"]
    message = letter.message
    assert letter.sender == USER
    [sender] = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("乡村空间与资产管理", USER)
    assert str(message["To"]) == "post0@example.cn"
    subject = str(message["Subject"])
    assert subject == "待办提醒 11-25：本辖区巡查已逾期1，待我整改的问题1"
    body = message.get_content()
    for told in (people[0].display_name, LONG, "https://gis.example.cn/reminders"):
        assert told in body
    assert letter.raw.isascii()
    assert max(map(len, letter.raw.split(b"\r\n"))) <= 78


def test_nobody_s_server_learns_the_password(
    service_database: Database,
    owner_session: Session,
    people: list[Account],
    office: Office,
    tmp_path: Path,
) -> None:
    """One that cannot prove itself gets neither password nor mail."""
    context, _ = certificate(tmp_path)
    with opened(office, starttls=context) as port, capture_logs() as logs:
        assert mail_all(service_database, settings_for(port), TODAY) == (0, len(people))
    assert (office.tried, office.taken, sent(owner_session)) == ([], [], 0)
    assert logs[0]["kind"] == "SSLCertVerificationError"


def test_a_wrong_password_is_put_right(
    service_database: Database, owner_session: Session, people: list[Account], office: Office
) -> None:
    """Nothing goes, nothing is noted, three tries are enough, and no log repeats the password."""
    with opened(office) as port:
        with capture_logs() as logs:
            wrong = settings_for(port, password="wr0ng&word")
            assert mail_all(service_database, wrong, TODAY) == (0, len(people))
        assert (office.taken, sent(owner_session)) == ([], 0)
        assert {password for _, password, _ in office.tried} == {"wr0ng&word"}
        assert {line.get("kind", "") for line in logs[:-1]} == {"SMTPAuthenticationError"}
        assert office.connections == 3
        assert logs[-1]["event"] == "mail server does not answer"
        assert "wr0ng&word" not in str(logs)
        assert mail_all(service_database, settings_for(port), TODAY) == (len(people), 0)


def test_a_refused_receiver_keeps_nobody_else_s_mail(
    service_database: Database, owner_session: Session, people: list[Account], office: Office
) -> None:
    """However many there are in a row; they get theirs when the address is put right."""
    refused = frozenset(f"post{number}@example.cn" for number in range(4))
    office.refused = refused
    with opened(office) as port:
        with capture_logs() as logs:
            assert mail_all(service_database, settings_for(port), TODAY) == (1, 4)
        assert set(office.by_receiver()) == {"post4@example.cn"}
        assert {line["kind"] for line in logs} == {"SMTPRecipientsRefused"}
        office.refused = frozenset()
        assert mail_all(service_database, settings_for(port), TODAY) == (4, 0)
    assert sorted(each.to for each in office.taken) == sorted(str(p.email) for p in people)
    assert sent(owner_session) == len(people)


@pytest.fixture
def run_job(
    cluster: Cluster, fresh_database: str, service_database: Database
) -> Callable[[Settings], None]:
    """Let a worker of the queue do the morning's job."""
    app = queue.build(cluster.service_url(fresh_database))

    def run(settings: Settings) -> None:
        working.defer(app, "send_reminders")
        with clock.frozen(MORNING):
            working.work(app, service_database, settings)

    return run


def test_a_server_that_is_down_gets_it_from_the_next_job(
    owner_session: Session,
    people: list[Account],
    office: Office,
    run_job: Callable[[Settings], None],
) -> None:
    """The queue's next run of the morning sends what the one before could not; once."""
    port = free_port()
    settings = settings_for(port)
    run_job(settings)
    assert sent(owner_session) == 0
    with opened(office, port=port):
        run_job(settings)
        run_job(settings)
    assert sorted(each.to for each in office.taken) == sorted(str(p.email) for p in people)
    assert sent(owner_session) == len(people)


def test_a_server_that_thinks_long_gets_it_once(
    service_database: Database,
    owner_session: Session,
    people: list[Account],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Longer than it may take to greet: nobody hangs up while it looks through the mail."""
    monkeypatch.setattr(smtp, "PATIENCE", 0.5)
    office.slow = True
    told = threading.Timer(1.5, office.go_on.set)
    with opened(office) as port:
        told.start()
        assert mail_all(service_database, settings_for(port), TODAY) == (len(people), 0)
    assert len(office.taken) == sent(owner_session) == len(people)


def test_a_server_that_hangs_is_left_and_tried_again(
    service_database: Database,
    owner_session: Session,
    people: list[Account],
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No note stays. Should it take the mail after all, both copies are one to a mail program."""
    monkeypatch.setattr(smtp, "PATIENCE_WITH_MAIL", 0.5)
    office.slow = True
    with opened(office) as port:
        assert mail_all(service_database, settings_for(port), TODAY) == (0, len(people))
        assert sent(owner_session) == 0
        assert office.connections == 3
        office.slow = False
        office.go_on.set()
        assert mail_all(service_database, settings_for(port), TODAY) == (len(people), 0)
    copies: dict[str, set[str]] = {}
    for each in office.taken:
        copies.setdefault(each.to, set()).add(str(each.message["Message-ID"]))
    assert [len(identifiers) for identifiers in copies.values()] == [1] * len(people)
    assert sent(owner_session) == len(people)
