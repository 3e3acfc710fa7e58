"""Zips: what they may hold, and what is refused before it does harm."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fuliang_gis.exchange.plans.raw import Reading
from fuliang_gis.exchange.plans.reading import read_plan
from fuliang_gis.exchange.plans.writing import write_plan
from tests.exchange.plans.files import refused
from tests.exchange.plans.village import village

E2023 = Reading(edition="2023")


def zipped(folder: Path, **files: bytes) -> Path:
    """Write a zip of small files."""
    path = folder / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", ".").replace("UP", ".."), content)
    return path


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"notes_md": b"x"}, "nothing_in_zip"),
        ({"a_dxf": b"x", "b_gpkg": b"x"}, "several_formats"),
        ({"UP/a_gpkg": b"x"}, "bad_zip"),
        ({"a_gpkg": b"no database"}, "unreadable"),
        ({"a_shp": b"no shapes"}, "unreadable"),
        ({"a_dxf": b"no drawing"}, "unreadable"),
        ({"a_geojson": b"{}"}, "unreadable"),
        ({"a_gpkg": b"<OGRVRTDataSource/>"}, "unreadable"),
        ({"a_json": b'{"type": "gdal_streamed_alg", "command_line": "x"}'}, "unreadable"),
        ({"a_geojson": b"[" * 100_000}, "unreadable"),
        ({"a.gdb/b_txt": b"x"}, "unreadable"),
        ({"a_txt": "[属性描述]".encode("gbk")}, "txt_no_section"),
    ],
)
def test_broken_zips_are_refused(tmp_path: Path, files: dict[str, bytes], code: str) -> None:
    """Each kind of zip that cannot be used must be refused for what it is."""
    assert refused(lambda: read_plan(zipped(tmp_path, **files), E2023))[0] == code
    assert not (tmp_path.parent / "a.gpkg").exists()


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the bound must be refused before it fills the disk."""
    monkeypatch.setattr("fuliang_gis.exchange.plans.archives.MOST_BYTES", 1000)
    path = zipped(tmp_path, a_gpkg=bytes(1001))
    assert refused(lambda: read_plan(path, E2023))[0] == "zip_too_large"


@pytest.mark.parametrize("name", ["a.docx", "missing.gpkg", "broken.zip"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    """Formats that are not known, files that are not there and zips that are none are refused."""
    if name == "broken.zip":
        (tmp_path / name).write_bytes(b"PK")
    codes = {"a.docx": "format_unknown", "missing.gpkg": "no_file", "broken.zip": "bad_zip"}
    assert refused(lambda: read_plan(tmp_path / name, E2023))[0] == codes[name]


class OldZipInfo(zipfile.ZipInfo):
    """A member whose name is written in GBK without any mark, as Chinese Windows does."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802  # The library's own name.
        return self.filename.encode("gbk"), self.flag_bits


def test_chinese_names_in_zips_are_read(tmp_path: Path) -> None:
    """A zip made on Chinese Windows, in a folder of its own, must be read."""
    draft = village(5)
    write_plan(draft, tmp_path / "files", "shp")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted((tmp_path / "files").iterdir()):
            archive.writestr(OldZipInfo(f"甲村规划/{each.name}"), each.read_bytes())
    assert "字段说明.csv".encode("gbk") in path.read_bytes()
    assert list(read_plan(path).parcels) == list(draft.parcels)
