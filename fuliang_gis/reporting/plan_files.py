"""A plan as files to hand over: every vector format with its proof, the sheet, tables, the text."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from fuliang_gis import clock
from fuliang_gis.exchange.plans.explanation import write_explanation
from fuliang_gis.exchange.plans.imprint import Imprint
from fuliang_gis.exchange.plans.notes import Note
from fuliang_gis.exchange.plans.options import Format, Scheme, Writing
from fuliang_gis.exchange.plans.proof import Difference, prove
from fuliang_gis.exchange.plans.sheet import PLANNED, write_sheet
from fuliang_gis.exchange.plans.workbook import write_workbook
from fuliang_gis.exchange.plans.writing import FORMATS, write_plan
from fuliang_gis.exchange.tables import XLSX_TYPE
from fuliang_gis.planning.norms import Profile
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.queries import PlanRow

COUNTY = "浮梁县"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES: Mapping[Format, str] = {
    "gpkg": "application/geopackage+sqlite3",
    "shp": "application/zip",
    "gdb": "application/zip",
    "geojson": "application/geo+json",
    "dxf": "image/vnd.dxf",
    "txt": "text/plain",
}
#: What is printed or read by people: name, what a name ends in, content type.
PAPERS: Mapping[str, tuple[str, str, str]] = {
    "sheet": ("A3 用地规划图", ".pdf", "application/pdf"),
    "base_sheet": ("A3 用地现状图", ".pdf", "application/pdf"),
    "xlsx": ("规划表", ".xlsx", XLSX_TYPE),
    "docx": ("规划说明", ".docx", DOCX_TYPE),
}
_FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True)
class PlanFile:
    """A written file with what it could not hold."""

    content: bytes
    notes: tuple[Note, ...] = ()


def written(draft: Draft, form: Format, writing: Writing) -> PlanFile:
    """Return a plan in a vector format.

    Raises:
        Invalid: The format or its coordinate system is not on offer.
    """
    with TemporaryDirectory(prefix="plan-") as folder:
        done = write_plan(draft, _target(folder, form), form, writing)
        return PlanFile(done.path.read_bytes(), done.notes)


def proven(draft: Draft, form: Format, writing: Writing) -> tuple[Difference, ...]:
    """Return what differs when a plan is written and read again; empty: nothing does.

    Raises:
        Invalid: The format or its coordinate system is not on offer.
    """
    with TemporaryDirectory(prefix="plan-") as folder:
        done = write_plan(draft, _target(folder, form), form, writing)
        return prove(draft, done.path, form, writing)


def paper(kind: str, draft: Draft, profile: Profile, imprint: Imprint, scheme: Scheme) -> bytes:
    """Return one of ``PAPERS``.

    Raises:
        KeyError: There is no such paper.
        BadParameter: The village fits A3 at no standard scale.
    """
    if kind == "sheet":
        return write_sheet(draft, profile, imprint, scheme, PLANNED)
    if kind == "base_sheet":
        return write_sheet(
            replace(draft, parcels=draft.base), profile, imprint, scheme, "用地现状图"
        )
    if kind == "docx":
        return write_explanation(draft, profile, imprint)
    if kind != "xlsx":
        raise KeyError(kind)
    file = io.BytesIO()
    write_workbook(file, draft, profile, invented=imprint.invented)
    return file.getvalue()


def imprint_of(row: PlanRow) -> Imprint:
    """Return what stands on a plan's paper besides what it plans."""
    plan = row.plan
    return Imprint(
        COUNTY,
        row.township or "",
        row.village,
        plan.base_year,
        plan.target_year,
        clock.today(),
        title=plan.title,
        invented=plan.invented,
    )


def file_name(row: PlanRow, scheme: str, kind: str, ending: str) -> str:
    """Return what a file is called: village, scheme, what it is, day.

    No sign in it means anything to a file system.
    """
    mark = "演示数据-" if row.plan.invented else ""
    said = f"{mark}{row.village}-{scheme}-{kind}-{clock.today():%Y%m%d}"
    return _FORBIDDEN.sub("_", said) + ending


def _target(folder: str, form: Format) -> Path:
    return Path(folder) / f"plan{FORMATS[form][1]}"
