"""The one way from an HTML page to a PDF file: WeasyPrint, which fetches nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from fuliang_gis.errors import SetUpError

_SYSTEM_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def templates(folder: Path) -> jinja2.Environment:
    """Return the pages of a folder; what they are given is escaped."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def write_pdf(html: str) -> bytes:
    """Lay the page out as PDF; nothing is fetched from anywhere.

    Raises:
        SetUpError: The system library Pango is missing.
    """
    return _laid_out(html).write_pdf() or b""


class Book:
    """Documents laid out one after the other, to be one file; each counts its own pages."""

    def __init__(self) -> None:
        self._pages: list[Any] = []
        self._first: Any = None

    def add(self, html: str) -> None:
        """Lay out a document behind the others.

        Raises:
            SetUpError: The system library Pango is missing.
        """
        document = _laid_out(html).render()
        self._first = self._first or document
        self._pages += document.pages

    def write(self) -> bytes:
        """Return the file; of no documents an empty one."""
        if self._first is None:
            return b""
        return self._first.copy(self._pages).write_pdf() or b""


def _laid_out(html: str) -> Any:  # noqa: ANN401  # WeasyPrint's, which is loaded late.
    try:
        # Loaded when first asked for: it needs system libraries that only printing uses.
        import weasyprint
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise SetUpError(
            reason=f"缺少打印所需的系统库 Pango。请安装 {_SYSTEM_PACKAGES}。",
            reason_en=f"Pango is missing: install {_SYSTEM_PACKAGES}.",
        ) from error
    fetcher = URLFetcher(allowed_protocols=("data",))
    return weasyprint.HTML(string=html, url_fetcher=fetcher)
