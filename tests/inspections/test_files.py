"""The store of files: what it takes, what it refuses, what its copies still tell."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from fuliang_gis import clock
from fuliang_gis.errors import FileRefused, NotFound, TooLarge
from fuliang_gis.inspections.visits.files import FILE_LIMIT, FORMS, FileStore, Form
from tests.inspections.pictures import MAKER, claiming, exif, phone_picture, picture


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    """An empty store."""
    return FileStore(tmp_path / "files")


def _stored(store: FileStore) -> list[Path]:
    return sorted(p for p in store.folder.rglob("*") if p.is_file() and p.name != ".lock")


@pytest.mark.parametrize(
    ("kind", "name", "mime"),
    [
        ("JPEG", "IMG_1.JPG", "image/jpeg"),
        ("PNG", "a.png", "image/png"),
        ("WEBP", "a.webp", "image/webp"),
        ("HEIF", "IMG_2.HEIC", "image/heic"),
        ("JPEG", "", "image/jpeg"),
    ],
)
def test_every_kind_is_kept_with_its_copies(
    store: FileStore, kind: str, name: str, mime: str
) -> None:
    """JPEG, PNG, WebP and HEIC are kept as they came, with two JPEG copies."""
    content = picture(kind, (2000, 1500))
    kept = store.keep(BytesIO(content), name)
    assert (kept.mime, kept.width, kept.height, kept.size) == (mime, 2000, 1500, len(content))
    assert kept.digest == sha256(content).hexdigest()
    assert store.path(kept.digest, "original").read_bytes() == content
    for form, side in (("public", 1600), ("thumbnail", 320)):
        with Image.open(store.path(kept.digest, form)) as copy:  # type: ignore[arg-type]
            assert (copy.format, max(copy.size)) == ("JPEG", side)


def test_a_phone_picture_tells_its_time_and_place_to_the_office_alone(store: FileStore) -> None:
    """Time and place are read; the copies hold no EXIF, no comment and no maker's name."""
    kept = store.keep(BytesIO(phone_picture()), "IMG.jpg")
    assert kept.taken_at == datetime(2026, 11, 20, 9, 30, tzinfo=clock.ZONE)
    assert (kept.exif["lon"], kept.exif["lat"]) == (117.247, 29.376)
    assert kept.exif["accuracy_m"] == 6.5
    assert kept.exif["make"] == MAKER
    assert MAKER.encode() in store.path(kept.digest, "original").read_bytes()
    forms: tuple[Form, ...] = ("public", "thumbnail")
    for form in forms:
        content = store.path(kept.digest, form).read_bytes()
        assert not any(word in content for word in (MAKER.encode(), b"Exif", b"secret", b"http"))
        with Image.open(BytesIO(content)) as copy:
            assert not dict(copy.getexif())
            assert set(copy.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density",
                                      "progressive", "progression"}  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_copies_of_every_kind_hold_no_metadata(store: FileStore, kind: str) -> None:
    """EXIF that comes inside a PNG, WebP or HEIC stays out of the copies too."""
    kept = store.keep(BytesIO(picture(kind, exif=exif().tobytes())), "")
    assert kept.exif["make"] == MAKER
    assert MAKER.encode() not in store.path(kept.digest, "public").read_bytes()


def test_a_turned_picture_is_shown_upright(store: FileStore) -> None:
    """A picture held sideways (EXIF orientation 6) is turned in its copies and its sides."""
    kept = store.keep(BytesIO(phone_picture((640, 480), orientation=6)), "IMG.jpg")
    assert (kept.width, kept.height) == (480, 640)
    with Image.open(store.path(kept.digest, "public")) as copy:
        assert copy.size == (480, 640)
        # The left half was blue; turned to the right it is on top.
        top, bottom = copy.getpixel((240, 100)), copy.getpixel((240, 540))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > 150 > top[0]
    assert bottom[0] > 150 > bottom[2]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "I;16", "CMYK"])
def test_every_colour_mode_gets_a_copy(store: FileStore, mode: str) -> None:
    """Whatever colours a picture is made of, its copy is plain RGB."""
    written = BytesIO()
    image = Image.new("RGB", (40, 30), "red").convert("I" if mode == "I;16" else mode)
    image = image.convert("I;16") if mode == "I;16" else image
    image.save(written, "JPEG" if mode == "CMYK" else "PNG")
    written.seek(0)
    kept = store.keep(written, "")
    with Image.open(store.path(kept.digest, "thumbnail")) as copy:
        assert (copy.mode, copy.size) == ("RGB", (40, 30))


def test_the_same_content_is_kept_once(store: FileStore) -> None:
    """Sent twice under two names, and eight times at once, a picture takes the room of one."""
    content = phone_picture()
    first = store.keep(BytesIO(content), "a.jpg")
    before = [(p, p.stat().st_ino) for p in _stored(store)]
    assert store.keep(BytesIO(content), "b.jpg") == first
    assert [(p, p.stat().st_ino) for p in _stored(store)] == before
    another = picture("PNG", seed=3)
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: store.keep(BytesIO(another), "c.png"), range(8)))
    assert len(set(map(repr, kept))) == 1
    assert len(_stored(store)) == 2 * len(FORMS)


