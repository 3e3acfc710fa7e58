"""Drawn pictures: the same bytes each time, kept once, removed without a trace."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from fuliang_gis.demo.inspections.operations import remove_files
from fuliang_gis.demo.inspections.pictures import SCENES, drawn
from fuliang_gis.inspections.visits.files import FileStore


def test_pictures_are_drawn_alike_and_differ() -> None:
    """Two drawings must be the same bytes; no two scenes may look alike."""
    first = [content for _, content in drawn()]
    assert first == [content for _, content in drawn()]
    assert len(set(first)) == len(SCENES) >= 12
    assert all(Image.open(io.BytesIO(content)).size == (960, 720) for content in first)


def test_removed_files_leave_others(tmp_path: Path) -> None:
    """Removing some must remove them in every form, and nothing else; twice is no fault."""
    store = FileStore(tmp_path)
    kept = [store.keep(io.BytesIO(content), "a.jpg").digest for _, content in list(drawn())[:3]]
    remove_files(tmp_path, kept[:2])
    remove_files(tmp_path, kept[:2])
    assert store.digests() == [kept[2]]
