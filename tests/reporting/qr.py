"""Reading QR codes out of a PDF's drawing instructions: the squares that are really printed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdf
from pypdf.generic import ContentStream

#: Unit square transformed: a, b, c, d, e, f as in the PDF reference.
Matrix = tuple[float, float, float, float, float, float]
Modules = list[list[int]]


def codes(pdf: bytes) -> list[Modules]:
    """Return every QR code of a PDF as rows of dark (1) and light (0) modules, in order.

    What else is drawn is passed by: a code has 21 rows of strokes along the middle of modules.
    """
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    return [code for page in reader.pages for code in _of_page(reader, page)]


def _of_page(reader: pypdf.PdfReader, page: pypdf.PageObject) -> Iterator[Modules]:
    stream = page.get_contents()
    assert stream is not None
    lines: list[tuple[float, float, float]] = []
    at = (0.0, 0.0)
    for operands, operator in ContentStream(stream, reader).operations:
        numbers = [float(each) for each in operands] if operator in (b"m", b"l", b"w") else []
        if operator == b"m":
            at = (numbers[0], numbers[1])
        elif operator == b"l":
            lines.append((at[1] if numbers[1] == at[1] else -1.0, at[0], numbers[0]))
            at = (numbers[0], numbers[1])
        elif operator in (b"S", b"B") and lines:
            if _is_code(lines):
                yield _modules(lines)
            lines = []
        elif operator in (b"n", b"f", b"f*"):
            lines = []


def _is_code(lines: list[tuple[float, float, float]]) -> bool:
    rows = {y for y, *_ in lines}
    return len(rows) >= 21 and all(y % 1 == 0.5 for y in rows)


def _modules(lines: list[tuple[float, float, float]]) -> Modules:
    # Row n is drawn as strokes along y = n + 0.5, one unit wide.
    side = int(max(y for y, *_ in lines) + 0.5)
    found = [[0] * side for _ in range(side)]
    for y, start, end in lines:
        for x in range(round(start), round(end)):
            found[int(y)][x] = 1
    return found
