"""People who act on one defect at the same moment, over HTTP, in processes of their own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, func, select
from sqlalchemy.orm import Session

from fuliang_gis.accounts import tokens
from fuliang_gis.accounts.models import Account, AuditEvent
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database, driver_url
from fuliang_gis.inspections.models import Defect, DefectEvent
from fuliang_gis.settings import Settings
from tests.conftest import RUN
from tests.e2e.serving import served
from tests.factories import COUNTY, make_actor

PEOPLE = ("county", "reviewer", "second")
ROLES = {"county": Role.COUNTY_STAFF, "reviewer": Role.REVIEWER, "second": Role.COUNTY_STAFF}


@dataclass(frozen=True)
class Office:
    """A served database, its owner's view of it, and the tokens of its people."""

    address: str
    name: str
    owner: str
    tokens: dict[str, str]

    def ask(
        self, who: str, method: str, path: str, body: dict[str, Any] | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Send one request as the person; return status and document."""
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            json.dumps(body).encode() if body is not None else None,
            {
                "Authorization": f"Bearer {self.tokens[who]}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def done(self, who: str, path: str, body: dict[str, Any], version: int) -> dict[str, Any]:
        """Do one act that must succeed."""
        status, document = self.ask(who, "POST", path, body, If_Match=str(version))
        assert status == 200, document
        return document


@pytest.fixture(scope="module")
def office(
    cluster: Cluster, template: str, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A service of its own over a database of its own, with three people."""
    name = f"{RUN}_closing"
    with cluster.superuser() as connection:
        connection.execute("select pg_advisory_lock(360222)")
        cluster.copy_database(template, name)
    database = Database.connect(cluster.service_url(name), settings.secret("context.key"))
    engine = create_engine(driver_url(cluster.owner_url(name)))
    with Session(engine, expire_on_commit=False) as session, session.begin():
        actors = {who: make_actor(session, role, COUNTY) for who, role in ROLES.items()}
    made = {who: _token(database, actor) for who, actor in actors.items()}
    database.dispose()
    log = tmp_path_factory.mktemp("closing") / "log"
    with served(cluster, name, settings, Path(log)) as address:
        yield Office(address, name, cluster.owner_url(name), made)
    engine.dispose()
    cluster.drop_database(name)


def _token(database: Database, actor: Actor) -> str:
    with database.session(actor.account_id) as session:
        account = session.get_one(Account, actor.account_id)
        return tokens.create(session, actor, account, f"closing-{uuid4().hex[:6]}", 1)


def _verified(office: Office) -> tuple[str, int]:
    """Bring a problem to where it can be closed; the first one mends, the second judges."""
    told = {
        "title": "泵房漏水",
        "category": "other",
        "severity": "ordinary",
        "division_code": "360222100",
    }
    status, document = office.ask("county", "POST", "/defects", told)
    assert status == 201, document
    path = f"/defects/{document['number']}"
    office.done("county", f"{path}/assign", {"owner_name": "浮梁镇管护员"}, 1)
    office.done("county", f"{path}/measures/1/fix", {"feedback": "已修"}, 2)
    office.done("second", f"{path}/measures/1/verify", {}, 3)
    return document["number"], 4


def test_of_those_who_close_at_once_one_wins(office: Office) -> None:
    """Three people close one problem: one is done, the others are told; nothing stands twice."""
    number, version = _verified(office)
    together = Barrier(len(PEOPLE))

    def close(who: str) -> tuple[int, dict[str, Any]]:
        together.wait()
        body = {"opinion": f"{who} 同意"}
        return office.ask(who, "POST", f"/defects/{number}/close", body, If_Match=str(version))

    with ThreadPoolExecutor(len(PEOPLE)) as pool:
        answers = list(pool.map(close, PEOPLE))
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    for status, document in answers:
        if status == 409:
            assert document["code"] == "conflict"
            assert document["current"]["state"] == "closed"
    engine = create_engine(driver_url(office.owner))
    with Session(engine) as session:
        defect = session.scalars(select(Defect).where(Defect.number == number)).one()
        assert (defect.state, defect.version) == ("closed", version + 1)
        closings = select(func.count()).where(
            DefectEvent.defect_id == defect.id, DefectEvent.action == "close"
        )
        assert session.scalar(closings) == 1
        told = select(func.count()).where(
            AuditEvent.subject == f"defect/{number}",
            AuditEvent.action == "close_defect",
            AuditEvent.outcome == "done",
        )
        assert session.scalar(told) == 1
    engine.dispose()


def test_one_request_sent_five_times_closes_once(office: Office) -> None:
    """The same key at once five times: each is answered as done, and it was done once."""
    number, version = _verified(office)
    together = Barrier(5)
    key = uuid4().hex

    def close(_: int) -> int:
        together.wait()
        path = f"/defects/{number}/close"
        return office.ask("county", "POST", path, {}, If_Match=str(version), Idempotency_Key=key)[0]

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(close, range(5))) == [200] * 5
    status, document = office.ask("county", "GET", f"/defects/{number}")
    assert (status, document["version"]) == (200, version + 1)
    assert [each["action"] for each in document["events"]].count("close") == 1


def test_problems_entered_at_once_have_numbers_without_gaps(office: Office) -> None:
    """Twelve at once by three people, some refused: the numbers follow one another."""
    together = Barrier(6)

    def enter(turn: int) -> list[str]:
        together.wait()
        found = []
        for step in range(3):
            told = {
                "title": "x",
                "category": "other" if step != 1 else "nothing",
                "severity": "minor",
                "division_code": "360222100",
            }
            status, document = office.ask(PEOPLE[turn % 2 * 2], "POST", "/defects", told)
            assert status == (422 if step == 1 else 201), document
            found += [document["number"]] if status == 201 else []
        return found

    with ThreadPoolExecutor(6) as pool:
        numbers = sorted(int(n[8:]) for found in pool.map(enter, range(6)) for n in found)
    assert numbers == list(range(numbers[0], numbers[0] + 12))
