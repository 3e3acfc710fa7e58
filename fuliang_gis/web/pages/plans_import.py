"""A file that is to come into a plan: sent, looked at, told what it is, taken in."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, make_response, redirect, request
from flask import url_for as address_of
from werkzeug.wrappers import Response as AnyResponse

from fuliang_gis.accounts.policies import require
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import (
    Conflict,
    Duplicate,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    WrongState,
)
from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.planning import operations
from fuliang_gis.planning.drafts import draft_of
from fuliang_gis.planning.norms import line_norms
from fuliang_gis.planning.parcels import Parcel
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages import plans_uploads as uploads
from fuliang_gis.web.pages.plans_asked import text, whole
from fuliang_gis.web.pages.plans_files import files_page
from fuliang_gis.web.pages.plans_fitting import fit
from fuliang_gis.web.pages.plans_incoming import Incoming
from fuliang_gis.web.pages.plans_mending import Mend, record, story
from fuliang_gis.web.pages.plans_preview import preview, read_file
from fuliang_gis.web.pages.plans_view import Looked, look
from fuliang_gis.web.session import require_actor

#: Refusals that are told on the preview, where what was chosen stays.
_TOLD = (Invalid, Duplicate, Conflict, WrongState)
#: Fields of the form that are for its sending alone.
_OF_FORM = ("csrf_token", "version", "moves_told")
_KEY = re.compile(r"[0-9a-f]{16}")


def register(blueprint: Blueprint) -> None:
    """Add the pages."""
    blueprint.post("/<int:plan_id>/files")(send_file)
    blueprint.get("/<int:plan_id>/files/<token>")(show_upload)
    blueprint.get("/<int:plan_id>/files/<token>/sketch")(upload_sketch)
    blueprint.post("/<int:plan_id>/files/<token>")(take_in)
    blueprint.post("/<int:plan_id>/files/<token>/reading")(read_again)
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
    return make_response(preview(looked, kept, request.args))


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


def read_again(plan_id: int, token: str) -> AnyResponse:
    """Show the file as it is read by what was chosen now; the address tells that and no more."""
    actor = require_actor()
    _looked(actor, plan_id)
    uploads.find(token, actor.account_id)
    chosen = request.form.to_dict(flat=False)
    if chosen.get("mend_all"):
        # All are meant, also those that are not listed; naming each would make a long address.
        chosen.pop("mend", None)
    kept = [
        (name, value)
        for name, values in chosen.items()
        for value in values
        if value and name not in _OF_FORM
    ]
    here = address_of("plans.show_upload", plan_id=plan_id, token=token)
    return redirect(f"{here}?{urlencode(kept)}", 303)


def take_in(plan_id: int, token: str) -> AnyResponse:
    """Take a file in, as the base year or as a new scheme; what is refused leaves it waiting."""
    actor = require_actor()
    looked, kept = _looked(actor, plan_id), uploads.find(token, actor.account_id)
    found = read_file(kept, request.form, looked)
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
        page = preview(looked, kept, request.form, found, refusal)
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
    fitted = None
    if text("fit", request.form) and "parcels" in parts:
        fitted = fit(looked, "base" if found.base else "parcels", found.as_base)
        if fitted.refused:
            raise Invalid([Problem(f.code, f.zh, f.en, "fit") for f in fitted.refused])
        _seen(len(fitted.moved))
    moved = len(fitted.moved) if fitted else 0
    mends = [each for each in found.mends if each.role in _roles_of_base(found, parts)]
    with database().session(actor.account_id) as session:
        now = draft_of(session, looked.plan, looked.scheme)
        coming = fitted.parcels if fitted else found.as_base
        base = coming if "parcels" in parts else now.base
        lines = found.lines if "lines" in parts else now.lines
        operations.set_base(
            session,
            actor,
            looked.plan.id,
            list(base.values()),
            list(lines.values()),
            expected_version=version,
            message="；".join(filter(None, ["现状", story(mends, moved)])),
            record=record(mends),
        )
    told = {"parcels": f"现状图斑 {len(base)} 个", "lines": f"管控边界 {len(lines)} 块"}
    done = "；".join(filter(None, ["、".join(told[part] for part in parts), story(mends, moved)]))
    return f"已导入{done}。还没有图斑的方案从现状开始。"


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
        mends = [each for each in found.mends if each.role is Role.PARCELS]
        expected = fit(looked, "parcels", found.parcels).moved
        done = story(mends, len(expected))
        saved = operations.save(
            session,
            actor,
            made.id,
            changes,
            expected=made.head,
            message="；".join(filter(None, ["由文件导入", done])),
            record=record(mends),
        )
        _seen(len(saved.moved))
        count = len(saved.draft.parcels)
        told = "；".join(filter(None, [f"共 {count} 个图斑", done]))
        return f"已导入为方案“{made.title}”，{told}。", made.id


def _seen(moved: int) -> None:
    """Refuse to move what nobody has seen in the preview.

    Raises:
        Invalid: The preview told of other places, or of none.
    """
    if moved and moved not in map(whole, request.form.getlist("moves_told")):
        zh = f"有 {moved} 处要与相邻图斑或村界对齐，请先看“缝隙和重叠”一栏，再点“导入”。"
        raise Invalid([Problem("moves_unseen", zh, "Look at what will be moved first.", "fit")])


def _roles_of_base(found: Incoming, parts: Collection[str]) -> set[Role]:
    """Return what of a file becomes the base year's."""
    land = Role.BASE if found.base else Role.PARCELS
    chosen = {"parcels": land, "lines": Role.LINES}
    return {role for part, role in chosen.items() if part in parts}


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
    roles = {Role.PARCELS} if as_scheme else _roles_of_base(found, _parts(found))
    if broken := [each for each in found.mends if each.left and each.role in roles]:
        problems.append(_unmended(broken))
    if not as_scheme and any(line.code not in line_norms().names for line in found.lines.values()):
        zh = "还有管控边界的代码不认识，请选择是哪一种。"
        problems.append(Problem("unknown_line", zh, "Choose the lines' codes.", "lines"))
    return problems


def _unmended(broken: Sequence[Mend]) -> Problem:
    may = sum(each.may for each in broken)
    never = len(broken) - may
    told = []
    if may:
        told.append(f"{may} 个图形须修复后才能导入，请在“图形修复”中勾选")
    if never:
        told.append(f"{never} 个图形不能自动修复，请按“图形修复”中的说明在原软件中改正后重新上传")
    return Problem("bad_geometry", "；".join(told) + "。", "Shapes are broken.", "mend")


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