def _cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


REFUSED: list[tuple[str, Callable[[], bytes], str, str]] = [
    ("SVG", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "a.svg", "只接受"),
    ("HTML", lambda: b"<!doctype html><script>alert(1)</script>", "a.jpg", "只接受"),
    ("GIF", lambda: b"GIF89a" + bytes(40), "a.gif", "只接受"),
    ("empty", lambda: b"", "a.jpg", "只接受"),
    ("PNG named JPEG", lambda: picture("PNG"), "a.jpg", "内容却是 PNG"),
    ("JPEG named HTML", lambda: picture("JPEG"), "a.html", "内容却是 JPEG"),
    ("JPEG named SVG", lambda: picture("JPEG"), "a.svg", "内容却是 JPEG"),
    ("cut JPEG", lambda: _cut(picture("JPEG", (900, 900))), "a.jpg", "不完整"),
    ("cut PNG", lambda: _cut(picture("PNG", (900, 900))), "a.png", "不完整"),
    ("cut WebP", lambda: _cut(picture("WEBP", (900, 900))), "a.webp", "不完整"),
    ("cut HEIC", lambda: _cut(picture("HEIF", (900, 900))), "a.heic", "不完整"),
    ("JPEG of nothing", lambda: b"\xff\xd8\xff\xe0" + bytes(64), "a.jpg", "不完整"),
    ("bomb", lambda: claiming(20_000, 20_000), "a.png", "像素过多"),
    ("huge bomb", lambda: claiming(60_000, 60_000), "a.png", "像素过多"),
]


@pytest.mark.parametrize(
    ("content", "name", "told"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_what_is_no_whole_picture_is_refused(
    store: FileStore, content: Callable[[], bytes], name: str, told: str
) -> None:
    """Each refusal says in Chinese what is wrong, and leaves nothing behind."""
    with pytest.raises(FileRefused) as refusal:
        store.keep(BytesIO(content()), name)
    assert told in refusal.value.text_zh
    assert refusal.value.field == "file"
    assert _stored(store) == []


class _Endless:
    """A stream that counts what is read of it."""

    def __init__(self, size: int) -> None:
        self.left, self.read_bytes = size, 0

    def read(self, most: int = -1) -> bytes:
        given = min(self.left, most)
        self.left -= given
        self.read_bytes += given
        return bytes(given)


def test_forty_megabytes_and_one_byte_are_refused(store: FileStore) -> None:
    """The limit is exact, and a far larger file is not even read to its end."""
    head = picture("JPEG")
    exact = head + bytes(FILE_LIMIT - len(head))
    assert store.keep(BytesIO(exact), "a.jpg").size == 40_000_000
    with pytest.raises(TooLarge) as refusal:
        store.keep(BytesIO(exact + b"\0"), "a.jpg")
    assert "40 MB" in refusal.value.text_zh
    endless = _Endless(10**9)
    with pytest.raises(TooLarge):
        store.keep(endless, "a.jpg")  # type: ignore[arg-type]
    assert endless.read_bytes < FILE_LIMIT + 10**6


@pytest.mark.parametrize(
    ("digest", "form"),
    [
        ("0" * 64, "original"),
        ("../../etc/passwd", "original"),
        ("A" * 64, "public"),
        ("", "public"),
        ("0" * 64, "../../x"),
    ],
)
def test_only_digests_lead_to_files(store: FileStore, digest: str, form: Form) -> None:
    """What is no digest, or of no file, is not found; no path can be built with it."""
    with pytest.raises(NotFound):
        store.path(digest, form)


def test_hostile_exif_is_no_obstacle(store: FileStore) -> None:
    """Senseless times, places and texts are left out, and the picture is kept."""
    tags = Image.Exif()
    tags[0x010F] = "a\0b\n<script>" + "x" * 500
    tags.get_ifd(0x8769)[0x9003] = "0000:00:00 00:00:00"
    tags.get_ifd(0x8825).update({1: "N", 2: (999.0, 0.0, 0.0), 3: "E", 4: (float("1e9"), 0.0, 0.0)})
    kept = store.keep(BytesIO(picture("JPEG", exif=tags.tobytes())), "a.jpg")
    assert kept.taken_at is None
    assert "lon" not in kept.exif
    assert len(str(kept.exif["make"])) <= 100
    assert str(kept.exif["make"]).isprintable()


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_cut_pictures_are_refused_beside_the_pdf_library(
    store: FileStore, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """The library that makes PDF files lets cut pictures pass where it is loaded; we never do."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(FileRefused):
        store.keep(BytesIO(_cut(picture(format_, (900, 900)))), f"a.{format_.lower()}")
    assert _stored(store) == []
