"""Pictures for tests: small, of every kind that is taken, as phones write them."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, PngImagePlugin
from pillow_heif import from_pillow

#: A place in 浮梁镇 as a phone writes it: 29° 22' 33.6" N, 117° 14' 49.2" E.
LATITUDE, LONGITUDE = (29.0, 22.0, 33.6), (117.0, 14.0, 49.2)
MAKER = "PhoneMaker"


def exif(orientation: int = 1) -> Image.Exif:
    """Return what a phone writes into a picture: maker, time, place, orientation."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0112] = MAKER, "Model X", orientation
    tags.get_ifd(0x8769)[0x9003] = "2026:11:20 09:30:00"
    tags.get_ifd(0x8825).update({1: "N", 2: LATITUDE, 3: "E", 4: LONGITUDE, 31: 6.5})
    return tags


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (640, 480), *, seed: int = 0, **saved: object
) -> bytes:
    """Return a picture's bytes: two colours, so that turning shows."""
    image = Image.new("RGB", size, (200, 30 + seed % 200, 40))
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), fill=(20, 40, 200))
    written = BytesIO()
    if kind == "HEIF":
        from_pillow(image).save(written, **saved)
    else:
        image.save(written, kind, **saved)
    return written.getvalue()


def phone_picture(size: tuple[int, int] = (640, 480), *, orientation: int = 1) -> bytes:
    """Return a JPEG with everything a phone writes into it."""
    return picture("JPEG", size, exif=exif(orientation).tobytes(), comment=b"secret comment")


def multipart(content: bytes, name: str = "IMG.jpg", **fields: object) -> tuple[bytes, str]:
    """Return an upload's body and its content type; a client's own encoder leaves files open."""
    part = '--cut\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    told = "".join(part.format(key, "") + f"{value}\r\n" for key, value in fields.items())
    head = told + part.format("file", f'; filename="{name}"')
    return head.encode() + content + b"\r\n--cut--\r\n", "multipart/form-data; boundary=cut"


def claiming(width: int, height: int) -> bytes:
    """Return a small PNG file whose header claims a huge picture."""
    made = bytearray(picture("PNG", (8, 8)))
    made[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    checked = PngImagePlugin._crc32(bytes(made[12:29])) & 0xFFFFFFFF
    made[29:33] = checked.to_bytes(4, "big")
    return bytes(made)
