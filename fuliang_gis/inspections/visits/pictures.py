"""Pictures as phones send them: recognised by content, read without trust, copied without metadata.

Coordinates in EXIF are WGS84, longitude and latitude in degrees.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Final

from PIL import ExifTags, Image, ImageFile, ImageOps
from pillow_heif import register_heif_opener

from fuliang_gis import clock
from fuliang_gis.errors import FileRefused

#: Longest side of the copies [px].
PUBLIC_SIDE: Final = 1600
THUMBNAIL_SIDE: Final = 320
#: Most pixels that are unpacked; JPEG unpacks into a smaller picture at once.
MOST_PIXELS: Final = 60_000_000
MOST_PIXELS_JPEG: Final = 220_000_000

#: What the content begins with, by the type that it proves; HEIC has its brand at byte 8.
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_SUFFIXES = {
    "image/jpeg": {".jpg", ".jpeg", ".jpe", ".jfif"},
    "image/png": {".png"},
    "image/webp": {".webp"},
    "image/heic": {".heic", ".heif", ".hif"},
}
_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"),
    "image/png": ("PNG",),
    "image/webp": ("WEBP",),
    "image/heic": ("HEIF",),
}
#: What libraries raise over bytes that somebody broke on purpose.
_BROKEN = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError),
    *(RuntimeError, AttributeError, MemoryError, struct.error),
)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)

register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# The library's own alarm stays as a second one behind ours.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS_JPEG

#: An unpacked picture takes up to 240 MB, so few are unpacked at a time.
_unpacking = BoundedSemaphore(2)


@dataclass(frozen=True)
class Picture:
    """What a picture tells about itself; sides [px] as seen upright."""

    mime: str
    width: int
    height: int
    taken_at: datetime | None
    exif: Mapping[str, str | float]


def mime_of(head: bytes, name: str) -> str:
    """Return the type that a file's first bytes prove.

    Raises:
        FileRefused: It is no picture that is taken, or its name says it is another.
    """
    mime = next((m for magic, m in _SIGNATURES.items() if head.startswith(magic)), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        mime = "image/webp"
    elif head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        mime = "image/heic"
    if mime is None:
        raise refused(
            name,
            "只接受 JPEG、PNG、WebP、HEIC 照片。请用手机相机拍照，或另存为 JPEG 后重试。",
            "only JPEG, PNG, WebP and HEIC pictures are taken.",
        )
    suffix = Path(name).suffix.lower()
    if suffix and suffix not in _SUFFIXES[mime]:
        kind = mime.removeprefix("image/").upper()
        raise refused(
            name,
            f"文件名的后缀是 {suffix[:12]}，内容却是 {kind} 图片。请改正后缀，或重新拍照后上传。",
            f"its name ends in {suffix[:12]}, but it holds a {kind} picture.",
        )
    return mime


def look(path: Path, name: str, mime: str) -> Picture:
    """Read what a picture's header tells, without unpacking it.

    Raises:
        FileRefused: It cannot be read, or is too large to unpack.
    """
    try:
        with Image.open(path, formats=_openers(mime)) as image:
            width, height = image.size
            tags = image.getexif()
            exif = _exif(tags)
            turned = tags.get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    except _BOMB as error:
        raise _too_many_pixels(name) from error
    except _BROKEN as error:
        raise _unreadable(name) from error
    if width * height > (MOST_PIXELS_JPEG if mime == "image/jpeg" else MOST_PIXELS):
        raise _too_many_pixels(name)
    if turned:
        width, height = height, width
    return Picture(mime, width, height, _taken_at(exif), exif)


def copy(source: Path, name: str, mime: str, targets: Mapping[int, Path]) -> None:
    """Write upright JPEG copies without any metadata, by their longest side [px].

    Raises:
        FileRefused: The picture is broken or cut off.
    """
    largest = max(targets)
    try:
        with _unpacking, Image.open(source, formats=_openers(mime)) as image:
            image.draft("RGB", (largest, largest))
            # The library that sets pages as PDF turns this on for the whole process when it loads.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            image.load()
            # Made smaller before it is turned and recoloured, so that a phone's picture is
            # unpacked once and never held twice in full.
            image.thumbnail((largest, largest), Image.Resampling.LANCZOS, reducing_gap=2.0)
            upright = _opaque(ImageOps.exif_transpose(image))
        for side in sorted(targets, reverse=True):
            upright.thumbnail((side, side), Image.Resampling.LANCZOS)
            # A picture made anew from its pixels carries nothing that came along with them.
            bare = Image.frombytes("RGB", upright.size, upright.tobytes())
            bare.save(targets[side], "JPEG", quality=82, optimize=True, progressive=True)
    except (*_BOMB, *_BROKEN) as error:
        raise _unreadable(name) from error


def refused(name: str, reason: str, reason_en: str) -> FileRefused:
    """Return the refusal of a file of that name; a name is told in part and on one line."""
    told = "".join(c for c in Path(name or "").name if c.isprintable())[:60] or "未命名"
    return FileRefused(name=told, reason=reason, reason_en=reason_en, field="file")


def _unreadable(name: str) -> FileRefused:
    return refused(
        name,
        "图片已损坏或不完整（可能未传完），无法打开。请重新拍照或重新选择后上传。",
        "the picture is broken or cut off; take or choose it again.",
    )


def _too_many_pixels(name: str) -> FileRefused:
    return refused(
        name,
        f"图片像素过多（上限 {MOST_PIXELS // 10_000} 万像素，JPEG 为 "
        f"{MOST_PIXELS_JPEG // 10_000} 万）。请缩小后重试。",
        f"it has too many pixels (at most {MOST_PIXELS:,}; JPEG {MOST_PIXELS_JPEG:,}).",
    )


def _openers(mime: str) -> tuple[str, ...]:
    return _FORMATS[mime]


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(ground, layered).convert("RGB")
    if image.mode.startswith(("I", "F")):
        # Sixteen bits of grey do not fit into eight by themselves.
        image = image.convert("I").point(lambda level: level / 256).convert("L")
    return image.convert("RGB")


def _exif(tags: Image.Exif) -> dict[str, str | float]:
    """Keep the few entries that the office needs; makers' notes and thumbnails stay away."""
    detail = tags.get_ifd(ExifTags.IFD.Exif)
    found: dict[str, str | float] = {}
    wanted = (
        ("make", tags.get(ExifTags.Base.Make)),
        ("model", tags.get(ExifTags.Base.Model)),
        ("software", tags.get(ExifTags.Base.Software)),
        ("taken", detail.get(ExifTags.Base.DateTimeOriginal)),
        ("offset", detail.get(ExifTags.Base.OffsetTimeOriginal)),
    )
    for name, value in wanted:
        text = _plain(value)
        if text:
            found[name] = text
    return found | _gps(tags.get_ifd(ExifTags.IFD.GPSInfo))


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value if c.isprintable()).strip()[:100]


