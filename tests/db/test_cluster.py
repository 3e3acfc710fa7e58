"""The embedded cluster: its own, recoverable, and never anybody else's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from fuliang_gis.db import binaries, cluster_trouble
from fuliang_gis.db.cluster import LONGEST_SOCKET_FOLDER, OWNER, SERVICE, Cluster
from fuliang_gis.errors import SetUpError
from fuliang_gis.settings import Settings
from tests.processes import fresh_state


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A state folder whose cluster was made once; tests work on copies of it."""
    with fresh_state() as state:
        cluster = Cluster(Settings(state=state), disposable=True)
        with cluster.in_use():
            pass
        yield state


@pytest.fixture
def cluster(made: Path) -> Iterator[Cluster]:
    """A stopped cluster of the test's own."""
    with fresh_state() as state:
        subprocess.run(["cp", "-a", f"{made}/.", state], check=True)
        _unlink_shared(made, state)
        yield (copied := Cluster(Settings(state=state), disposable=True))
        copied.stop()


def _unlink_shared(made: Path, state: Path) -> None:
    """Give the copy a cluster folder of its own where the original's is a link."""
    if (made / "postgres").is_symlink():
        target = (made / "postgres").resolve()
        own = target.with_name(f"{target.name}-{state.name}")
        subprocess.run(["cp", "-a", target, own], check=True)
        (state / "postgres").unlink()
        (state / "postgres").symlink_to(own)


def _started(cluster: Cluster) -> int:
    cluster.start()
    pid = cluster.running_pid()
    assert pid is not None
    return pid


def test_a_new_cluster_has_utf8_checksums_and_both_roles(cluster: Cluster) -> None:
    """Text is UTF-8, pages carry checksums, and neither role is above row-level security."""
    _started(cluster)
    with cluster.superuser() as connection:
        settings = "select current_setting('server_encoding'), current_setting('data_checksums')"
        assert connection.execute(settings).fetchone() == ("UTF8", "on")
        roles = connection.execute(
            "select rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole from pg_roles "
            "where rolname like 'fuliang%' order by 1"
        ).fetchall()
    assert roles == [(OWNER, True, False, False, True), (SERVICE, True, False, False, False)]


def test_it_listens_on_its_own_socket_alone(cluster: Cluster) -> None:
    """No TCP port is open, and nobody else of the machine may enter the socket's folder."""
    server = psutil.Process(_started(cluster))
    with cluster.superuser() as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
    assert [each for each in server.net_connections("inet") if each.status == "LISTEN"] == []
    assert cluster.socket_folder.stat().st_mode & 0o077 == 0
    assert cluster.data.stat().st_mode & 0o077 == 0


def test_the_service_role_needs_its_password(cluster: Cluster) -> None:
    """Whoever reaches the socket still needs the secret."""
    _started(cluster)
    wrong = f"postgresql://{SERVICE}:wrong@/fuliang?host={cluster.socket_folder}"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    with psycopg.connect(cluster.service_url()) as connection:
        assert connection.execute("select current_user").fetchone() == (SERVICE,)


def test_starting_twice_and_stopping_twice_is_harmless(cluster: Cluster) -> None:
    """A running cluster stays the same; a stopped one stays stopped."""
    first = _started(cluster)
    assert _started(cluster) == first
    cluster.stop()
    cluster.stop()
    assert cluster.running_pid() is None
    assert not psutil.pid_exists(first) or psutil.Process(first).status() == psutil.STATUS_ZOMBIE


def test_the_last_user_stops_it(cluster: Cluster) -> None:
    """A command that ends does not take the database away from another that still runs."""
    with cluster.in_use():
        with Cluster(cluster.settings, disposable=True).in_use():
            running = cluster.running_pid()
        assert cluster.running_pid() == running is not None
    assert cluster.running_pid() is None


def test_a_killed_server_recovers_with_its_data(cluster: Cluster) -> None:
    """After SIGKILL the next start clears the stale pid file and keeps what was committed."""
    cluster = Cluster(cluster.settings)
    killed = _started(cluster)
    with psycopg.connect(cluster.owner_url(), autocommit=True) as connection:
        connection.execute("create table kept as select 7 as number")
        os.kill(killed, signal.SIGKILL)
    psutil.Process(killed).wait(10)
    assert cluster.running_pid() is None
    assert _started(cluster) != killed
    with psycopg.connect(cluster.owner_url()) as connection:
        assert connection.execute("select number from kept").fetchone() == (7,)


