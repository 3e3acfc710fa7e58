"""A running application with locations enough for several pages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.passwords import hashed
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.locations.registry import layer
from fuliang_gis.material import ROOT
from fuliang_gis.settings import Settings
from tests.factories import FULIANG_VILLAGE, make_actor, make_location, point
from tests.web.conftest import World, plain_logs, world  # noqa: F401  # Fixtures.

#: How many stations the county has in these tests, and how many of them lie in 瑶里镇.
STATIONS = 23
IN_YAOLI = 3
YAOLI_VILLAGE = "360222105200"
PASSWORD = "test-only-7315"


def place(number: int) -> tuple[float, float]:
    """Return where the station of that number stands (lon/lat): they stand in a row, going east."""
    return round(117.20 + number / 100, 7), 29.376


@pytest.fixture(scope="module")
def stations(world: World) -> World:  # noqa: F811  # The fixture.
    """The application, with stations S-00, S-01, … in a row."""
    with Session(world.owner, expire_on_commit=False) as session, session.begin():
        for number in range(STATIONS):
            make_location(
                session,
                world.actors["county"],
                layer("pv_stations"),
                code=f"S-{number:02}",
                name=f"第{number}站",
                capacity_kwp=10 * number + 10,
                survey_date=f"2022-10-{number + 1:02}",
                use_status="idle" if number % 2 else "in_use",
                revenue_use=["awards"] if number < IN_YAOLI else ["public_works"],
                division_code=YAOLI_VILLAGE if number < IN_YAOLI else FULIANG_VILLAGE,
                geometry=point(*place(number)),
            )
        account = session.get_one(Account, world.actors["county"].account_id)
        account.password_hash = hashed(PASSWORD)
    return world


@pytest.fixture(scope="module")
def address(stations: World, settings: Settings) -> Iterator[str]:
    """The address of the OGC landing page on a server that really listens."""
    command = [sys.executable, "-m", "tests.ogc.server", str(settings.state_dir)]
    url = stations.database.engine.url.set(drivername="postgresql")
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(url.render_as_string(hide_password=False) + "\n")
        server.stdin.flush()
        yield f"http://127.0.0.1:{int(server.stdout.readline())}/ogc"
        server.kill()


@pytest.fixture
def clerk(session: Session) -> Actor:
    """Somebody of the county, in the test's own transaction."""
    return make_actor(session)
