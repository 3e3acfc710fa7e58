"""A dozen drawn scenes in place of photos, each with the word that it is invented on it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from fuliang_gis.demo.inspections.posts import Post
from fuliang_gis.inspections.visits.files import Kept

_SIZE = (960, 720)
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
)
_LATIN = "DEMO - NOT REAL"

Draw = ImageDraw.ImageDraw


@dataclass(frozen=True)
class Scene:
    """One picture: what it shows, of which layer, and whether something is wrong in it."""

    name: str
    layer: str
    caption: str
    wrong: bool
    paint: Callable[[Draw], None]


@dataclass(frozen=True)
class Shown:
    """One picture tied to exactly one thing, by its id."""

    kept: Kept
    role: str
    division_code: str
    caption: str
    uploaded_by: Post | None
    uploaded_at: datetime
    visit_id: int | None = None
    defect_id: int | None = None
    report_id: int | None = None
    disposal_id: int | None = None


def drawn() -> Iterator[tuple[Scene, bytes]]:
    """Yield every scene as a JPEG; the same bytes each time with the same fonts."""
    for scene in SCENES:
        image = Image.new("RGB", _SIZE, "#cfe3ef")
        pen = ImageDraw.Draw(image)
        _ground(pen)
        scene.paint(pen)
        _label(pen, scene)
        content = io.BytesIO()
        image.save(content, "JPEG", quality=78)
        yield scene, content.getvalue()


def _ground(pen: Draw) -> None:
    pen.polygon(
        [(0, 330), (250, 210), (470, 320), (700, 190), (960, 330), (960, 480), (0, 480)],
        fill="#7fa58a",
    )
    pen.rectangle((0, 430, 960, 720), fill="#a8b97c")
    pen.polygon([(380, 720), (450, 430), (520, 430), (640, 720)], fill="#cbbf9d")


def _label(pen: Draw, scene: Scene) -> None:
    pen.rectangle((0, 640, 960, 720), fill="#22303a")
    font = _font(40)
    told = f"虚构示意 · {scene.caption}" if font is not None else _LATIN
    pen.text((28, 655), told, fill="white", font=font)


def _font(size: int) -> ImageFont.FreeTypeFont | None:
    """Return a font that knows Chinese, where one is installed."""
    path = next((path for path in _FONTS if Path(path).is_file()), None)
    return ImageFont.truetype(path, size) if path else None


def _tank(pen: Draw, *, leak: bool = False, lid: bool = True) -> None:
    pen.ellipse((300, 470, 660, 560), fill="#6d7680")
    pen.rectangle((300, 270, 660, 515), fill="#aeb8bf")
    pen.ellipse((300, 225, 660, 315), fill="#c9d1d6")
    if lid:
        pen.rectangle((440, 240, 520, 285), fill="#5b646b")
    else:
        pen.ellipse((425, 245, 535, 290), fill="#1d3b52")
    pen.line((690, 520, 690, 400, 660, 400), fill="#3a6f99", width=12)
    if leak:
        pen.line((480, 360, 495, 430, 470, 510), fill="#4a4f55", width=6)
        pen.polygon([(440, 560), (520, 515), (610, 600), (420, 610)], fill="#5f93b8")


def _panels(pen: Draw, *, weeds: bool = False, cracked: bool = False) -> None:
    for row in range(2):
        for column in range(4):
            x, y = 150 + column * 170 - row * 20, 280 + row * 150
            pen.polygon(
                [(x, y), (x + 150, y), (x + 120, y + 110), (x - 30, y + 110)],
                fill="#1f3f7a",
                outline="#dfe7ee",
            )
            pen.line((x + 60, y, x + 30, y + 110), fill="#8fa6c8", width=2)
            pen.line((x - 15, y + 55, x + 135, y + 55), fill="#8fa6c8", width=2)
    if cracked:
        pen.line((330, 300, 380, 340, 350, 380, 400, 385), fill="#f4f4f4", width=4)
    if weeds:
        for x in range(120, 820, 26):
            pen.line((x, 600, x + 6, 470 + x % 60), fill="#3f7a2f", width=7)


def _inverter(pen: Draw, *, alarm: bool) -> None:
    pen.rectangle((360, 220, 620, 540), fill="#e3e6e8", outline="#8b9298", width=4)
    pen.rectangle((400, 260, 580, 350), fill="#22303a")
    pen.ellipse((460, 390, 520, 450), fill="#d5402b" if alarm else "#3f9a4a")


def _toilet(pen: Draw, *, dirty: bool = False) -> None:
    pen.polygon([(240, 300), (480, 200), (720, 300)], fill="#7c4a33")
    pen.rectangle((270, 300, 690, 560), fill="#efe8da")
    for x in (330, 540):
        pen.rectangle((x, 370, x + 100, 560), fill="#5d7f8f")
    pen.rectangle((440, 310, 520, 350), fill="#2f6f8f")
    if dirty:
        for x, y in ((300, 590), (480, 580), (640, 600), (560, 610)):
            pen.ellipse((x, y, x + 46, y + 22), fill="#6b5a3a")


def _bins(pen: Draw, *, full: bool) -> None:
    for number, colour in enumerate(("#2f6fb0", "#3f8f4a", "#7a7f85")):
        x = 240 + number * 170
        pen.polygon([(x, 360), (x + 130, 360), (x + 112, 560), (x + 18, 560)], fill=colour)
        pen.rectangle((x - 6, 340, x + 136, 364), fill="#30383e")
        if full:
            pen.ellipse((x + 10, 300, x + 80, 352), fill="#d8d2c0")
            pen.ellipse((x + 60, 310, x + 120, 354), fill="#b8a98a")


def _bridge(pen: Draw, *, broken: bool) -> None:
    pen.rectangle((0, 520, 960, 620), fill="#5f93b8")
    pen.polygon([(180, 500), (780, 500), (820, 550), (140, 550)], fill="#9aa0a4")
    for x in range(200, 790, 58):
        if not (broken and 400 < x < 560):
            pen.line((x, 500, x, 420), fill="#dfe4e7", width=8)
    pen.line((200, 424, 400 if broken else 780, 424), fill="#dfe4e7", width=8)
    if broken:
        pen.line((560, 424, 780, 424), fill="#dfe4e7", width=8)


_WATER, _PV = "water_projects", "pv_stations"
_SANITATION, _ASSETS = "sanitation_facilities", "assistance_assets"
SCENES: Sequence[Scene] = (
    Scene("tank", _WATER, "清水池外观", wrong=False, paint=_tank),
    Scene("leak", _WATER, "清水池渗漏", wrong=True, paint=lambda p: _tank(p, leak=True)),
    Scene("lid", _WATER, "池口未上锁", wrong=True, paint=lambda p: _tank(p, lid=False)),
    Scene("panels", _PV, "光伏组件", wrong=False, paint=_panels),
    Scene("weeds", _PV, "杂草遮挡", wrong=True, paint=lambda p: _panels(p, weeds=True)),
    Scene("cracked", _PV, "组件破损", wrong=True, paint=lambda p: _panels(p, cracked=True)),
    Scene("inverter", _PV, "逆变器正常", wrong=False, paint=lambda p: _inverter(p, alarm=False)),
    Scene("alarm", _PV, "逆变器告警", wrong=True, paint=lambda p: _inverter(p, alarm=True)),
    Scene("toilet", _SANITATION, "公厕外观", wrong=False, paint=_toilet),
    Scene("dirty", _SANITATION, "地面未清扫", wrong=True, paint=lambda p: _toilet(p, dirty=True)),
    Scene("bins", _SANITATION, "收集点", wrong=False, paint=lambda p: _bins(p, full=False)),
    Scene("full", _SANITATION, "垃圾外溢", wrong=True, paint=lambda p: _bins(p, full=True)),
    Scene("bridge", _ASSETS, "便民桥", wrong=False, paint=lambda p: _bridge(p, broken=False)),
    Scene("rail", _ASSETS, "护栏损坏", wrong=True, paint=lambda p: _bridge(p, broken=True)),
)


def fitting(kept: Mapping[str, Kept], layer: str, *, wrong: bool) -> list[tuple[Scene, Kept]]:
    """Return the pictures that may show a place of a layer."""
    return [(s, kept[s.name]) for s in SCENES if s.layer == layer and s.wrong is wrong]
