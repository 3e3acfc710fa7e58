"""A file that is to come into a plan: sent, looked at, told what it is, taken in."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import (
    Conflict,
    Duplicate,
    FuliangError,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    WrongState,
)
from fuliang_gis.exchange.plans.coordinates import NAMES
from fuliang_gis.exchange.plans.fields import LAYERS, Role
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning import operations
from fuliang_gis.planning.codes import land_uses, survey_classes
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.parcels import Parcel
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import plans_uploads as uploads
from fuliang_gis.web.pages.plans_asked import text, whole
from fuliang_gis.web.pages.plans_files import files_page
from fuliang_gis.web.pages.plans_incoming import ENCODINGS, Incoming, incoming
from fuliang_gis.web.pages.plans_view import Looked, look
from fuliang_gis.web.session import require_actor

#: Refusals that are told on the preview, where what was chosen stays.
_TOLD = (Invalid, Duplicate, Conflict, WrongState)
#: Notes and faults that a preview lists of each kind.
_MOST = 50
#: Fields of the form that say nothing of how the file is read.
_OWN = ("csrf_token", "version", "as", "title", "parts", "parts_told")
#: Land outside the village [m²] that is worth a word.
_PINCH_M2 = 100.0
_KEY = re.compile(r"[0-9a-f]{16}")
_COLUMNS = {
    "id": "图斑编号",
    "code": "用地代码",
    "class_name": "用地名称",
    "name": "名称",
    "area": "面积",
    "households": "户数",
    "line_code": "管控边界代码",
    "line_name": "管控边界名称",
}
_EDITIONS = {"2023": "2023 年版", "2020": "2020 年版", "survey": "三调地类（DLBM）"}


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.post("/<int:plan_id>/files")(send_file)
    blueprint.get("/<int:plan_id>/files/<token>")(show_upload)
    blueprint.get("/<int:plan_id>/files/<token>/sketch")(upload_sketch)
    blueprint.post("/<int:plan_id>/files/<token>")(take_in)
    blueprint.post("/<int:plan_id>/files/<token>/discard")(discard)


def send_file(plan_id: int) -> AnyResponse:
    """Keep a file that was sent and show what it holds."""
    actor = require_actor()
    looked = _looked(actor, plan_id)
    try:
        kept = uploads.keep(request.files.get("file"), actor.account_id)
    except (Invalid, TooLarge) as refusal:
        note_refusal(refusal)
        problems = refusal.problems if isinstance(refusal, Invalid) else ()
        told = tuple(each.zh for each in problems) or (refusal.text_zh,)
        return make_response(files_page(looked, told), status_of(type(refusal)))
    return redirect(address_of("plans.show_upload", plan_id=plan_id, token=kept.token), 303)


def show_upload(plan_id: int, token: str) -> AnyResponse:
    """Show what a file holds as it is read now, and what has to be said of it."""
    actor = require_actor()
    looked, kept = _looked(actor, plan_id), uploads.find(token, actor.account_id)
    return make_response(_preview(looked, kept, request.args))


def upload_sketch(plan_id: int, token: str) -> Response:
    """Give what would come in, for the map."""
    actor = require_actor()
    _looked(actor, plan_id)
    kept = uploads.find(token, actor.account_id)
    key = text("key")
    path = kept.folder / f"sketch-{key}.json"
    if not _KEY.fullmatch(key) or not path.is_file():
        raise NotFound(what="导入预览", key=key)
    return Response(path.read_bytes(), content_type="application/json")


def take_in(plan_id: int, token: str) -> AnyResponse:
    """Take a file in, as the base year or as a new scheme; what is refused leaves it waiting."""
    actor = require_actor()
    looked, kept = _looked(actor, plan_id), uploads.find(token, actor.account_id)
    found = incoming(kept.data, request.form, _edition(looked))
    try:
        as_scheme = text("as", request.form) == "scheme"
        if problems := _unsaid(found, as_scheme=as_scheme):
            raise Invalid(problems)
        if as_scheme:
            told, scheme = _as_scheme(actor, looked, found)
        else:
            told, scheme = _as_base(actor, looked, found), None
    except _TOLD as refusal:
        note_refusal(refusal)
        page = _preview(looked, kept, request.form, found, refusal)
        return make_response(page, status_of(type(refusal)))
    uploads.discard(kept)
    flash(told, "ok")
    return redirect(address_of("plans.show", plan_id=plan_id, scheme=scheme), 303)


def discard(plan_id: int, token: str) -> AnyResponse:
    """Remove a file that waits."""
    actor = require_actor()
    uploads.discard(uploads.find(token, actor.account_id))
    flash("已删除上传的文件，规划没有变动。", "ok")
    return redirect(address_of("plans.show_files", plan_id=plan_id), 303)


# --- taking in ---


def _as_base(actor: Actor, looked: Looked, found: Incoming) -> str:
    """Put what was chosen of a file in place of what the plan has; the rest stays as it is."""
    version, parts = whole(text("version", request.form)), _parts(found)
    with database().session(actor.account_id) as session:
        now = draft_of(session, looked.plan, looked.scheme)
        base = found.as_base if "parcels" in parts else now.base
        lines = found.lines if "lines" in parts else now.lines
        operations.set_base(
            session,
            actor,
            looked.plan.id,
            list(base.values()),
            list(lines.values()),
            expected_version=version,
        )
    told = {"parcels": f"现状图斑 {len(base)} 个", "lines": f"管控边界 {len(lines)} 块"}
    return f"已导入{'、'.join(told[part] for part in parts)}。还没有图斑的方案从现状开始。"


def _parts(found: Incoming) -> list[str]:
    """Return which parts of a file become the base year's: those chosen that it has.

    Raises:
        Invalid: None is chosen.
    """
    has = {"parcels": found.as_base, "lines": found.lines}
    chosen = request.form.getlist("parts") if "parts_told" in request.form else list(has)
    parts = [part for part, held in has.items() if held and part in chosen]
    if not parts:
        zh = "请至少选择现状图斑、管控边界中的一项。"
        raise Invalid([Problem("required", zh, "Choose what to take.", "parts")])
    return parts


def _as_scheme(actor: Actor, looked: Looked, found: Incoming) -> tuple[str, int]:
    """Save a file's parcels as a new scheme; all of it or nothing."""
    title = text("title", request.form)
    with database().session(actor.account_id) as session:
        made = operations.branch(session, actor, looked.scheme.id, title)
        before = draft_of(session, looked.plan, made)
        changes: dict[str, Parcel | None] = dict.fromkeys(before.parcels)
        changes |= found.parcels
        saved = operations.save(
            session, actor, made.id, changes, expected=made.head, message="由文件导入"
        )
        moved = f"；{len(saved.moved)} 处与相邻图斑或村界对齐" if saved.moved else ""
        count = len(saved.draft.parcels)
        return f"已导入为方案“{made.title}”，共 {count} 个图斑{moved}。", made.id