def _gps(tags: Mapping[int, Any]) -> dict[str, str | float]:
    lat = _degrees(tags.get(ExifTags.GPS.GPSLatitude), tags.get(ExifTags.GPS.GPSLatitudeRef), "S")
    lon = _degrees(tags.get(ExifTags.GPS.GPSLongitude), tags.get(ExifTags.GPS.GPSLongitudeRef), "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat, lon) == (0, 0):
        return {}
    found: dict[str, str | float] = {"lon": lon, "lat": lat}
    error = _number(tags.get(ExifTags.GPS.GPSHPositioningError))
    return found | ({"accuracy_m": error} if error is not None else {})


def _degrees(parts: object, reference: object, negative: str) -> float | None:
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [_number(part) for part in parts]
    if any(number is None for number in numbers):
        return None
    degrees, minutes, seconds = (number or 0.0 for number in numbers)
    value = degrees + minutes / 60 + seconds / 3600
    return round(-value if _plain(reference).upper().startswith(negative) else value, 7)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # EXIF holds fractions, or anything at all
    except (TypeError, ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _taken_at(exif: Mapping[str, str | float]) -> datetime | None:
    """Return when it was taken; a camera that tells no offset is taken to be in the county."""
    try:
        local = datetime.strptime(str(exif["taken"]), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007  # zone below
    except (KeyError, ValueError):
        return None
    if not 1990 <= local.year <= 2100:
        return None
    return local.replace(tzinfo=_zone(str(exif.get("offset", ""))))


def _zone(offset: str) -> tzinfo:
    try:
        hours, minutes = (int(part) for part in offset.lstrip("+-").split(":"))
        shift = timedelta(hours=hours, minutes=minutes)
        return timezone(-shift if offset.startswith("-") else shift)
    except ValueError:
        return clock.ZONE
