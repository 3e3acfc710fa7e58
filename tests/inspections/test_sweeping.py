"""Stored files that no row names: which go, and that whoever stores them again keeps them."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import Database
from fuliang_gis.inspections.visits import files, sweeping
from fuliang_gis.inspections.visits.attachments import attach
from fuliang_gis.inspections.visits.files import FORMS, FileStore, Kept, StoreHeldError
from fuliang_gis.inspections.visits.sweeping import SAFE_AGE, sweep
from fuliang_gis.jobs import queue
from fuliang_gis.locations.registry import layer
from fuliang_gis.settings import Settings
from tests.factories import make_actor, make_location
from tests.inspections.factories import make_defect
from tests.inspections.pictures import picture
from tests.jobs import working


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """An empty store."""
    return FileStore(tmp_path / "files")


def _kept(store: FileStore, seed: int) -> Kept:
    return store.keep(BytesIO(picture(seed=seed, size=(64, 48))), "IMG.jpg")


def _name(session: Session, actor: Actor, kept: Kept) -> None:
    place = make_location(session, actor, layer("pv_stations"))
    defect = make_defect(session, place, clock.today())
    attach(
        session,
        kept,
        role="before",
        division_code=defect.division_code,
        uploaded_by=None,
        defect_id=defect.id,
    )


def _there(store: FileStore, digest: str) -> list[bool]:
    return [
        (store.folder / digest[:2] / digest[2:4] / f"{digest}{end}").is_file()
        for end in FORMS.values()
    ]


def _after_all(store: FileStore) -> float:
    """Return a time later than every file of the store, and earlier than every further one."""
    times = [path.stat().st_ctime for path in store.folder.rglob("*")]
    # File systems tell the time by the tick of the machine.
    time.sleep(0.05)
    return max(times) + 0.001


def _as_if(before: float) -> datetime:
    """Return the moment at which what was stored before a time has just come of age."""
    return datetime.fromtimestamp(before, UTC) + SAFE_AGE


def test_what_no_row_names_goes_with_its_copies_once_it_is_old(
    session: Session, store: FileStore
) -> None:
    """What is named stays, and so does what is young; a dry run tells the same and leaves all."""
    orphan, named = _kept(store, 1), _kept(store, 2)
    _name(session, make_actor(session), named)
    before = _after_all(store)
    young = _kept(store, 3)
    assert sweep(session, store, clock.now()).files == 0
    told = sweep(session, store, _as_if(before), dry_run=True)
    assert (told.files, told.size > orphan.size) == (1, True)
    assert all(_there(store, orphan.digest))
    assert sweep(session, store, _as_if(before)) == told
    assert not any(_there(store, orphan.digest))
    assert all(_there(store, named.digest))
    assert all(_there(store, young.digest))


def test_a_month_is_the_age_and_a_person_may_choose_another(
    session: Session, store: FileStore
) -> None:
    """A day less, and everything stays."""
    _kept(store, 1)
    day, now = timedelta(days=1), clock.now()
    assert sweep(session, store, now + SAFE_AGE - day).files == 0
    assert sweep(session, store, now + 3 * day, age=2 * day, dry_run=True).files == 1
    assert sweep(session, store, now + SAFE_AGE + day).files == 1


def test_an_upload_that_began_before_the_sweep_keeps_its_file(
    session: Session, store: FileStore
) -> None:
    """The same content lies there, old and unnamed, while its upload is still being read."""
    content = picture(seed=1, size=(64, 48))
    old = store.keep(BytesIO(content), "IMG.jpg")
    before = _after_all(store)

    class Slow(BytesIO):
        """Reads half, lets the sweep run, reads on."""

        swept = 0

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() and not self.swept:
                self.swept = sweep(session, store, _as_if(before)).files
            return super().read(min(size or -1, len(content) // 2))

    slow = Slow(content)
    again = store.keep(slow, "IMG.jpg")
    assert (slow.swept, again.digest) == (1, old.digest)
    assert all(_there(store, old.digest))


def test_what_is_stored_again_after_it_was_found_old_stays(store: FileStore) -> None:
    """Between looking and removing somebody uploads it: that makes it young again."""
    old = _kept(store, 1)
    before = _after_all(store)
    found = store.old(before)
    assert found == [old.digest]
    _kept(store, 1)
    assert store.remove_old(found, before) == []
    assert all(_there(store, old.digest))


def test_nothing_is_removed_while_somebody_stores(store: FileStore) -> None:
    """Whoever removes waits for whoever stores, and then finds it young."""
    old = _kept(store, 1)
    before = _after_all(store)
    with ThreadPoolExecutor(1) as pool:
        with store.held():
            removing = pool.submit(store.remove_old, [old.digest], before)
            while not removing.running():
                time.sleep(0.01)
            assert all(_there(store, old.digest))
            with store.held():
                store.path(old.digest, "original").touch()
        assert removing.result() == []
    assert all(_there(store, old.digest))


def _store_all(folder: Path, seeds: list[int], begin: object) -> None:
    begin.wait()  # type: ignore[attr-defined]
    for seed in seeds:
        _kept(FileStore(folder), seed)


def _remove_all(folder: Path, digests: list[str], before: float, begin: object) -> None:
    begin.wait()  # type: ignore[attr-defined]
    for digest in digests:
        FileStore(folder).remove_old([digest], before)


def test_processes_that_store_and_one_that_removes_leave_everything_stored(
    store: FileStore,
) -> None:
    """However they meet: what was removed first is made anew, what came first is not removed."""
    seeds = list(range(15))
    kept = [_kept(store, seed) for seed in seeds]
    before = _after_all(store)
    spawn = multiprocessing.get_context("spawn")
    begin = spawn.Barrier(3)
    digests = [each.digest for each in kept]
    workers = [
        spawn.Process(target=_store_all, args=(store.folder, seeds, begin)),
        spawn.Process(target=_store_all, args=(store.folder, seeds[::-1], begin)),
        spawn.Process(target=_remove_all, args=(store.folder, digests, before, begin)),
    ]
    for each in workers:
        each.start()
    for each in workers:
        each.join(60)
    assert [each.exitcode for each in workers] == [0, 0, 0]
    assert all(all(_there(store, digest)) for digest in digests)
    assert list((store.folder / ".incoming").iterdir()) == []


def test_a_backup_lets_nothing_go(
    session: Session, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that the dump holds may be gone by now; their files must reach the archive."""
    monkeypatch.setattr(files, "_PATIENCE", 2)
    old = _kept(store, 1)
    before = _after_all(store)
    with store.held(), pytest.raises(StoreHeldError):
        sweep(session, store, _as_if(before))
    assert all(_there(store, old.digest))
    _kept(store, 2)