def _unsaid(found: Incoming, *, as_scheme: bool) -> list[Problem]:
    """Return what still keeps a file from being taken in."""
    problems = list(found.problems)
    coming = found.parcels if as_scheme else found.as_base
    if as_scheme and not coming:
        zh = "文件里没有规划图斑，不能导入为方案。"
        problems.append(Problem("no_parcels", zh, "The file holds no parcels.", "as"))
    lacking = [each for each in coming.values() if not each.code]
    if lacking:
        zh = f"还有 {len(lacking)} 个图斑没有用地代码，请在“须选代码”中选择。"
        problems.append(Problem("choose_code", zh, "Choose codes.", "codes"))
    if not as_scheme and any(line.code not in line_norms().names for line in found.lines.values()):
        zh = "还有管控边界的代码不认识，请选择是哪一种。"
        problems.append(Problem("unknown_line", zh, "Choose the lines' codes.", "lines"))
    return problems


# --- the preview ---


@dataclass(frozen=True)
class Count:
    """How much of one land use a file holds."""

    label: str
    parcels: int
    ha: float


def _preview(
    looked: Looked,
    kept: uploads.Upload,
    said: MultiDict[str, str],
    found: Incoming | None = None,
    refusal: FuliangError | None = None,
) -> str:
    read = found or incoming(kept.data, said, _edition(looked))
    key = _keep_sketch(kept, said, looked, read)
    notes: dict[str, list[str]] = {}
    for each in read.notes:
        notes.setdefault(each.code.value, []).append(each.zh)
    return render_template(
        "plans/import.html",
        looked=looked,
        kept=kept,
        found=read,
        said=said,
        sketch=address_of("plans.upload_sketch", plan_id=looked.plan.id, token=kept.token, key=key),
        faults=_faults(read, refusal),
        notes=notes,
        counts=_counts(read.parcels, looked.plan.edition),
        base_counts=_counts(read.base, looked.plan.edition),
        line_counts=Counter(line.code for line in read.lines.values()),
        line_names=line_norms().names,
        uses=land_uses(looked.plan.edition).values(),
        survey=survey_classes() if said.get("edition") == "survey" else {},
        roles={role.value: zh for role, (_, zh) in LAYERS.items()},
        columns=_COLUMNS,
        systems=NAMES,
        editions=_EDITIONS,
        encodings=ENCODINGS,
        most=_MOST,
        boundary_ha=hectares(looked.row.area_m2),
        outside_ha=_outside_ha(looked, read),
        Role=Role,
    )