def test_a_pid_file_naming_a_strange_process_is_no_obstacle(cluster: Cluster) -> None:
    """A number that belongs to something else by now is neither signalled nor an obstacle."""
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        noted = cluster.data / "postmaster.pid"
        noted.write_text(f"{sleeper.pid}\n{cluster.data}\n", "ascii")
        cluster.stop()
        assert sleeper.poll() is None
        assert _started(cluster) != sleeper.pid
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_another_cluster_is_never_touched(cluster: Cluster) -> None:
    """Even when our pid file names another's running server, that server stays as it is."""
    with fresh_state() as state:
        other = Cluster(Settings(state=state), disposable=True)
        with other.in_use():
            others = other.running_pid()
            noted = other.data / "postmaster.pid"
            shutil.copyfile(noted, cluster.data / "postmaster.pid")
            assert cluster.running_pid() is None
            cluster.stop()
            assert _started(cluster) != others
            cluster.stop()
            assert other.running_pid() == others


def test_a_long_state_path_gets_a_short_socket_folder() -> None:
    """A socket's path is limited to 107 bytes; a long state folder still works."""
    with fresh_state() as state:
        deep = state / ("长" * 20) / ("d" * 60)
        cluster = Cluster(Settings(state=deep), disposable=True)
        try:
            with cluster.in_use(), psycopg.connect(cluster.service_url()) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
            assert len(os.fsencode(cluster.socket_folder)) <= LONGEST_SOCKET_FOLDER
        finally:
            shutil.rmtree(cluster.base.resolve())
            shutil.rmtree(cluster.socket_folder, ignore_errors=True)


def _older(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").write_text("9\n", "ascii")


def _damaged_version(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").write_text("\x00", "ascii")


def _no_version(cluster: Cluster) -> None:
    (cluster.data / "PG_VERSION").unlink()


def _no_control(cluster: Cluster) -> None:
    (cluster.data / "global" / "pg_control").unlink()


def _bad_configuration(cluster: Cluster) -> None:
    with (cluster.data / "postgresql.conf").open("a") as text:
        text.write("\nno_such_setting = 1\n")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_older, "由 PostgreSQL 9 建立，本机只有 PostgreSQL"),
        (_damaged_version, "版本文件已损坏"),
        (_no_version, "缺少 PG_VERSION"),
        (_no_control, "pg_control"),
        (_bad_configuration, "no_such_setting"),
    ],
)
def test_a_cluster_that_cannot_start_says_why(
    cluster: Cluster, harm: Callable[[Cluster], None], told: str
) -> None:
    """The message names the folder, what is wrong with it, and a way on; nothing is deleted."""
    harm(cluster)
    with pytest.raises(SetUpError) as refused:
        Cluster(cluster.settings, disposable=True).start()
    assert told in refused.value.text_zh
    assert str(cluster.data) in refused.value.text_zh
    assert "db restore" in refused.value.text_zh
    assert (cluster.data / "base").is_dir()


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too little space left nothing is begun that could not be finished."""
    monkeypatch.setattr(cluster_trouble, "LEAST_FREE", 2**60)
    with fresh_state() as state:
        refusing = Cluster(Settings(state=state))
        with pytest.raises(SetUpError, match="MB left"):
            refusing.start()
        assert not refusing.data.exists()


def test_a_half_made_cluster_is_made_anew() -> None:
    """A start killed while making the cluster leaves a draft, which the next start replaces."""
    with fresh_state() as state:
        cluster = Cluster(Settings(state=state), disposable=True)
        with cluster.in_use():
            cluster.stop()
            cluster.data.rename(cluster.data.with_name("data.new"))
        with cluster.in_use():
            assert cluster.running_pid() is not None


def test_missing_programs_are_named() -> None:
    """Without PostgreSQL, or without PostGIS for it, the message holds the command to install."""
    with pytest.raises(SetUpError, match="apt-get install postgresql"):
        binaries.newest([])
    with pytest.raises(SetUpError, match="postgresql-99-postgis-3"):
        binaries.newest([_Bare(99, Path("/usr/bin"))])


class _Bare(binaries.Binaries):
    """Programs of a version that has no PostGIS."""

    @property
    def has_postgis(self) -> bool:
        return False


def test_a_database_is_copied_and_dropped_whole(cluster: Cluster) -> None:
    """A copy holds the template's rows; dropping it ends connections to it."""
    _started(cluster)
    with psycopg.connect(cluster.owner_url(), autocommit=True) as connection:
        connection.execute("create table copied as select 1 as number")
    cluster.copy_database("fuliang", "second")
    with psycopg.connect(cluster.owner_url("second")) as connection:
        assert connection.execute("select number from copied").fetchone() == (1,)
        cluster.drop_database("second")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


def test_refused_statements_can_be_read_back(cluster: Cluster) -> None:
    """The server's log keeps a refused statement with its SQLSTATE."""
    _started(cluster)
    with (
        psycopg.connect(cluster.service_url()) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("create table forbidden (number integer)")
    cluster.stop()
    written = "".join(file.read_text("utf-8") for file in cluster.log.glob("postgresql-*"))
    assert "42501" in written
    assert "create table forbidden" in written
