"""A plan's files: what goes out, in every format, with the proof that it reads back the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.errors import BadParameter, Invalid, NotFound
from fuliang_gis.exchange.plans.coordinates import NAMES
from fuliang_gis.exchange.plans.options import Format, Scheme, TxtOptions, Writing
from fuliang_gis.exchange.plans.writing import FORMATS, NOT_HELD
from fuliang_gis.geo.crs import GEOGRAPHIC, PLANE, PLANE_ZONED
from fuliang_gis.planning.parcels import Draft
from fuliang_gis.planning.standing import draft_at
from fuliang_gis.reporting import plan_files
from fuliang_gis.reporting.plan_files import PAPERS
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import plans_uploads as uploads
from fuliang_gis.web.pages.plans_asked import text, whole
from fuliang_gis.web.pages.plans_view import Looked, look
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

#: Differences that a proof lists.
_MOST = 100
SYSTEMS = {code: NAMES[code] for code in (PLANE, PLANE_ZONED, GEOGRAPHIC)}
COLOURS: Mapping[str, str] = {"standard": "标准色", "village": "村庄规划细分色"}
_DECIMALS = range(1, 5)


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.get("/<int:plan_id>/files")(show_files)
    blueprint.get("/<int:plan_id>/files/export")(export_file)
    blueprint.get("/<int:plan_id>/files/proof")(show_proof)
    blueprint.get("/<int:plan_id>/files/paper/<any(sheet, base_sheet, xlsx, docx):kind>")(
        export_paper
    )


def show_files(plan_id: int) -> str:
    """Show what can be imported and exported."""
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
    return files_page(looked)


def files_page(looked: Looked, faults: tuple[str, ...] = ()) -> str:
    """Return the page, with what was wrong with a file that was sent."""
    return render_template(
        "plans/files.html",
        looked=looked,
        faults=faults,
        formats=FORMATS,
        not_held=NOT_HELD,
        papers=PAPERS,
        systems=SYSTEMS,
        colours=COLOURS,
        decimals=_DECIMALS,
        limit_mb=uploads.LIMIT_MB,
        suffixes=",".join(uploads.SUFFIXES),
    )


def export_file(plan_id: int) -> Response:
    """Give a scheme in a vector format."""
    looked, draft = _draft(plan_id)
    form, writing = _form(), _writing()
    done = plan_files.written(draft, form, writing)
    title, ending = FORMATS[form]
    name = plan_files.file_name(looked.row, looked.scheme.title, title, ending)
    plain = f"plan-{plan_id}{ending}"
    rows = len(draft.parcels)
    return named_file(done.content, plan_files.TYPES[form], name, plain=plain, rows=rows)


def show_proof(plan_id: int) -> AnyResponse:
    """Write a scheme in a vector format, read it again, and tell what differs."""
    looked, draft = _draft(plan_id)
    form = _form()
    refused: Invalid | None = None
    try:
        found = plan_files.proven(draft, form, _writing())
    except Invalid as refusal:
        note_refusal(refusal)
        found, refused = (), refusal
    page = render_template(
        "plans/_proof.html",
        looked=looked,
        title=FORMATS[form][0],
        found=found[:_MOST],
        total=len(found),
        parcels=len(draft.parcels),
        base=len(draft.base),
        lines=len(draft.lines),
        form=form,
        faults=[each.zh for each in refused.problems] if refused else [],
        bare="HX-Request" in request.headers,
    )
    return make_response(page, status_of(type(refused)) if refused else 200)


def export_paper(plan_id: int, kind: str) -> Response:
    """Give the printed sheet, the workbook or the text."""
    looked, draft = _draft(plan_id)
    title, ending, content_type = PAPERS[kind]
    imprint = plan_files.imprint_of(looked.row)
    colours = text("colours")
    scheme = cast("Scheme", colours if colours in COLOURS else "standard")
    content = plan_files.paper(kind, draft, looked.profile, imprint, scheme)
    name = plan_files.file_name(looked.row, looked.scheme.title, title, ending)
    plain = f"plan-{plan_id}{ending}"
    return named_file(content, content_type, name, plain=plain, rows=len(draft.parcels))


def _draft(plan_id: int) -> tuple[Looked, Draft]:
    actor = require_actor()
    with database().session() as session:
        looked = look(session, actor, plan_id)
        return looked, draft_at(session, looked.plan, looked.scheme, looked.ordinal)


def _form() -> Format:
    given = text("format")
    if given not in FORMATS:
        raise NotFound(what="文件格式", key=given)
    return cast("Format", given)


def _writing() -> Writing:
    """Return how the file is to be written.

    Raises:
        BadParameter: A coordinate system that is not on offer is asked for.
    """
    crs = text("crs") or str(PLANE)
    if whole(crs) not in SYSTEMS:
        reason = "坐标系应为 4548、4527 或 4490"
        raise BadParameter(name="crs", reason=reason, reason_en="4548, 4527 or 4490")
    decimals = whole(text("decimals")) or 3
    colours = text("colours")
    return Writing(
        int(crs),
        TxtOptions(
            repeat_first=text("repeat_first") != "0",
            prefix="" if text("prefix") == "0" else "J",
            north_first=text("north_first") != "0",
            zoned=text("zoned") != "0",
            decimals=decimals if decimals in _DECIMALS else 3,
            area_unit="m2" if text("area_unit") == "m2" else "ha",
        ),
        cast("Scheme", colours if colours in COLOURS else "standard"),
    )