def test_nobody_unseen_empties_the_store(
    session: Session, store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of it unnamed looks like another database's files; a person may still remove them."""
    monkeypatch.setattr(sweeping, "MOST_UNSEEN", 2)
    for seed in range(4):
        _kept(store, seed)
    before = _after_all(store)
    told = sweep(session, store, _as_if(before))
    assert (told.stopped, told.files, len(store.digests())) == (True, 4, 4)
    assert sweep(session, store, _as_if(before), unseen=False).files == 4
    assert store.digests() == []


def test_files_brought_back_from_a_backup_are_young(session: Session, store: FileStore) -> None:
    """They wait a month for the rows that name them."""
    _kept(store, 1)
    before = _after_all(store)
    store.renew_all()
    assert sweep(session, store, _as_if(before)).files == 0


def test_what_a_killed_upload_left_goes_as_well(session: Session, store: FileStore) -> None:
    """But not what an upload is writing now."""
    left = store.folder / ".incoming" / "killed"
    left.mkdir(parents=True)
    (left / "original").write_bytes(b"half")
    before = _after_all(store)
    running = store.folder / ".incoming" / "running"
    running.mkdir()
    assert sweep(session, store, _as_if(before)).drafts == 1
    assert (left.exists(), running.exists()) == (False, True)


def test_a_folder_that_is_not_there_holds_nothing(session: Session, store: FileStore) -> None:
    """A worker on a host without the store has nothing to sweep."""
    assert sweep(session, store, clock.now()).files == 0


@pytest.fixture
def a_month_later() -> Iterator[None]:
    """Let everything stored by then be old."""
    with clock.frozen(clock.now() + SAFE_AGE + timedelta(days=1)):
        yield


@pytest.mark.usefixtures("a_month_later")
def test_the_nightly_job_sees_the_rows_and_reports(
    cluster: Cluster,
    fresh_database: str,
    service_database: Database,
    owner_session: Session,
    tmp_path: Path,
) -> None:
    """As the service role, which must see every row that names a file."""
    here = Settings(state=tmp_path, demo=False)
    store = FileStore(here.state_dir / "files")
    orphan, named = _kept(store, 1), _kept(store, 2)
    _name(owner_session, make_actor(owner_session), named)
    owner_session.commit()
    app = queue.build(cluster.service_url(fresh_database))
    working.defer(app, "sweep_files")
    with capture_logs() as told:
        working.work(app, service_database, here)
    [report] = [line for line in told if line["event"] == "files swept"]
    assert (report["files"], report["bytes"] > 0) == (1, True)
    assert not any(_there(store, orphan.digest))
    assert all(_there(store, named.digest))
