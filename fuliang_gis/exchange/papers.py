"""Word documents as offices print them: A4, with the letters of official papers."""

from __future__ import annotations

from collections.abc import Mapping

from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

BODY, HEADINGS = "仿宋", "黑体"


def set_up(document: Document, margin_mm: int, sizes: Mapping[str, int]) -> None:
    """Set the paper, its margins at the sides, and the size of each style [pt], all in black."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(margin_mm)
    for name, size in sizes.items():
        style, font = document.styles[name], BODY if name == "Normal" else HEADINGS
        if isinstance(style, ParagraphStyle):
            style.font.name = font
            style.font.size = Pt(size)
            style.font.color.rgb = RGBColor(0, 0, 0)
            # Word takes Chinese letters from a font of their own.
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
