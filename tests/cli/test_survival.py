"""Whatever is killed while people save, it comes up again with every acknowledged write, once.

Writers save over HTTP and repeat a request with the same ``Idempotency-Key`` until it is
acknowledged, as a client on a weak network would; meanwhile processes are killed at random moments.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import re
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest

from tests.factories import COUNTY, FULIANG_VILLAGE, point
from tests.processes import PATIENCE, Service, service, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]

WRITERS = 4
KILLS = 7
SEED = 20221031


@dataclass
class Clerk:
    """A client that saves villages one after another and remembers what was acknowledged."""

    running: Service
    token: str
    stop: threading.Event
    created: set[str] = field(default_factory=set)
    renamed: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, running: Service, token: str) -> Clerk:
        """Return a clerk who works on request only."""
        return cls(running, token, threading.Event())

    def work(self) -> None:
        """Save until told to stop; what was begun is finished."""
        while not self.stop.is_set():
            code, name = f"S{uuid.uuid4().hex[:12]}", uuid.uuid4().hex
            path = "/api/v1/layers/villages/locations"
            if self._until_acknowledged("POST", path, village(code), {}):
                self.created.add(code)
                change = {"values": {"name": name}}
                if self._until_acknowledged("PATCH", f"{path}/{code}", change, {"If-Match": '"1"'}):
                    self.renamed[code] = name

    def _until_acknowledged(
        self, method: str, path: str, body: object, headers: Mapping[str, str]
    ) -> bool:
        sent = {**headers, "Idempotency-Key": uuid.uuid4().hex}
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                self.send(method, path, body, sent)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code < 500 and error.code != 429:
                        told = error.read().decode()
                        self.refused.append(f"{method} {path}: {error.code} {told}")
                        return False
                time.sleep(0.2)
            except (OSError, http.client.HTTPException):
                time.sleep(0.2)
            else:
                return True
        self.refused.append(f"{method} {path}: never acknowledged")
        return False

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Send one request; return the answer's JSON."""
        request = urllib.request.Request(
            f"{self.running.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            document: dict[str, Any] = json.load(answer)
            return document


def village(code: str) -> dict[str, Any]:
    """Return the body that adds a village."""
    values = {
        "code": code,
        "name": "断电测试村",
        "division_code": FULIANG_VILLAGE,
        "asset_class": "public_welfare",
        "use_status": "in_use",
        "data_source": "测试",
        "key_level": "none",
        "households": 300,
        "population": 1000,
        "workroom": True,
        "plan_status": "not_started",
    }
    return {"values": values, "geom": point()}


def make_token(running: Service) -> str:
    """Create an account on the host and return a bearer token of it."""
    account = ("accounts", "create", "county-clerk", "--role", "county_staff")
    made = running.run(*account, "--division", COUNTY)
    assert made.returncode == 0, made.stderr
    issued = running.run("accounts", "token", "county-clerk")
    found = re.search(r"flg_\S+", issued.stdout)
    assert found, issued.stdout + issued.stderr
    return found.group()


@contextmanager
def clerks(running: Service, token: str) -> Iterator[list[Clerk]]:
    """Let several clerks work while the block runs; afterwards each has finished."""
    stop = threading.Event()
    made = [Clerk(running, token, stop) for _ in range(WRITERS)]
    threads = [threading.Thread(target=clerk.work) for clerk in made]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        stop.set()
        for thread in threads:
            thread.join(2 * PATIENCE)


def victims(running: Service) -> dict[str, Callable[[], psutil.Process]]:
    """Return how to find each kind of process that may die."""

    def backend() -> psutil.Process:
        children = psutil.Process(running.database_pid()).children()
        return max(children, key=lambda one: one.create_time())

    return {
        "web": lambda: running.find("web", "fuliang_gis"),
        "queue worker": lambda: running.find("worker", "fuliang_gis"),
        "database": lambda: psutil.Process(running.database_pid()),
        "database backend": backend,
        "web process": lambda: running.find("web", "fuliang_gis").children()[0],
    }


def kill_at_random(running: Service, dice: random.Random) -> list[str]:
    """Kill a process of each kind in random order, and more at random; return their names."""
    names = list(victims(running))
    order = dice.sample(names, len(names)) + dice.choices(names, k=KILLS - len(names))
    for name in order:
        time.sleep(dice.uniform(0.2, 2.0))
        wait_until(running.ready, f"ready before the {name} dies")
        victims(running)[name]().kill()
    return order


def read_all(reader: Clerk, path: str) -> dict[str, Any]:
    """Return every listed village by code."""
    listed: dict[str, Any] = {}
    for number in itertools.count(1):
        page = reader.send("GET", f"{path}?size=500&page={number}")
        listed |= {item["code"]: item for item in page["items"]}
        if not page["items"]:
            assert len(listed) == page["total"], "a code is listed twice"
            break
    return listed


def check(running: Service, workers: list[Clerk]) -> int:
    """Hold what the database has against what was acknowledged; return how many writes were."""
    reader = workers[0]
    created = set().union(*(clerk.created for clerk in workers))
    renamed = {code: name for clerk in workers for code, name in clerk.renamed.items()}
    assert [line for clerk in workers for line in clerk.refused] == []
    path = "/api/v1/layers/villages/locations"
    listed = read_all(reader, path)
    assert set(listed) == created
    assert {code: listed[code]["name"] for code in renamed} == renamed
    for code in random.Random(SEED).sample(sorted(renamed), min(50, len(renamed))):
        changes = reader.send("GET", f"{path}/{code}/history")["changes"]
        assert [change["action"] for change in changes] == ["update", "create"]
    assert running.running
    return len(created) + len(renamed)


def saved(workers: list[Clerk]) -> int:
    """Return how many writes have been acknowledged so far."""
    return sum(len(worker.created) + len(worker.renamed) for worker in workers)


def test_nothing_acknowledged_is_lost_whatever_dies() -> None:
    """Parts die while clerks save; each comes back, every acknowledged write is there once."""
    with service(FULIANG_WEB_WORKERS="2") as running:
        token = make_token(running)
        with clerks(running, token) as workers:
            order = kill_at_random(running, random.Random(SEED))
            wait_until(running.ready, f"ready after {order}")
        assert check(running, workers) > 2 * WRITERS


def test_a_killed_service_starts_again_with_everything() -> None:
    """The supervisor dies; the next start takes over, and clients that kept trying succeed."""
    with service(FULIANG_WEB_WORKERS="2") as running:
        token = make_token(running)
        with clerks(running, token) as workers:
            time.sleep(2)
            assert running.process is not None
            running.process.kill()
            running.process.wait()
            before = saved(workers)
            running.start()
            wait_until(lambda: saved(workers) > before + WRITERS, "clients that go on")
        assert check(running, workers) > before + WRITERS