def _faults(found: Incoming, refusal: FuliangError | None) -> list[str]:
    if isinstance(refusal, Invalid):
        return [each.zh for each in refusal.problems]
    if refusal is not None:
        return [refusal.text_zh]
    return [each.zh for each in found.problems]


def _outside_ha(looked: Looked, found: Incoming) -> float:
    """Return how much of what would come in lies outside the village; nothing below a pinch."""
    coming = [*found.parcels.values(), *found.base.values()]
    shapes = np.array([each.geom for each in coming if each.geom.is_valid], dtype=object)
    if not len(shapes):
        return 0.0
    boundary = looked.boundary
    shapely.prepare(boundary)
    partly = shapes[~shapely.covered_by(shapes, boundary)]
    outside = shapely.area(shapely.difference(partly, boundary)).sum()
    return hectares(float(outside)) if outside > _PINCH_M2 else 0.0


def _counts(parcels: Mapping[str, Parcel], edition: str) -> list[Count]:
    """Return how much of each use there is, in the order of codes."""
    sums: dict[str, list[float]] = {}
    for each in parcels.values():
        sums.setdefault(each.code, []).append(float(each.geom.area))
    uses = land_uses(edition)
    return [
        Count(uses[code].label if code in uses else "未定", len(areas), hectares(sum(areas)))
        for code, areas in sorted(sums.items())
    ]


def _keep_sketch(
    kept: uploads.Upload, said: MultiDict[str, str], looked: Looked, found: Incoming
) -> str:
    """Keep what the map of the preview draws, so that it need not read the file again.

    Return the key that it is asked for by.
    """
    told = {
        "crs": "EPSG:4548",
        "boundary": mapping(looked.boundary),
        "parcels": [_feature(p.id, p.geom, p.code, p.name) for p in found.parcels.values()],
        "base": [_feature(p.id, p.geom, p.code, p.name) for p in found.base.values()],
        "lines": [_feature(p.id, p.geom, p.code, p.name) for p in found.lines.values()],
    }
    key = _digest(said)
    (kept.folder / f"sketch-{key}.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return key


def _feature(name: str, geom: BaseGeometry, code: str, label: str) -> dict[str, object]:
    said = {"code": code, "label": label, "households": 1}
    return {"type": "Feature", "id": name, "geometry": mapping(geom), "properties": said}


def _digest(said: MultiDict[str, str]) -> str:
    told = sorted((n, v) for n, v in said.items() if n not in _OWN)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _edition(looked: Looked) -> str:
    return looked.plan.edition


def _looked(actor: Actor, plan_id: int) -> Looked:
    """Return the plan that a file is to come into.

    Raises:
        NotFound, Forbidden, OutsideDivision: As they say.
    """
    with database().session() as session:
        looked = look(session, actor, plan_id)
    require(actor, Permission.DRAFT_PLANS, looked.plan.division_code, looked.row.village)
    if looked.shown is None:
        raise NotFound(what="规划方案", key=plan_id)
    return looked
