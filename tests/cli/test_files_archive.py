"""The photos of a backup: everything goes in, only what is missing and sound comes out."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from fuliang_gis.cli import files_archive
from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.visits.files import FORMS, FileStore
from tests.inspections.pictures import phone_picture


def test_what_was_packed_comes_back(tmp_path: Path) -> None:
    """Each form of each photo is back, leftovers of a broken upload are not, twice is once."""
    store = FileStore(tmp_path / "files")
    kept = store.keep(BytesIO(phone_picture()), "a.jpg")
    (store.folder / ".incoming" / "half").write_bytes(b"half a picture")
    archive = files_archive.beside(tmp_path / "county.dump")
    assert archive.name == "county.dump.files.tar"
    assert files_archive.pack(store.folder, archive) == len(FORMS)
    assert archive.stat().st_mode & 0o077 == 0
    again = FileStore(tmp_path / "restored")
    assert files_archive.unpack(archive, again.folder) == len(FORMS)
    assert files_archive.unpack(archive, again.folder) == 0
    for form in ("original", "public", "thumbnail"):
        assert (
            again.path(kept.digest, form).read_bytes() == store.path(kept.digest, form).read_bytes()
        )
    assert not list(again.folder.rglob("half"))


def test_no_files_make_an_empty_archive(tmp_path: Path) -> None:
    """An installation without photos is backed up too, and nothing old is taken for its files."""
    archive = tmp_path / "a.tar"
    assert files_archive.pack(tmp_path / "none", archive) == 0
    assert files_archive.unpack(archive, tmp_path / "files") == 0


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "aa/bb/evil.html", "ab/cd/" + "e" * 64]
)
def test_a_tampered_archive_puts_nothing_elsewhere(tmp_path: Path, name: str) -> None:
    """A name that is none of ours is passed over; a picture that is not its digest is refused."""
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        member = tarfile.TarInfo(name)
        member.size = 4
        packed.addfile(member, BytesIO(b"evil"))
    if name.startswith("ab/cd"):
        with pytest.raises(SetUpError):
            files_archive.unpack(archive, tmp_path / "files")
    else:
        assert files_archive.unpack(archive, tmp_path / "files") == 0
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [archive]


def test_no_archive_is_refused(tmp_path: Path) -> None:
    """A file that is no archive is told as such."""
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(b"not an archive at all" * 100)
    with pytest.raises(SetUpError):
        files_archive.unpack(wrong, tmp_path / "files")
