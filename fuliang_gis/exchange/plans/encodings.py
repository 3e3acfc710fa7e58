"""In which encoding a file's text is: GBK or UTF-8, by its bytes before what it says."""

from __future__ import annotations

import codecs
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from fuliang_gis.exchange.plans.notes import refusal

#: All that GBK has and everything else; text of GBK reads the same.
GB18030 = "GB18030"
UTF8 = "UTF-8"
#: Chinese letters and signs in UTF-8; in GBK such bytes follow each other by chance only.
_CHINESE = re.compile(rb"[\xe2-\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}")
_SHARE = 0.8
_FIELD = 32
_NAME = 11


@dataclass(frozen=True)
class Encoding:
    """An encoding, and why it was taken where the file says another or nothing."""

    name: str
    why: str = ""
    notable: bool = False


def guess(content: bytes) -> str:
    """Return the encoding of Chinese text, also where letters are cut at the end of fields.

    >>> guess("用地".encode("gbk")), guess("用地".encode()), guess(b"plain")
    ('GB18030', 'UTF-8', 'UTF-8')
    >>> guess("联通".encode("gbk")), guess("地类编码".encode()[:10])
    ('GB18030', 'UTF-8')
    """
    high = sum(byte >= 0x80 for byte in content)
    whole = sum(map(len, _CHINESE.findall(content)))
    return UTF8 if whole >= _SHARE * high else GB18030


def of_shapefile(path: Path, asked: str | None) -> Encoding:
    """Return the encoding of a Shapefile's table.

    Args:
        asked: What a person says; it goes before everything else.
    """
    if asked:
        return Encoding(_known(asked))
    content = _table_text(path)
    seen = guess(content)
    said = _said(path)
    if content.isascii():
        return Encoding(said or UTF8)
    if said is None:
        return Encoding(seen, "（没有 .cpg 文件，按内容判断）", notable=True)
    if (said == UTF8) != (seen == UTF8):
        return Encoding(seen, f"（.cpg 写作 {said}，与内容不符）", notable=True)
    return Encoding(said)


def _said(path: Path) -> str | None:
    for suffix in (".cpg", ".CPG"):
        beside = path.with_suffix(suffix)
        if beside.exists():
            name = beside.read_text("ascii", "replace").strip()
            try:
                return _python_name(name)
            except LookupError:
                return None
    return None


def _known(asked: str) -> str:
    try:
        return _python_name(asked)
    except LookupError as error:
        raise refusal(
            "encoding_unknown",
            f"没有名为“{asked}”的编码。请选 GBK 或 UTF-8。",
            f"There is no encoding '{asked}'. Choose GBK or UTF-8.",
            "encoding",
        ) from error


def _python_name(name: str) -> str:
    found = codecs.lookup({"936": "gbk", "65001": "utf-8"}.get(name, name)).name
    if found == "utf-8":
        return UTF8
    return GB18030 if found in ("gbk", "gb2312", "gb18030", "cp936") else found


def _table_text(path: Path) -> bytes:
    """Return the names of columns and the records of a Shapefile's table."""
    table = next(
        (path.with_suffix(s) for s in (".dbf", ".DBF") if path.with_suffix(s).exists()), None
    )
    if table is None:
        return b""
    content = table.read_bytes()
    if len(content) < _FIELD:
        return b""
    (header,) = struct.unpack_from("<H", content, 8)
    names = b"".join(
        content[at : at + _NAME].split(b"\0")[0] for at in range(_FIELD, header - 1, _FIELD)
    )
    return names + content[header:]
