"""Idle, damaged and lost assets, and their disposal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from fuliang_gis import clock
from fuliang_gis.accounts.policies import may
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import (
    BadRequest,
    Conflict,
    FileRefused,
    FuliangError,
    Invalid,
    NotFound,
    Problem,
    SelfApproval,
    TooLarge,
    WrongState,
)
from fuliang_gis.exchange import defects as tables
from fuliang_gis.exchange.tables import CSV_TYPE, XLSX_TYPE, Sheet, csv_pieces
from fuliang_gis.inspections.defects import disposal_queries as queries
from fuliang_gis.inspections.defects import disposal_rules as rules
from fuliang_gis.inspections.defects import disposals as operations
from fuliang_gis.inspections.defects import evidence
from fuliang_gis.inspections.defects.disposal_queries import Filters, Shown
from fuliang_gis.inspections.defects.disposal_rules import Finish, Proposal
from fuliang_gis.inspections.models import Disposal
from fuliang_gis.locations.fields import USE_STATUS
from fuliang_gis.locations.geometry import as_geojson
from fuliang_gis.locations.registry import layer, layers
from fuliang_gis.web import uploads
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.common import STATUS_TONES, in_sight
from fuliang_gis.web.pages.defect_entry import day
from fuliang_gis.web.pages.defects_asked import number
from fuliang_gis.web.pages.sending import attachment, book_pieces
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("disposals", __name__, url_prefix="/disposals")

_SHOWN_AGAIN = (Invalid, Conflict, WrongState, SelfApproval, FileRefused, TooLarge)
_CONFLICT = "别人刚刚更新了这项处置，您的操作未保存。下面是最新情况，请核对后再提交。"
_DONE = {
    "propose": "已提出处置，等待县级审批。",
    "approve": "已批准。",
    "refuse": "已退回，不予批准。",
    "finish": "处置已办结，使用状态已更新。",
    "withdraw": "已撤回。",
    "attach": "附件已添加。",
}


@dataclass(frozen=True)
class Asked:
    """What the list is narrowed to, as its address carries it."""

    filters: Filters
    sort: str
    descending: bool
    page: int

    @property
    def narrowed(self) -> bool:
        """Whether it shows less than everything."""
        return self.filters != Filters()

    def address(self, endpoint: str = "disposals.show_list", **changed: object) -> str:
        """Return the address of the same with something changed."""
        asked: dict[str, object] = {
            "township": self.filters.division,
            "layer": self.filters.layer,
            "use_status": self.filters.use_status,
            "state": self.filters.state,
            "q": self.filters.text,
            "sort": self.sort if self.sort != "since" else None,
            "descending": "1" if self.descending else None,
            "page": self.page if self.page > 1 else None,
        }
        kept = {n: v for n, v in (asked | changed).items() if v not in (None, "", 1)}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.sort == name and not self.descending
        return self.address(sort=name, descending="1" if turned else None, page=None)


def _asked() -> Asked:
    given = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    township = given.get("township", "")
    filters = Filters(
        division=township if township.isdigit() else None,
        layer=name if (name := given.get("layer")) in layers() else None,
        use_status=use if (use := given.get("use_status")) in rules.DISPOSABLE else None,
        state=state if (state := given.get("state")) in {"none", *rules.STATE_NAMES} else None,
        text=given.get("q", "").strip() or None,
    )
    sort = given.get("sort", "")
    return Asked(
        filters,
        sort if sort in queries.SORTS else "since",
        given.get("descending") == "1",
        number(given.get("page", ""), 1),
    )


@blueprint.get("")
def show_list() -> str:
    """Show the assets that are not in good use, the longest first."""
    actor, chosen = require_actor(), _asked()
    with database().session() as session:
        page = queries.list_page(
            session,
            actor,
            chosen.filters,
            sort=chosen.sort,
            descending=chosen.descending,
            page=chosen.page,
        )
        townships = areas.list_divisions(session, level="township")
    own = in_sight(actor, townships)
    return render_template(
        "disposals/list.html",
        chosen=chosen,
        page=page,
        townships=own,
        layers=layers(),
        rules=rules,
        use_labels=USE_STATUS.choice_labels,
        tones=STATUS_TONES,
        today=clock.today(),
        zone=clock.ZONE,
    )


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export(kind: str) -> Response:
    """Answer the list that the address describes as CSV or XLSX."""
    actor, chosen = require_actor(), _asked()
    source, title = database(), tables.DISPOSALS_TITLE
    with source.session() as session:
        first = queries.list_page(session, actor, chosen.filters, size=1)
    invented = any(row.invented for row in first.rows)

    def pieces() -> Iterator[bytes]:
        with source.session() as reading:
            found = tables.disposal_rows(reading, actor, chosen.filters)
            yield from csv_pieces(tables.DISPOSALS, found, invented=invented)

    if kind == "csv":
        return attachment(pieces(), title, "csv", CSV_TYPE, invented=invented, rows=first.total)
    body = book_pieces(
        source,
        actor,
        lambda session, reader: [
            Sheet(title, tables.DISPOSALS, tables.disposal_rows(session, reader, chosen.filters))
        ],
        invented=invented,
    )
    return attachment(body, title, "xlsx", XLSX_TYPE, invented=invented, rows=first.total)


@dataclass(frozen=True)
class Acts:
    """What the person may do to an asset's disposal now."""

    actor: Actor
    shown: Shown

    @property
    def under_way(self) -> Disposal | None:
        """The disposal under way, if there is one."""
        found = self.shown.disposals
        return found[0] if found and found[0].state in ("proposed", "approved") else None

    def __contains__(self, act: object) -> bool:
        location, disposal = self.shown.location, self.under_way
        if not may(self.actor, rules.PERMISSIONS[str(act)], location.division_code):
            return False
        if act == "propose":
            return disposal is None and location.use_status in rules.DISPOSABLE
        fits = disposal is not None and disposal.state in rules.ACT_STATES[str(act)]
        return fits and not (act in ("approve", "refuse") and self.own)

    def attaches(self, disposal: Disposal) -> bool:
        """Whether the person may add papers to a disposal."""
        return disposal.state in rules.ACT_STATES["attach"] and any(
            may(self.actor, each, disposal.division_code) for each in rules.PAPER_PERMISSIONS
        )

    @property
    def own(self) -> bool:
        """Whether the person proposed what is under way."""
        disposal = self.under_way
        return disposal is not None and disposal.proposed_by == self.actor.account_id


@blueprint.get("/<layer_name>/<code>")
def show(layer_name: str, code: str) -> str:
    """Show one asset: since when it is out of use, every disposal, and what may be done now."""
    return _page(require_actor(), layer_name, code, {}, None)


@blueprint.post("/<layer_name>/<code>/<act>")
def act(layer_name: str, code: str, act: str) -> Response:
    """Do one act; show the page again when it is refused, with what was typed."""
    actor = require_actor()
    if act not in {*_ACTS, "attach"}:
        raise NotFound(what="操作", key=act)
    sent = {name: value.replace("\0", "").strip() for name, value in request.form.items()}
    try:
        if act == "attach":
            _attach(actor, layer_name, code, sent)
        else:
            _do(actor, layer_name, code, act, sent)
    except _SHOWN_AGAIN as refusal:
        note_refusal(refusal)
        page = _page(actor, layer_name, code, sent | {"act_tried": act}, refusal)
        return make_response(page, status_of(type(refusal)))
    flash(_DONE[act], "ok")
    address = url_for("disposals.show", layer_name=layer_name, code=code)
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def _do(actor: Actor, layer_name: str, code: str, act: str, sent: Mapping[str, str]) -> None:
    with database().session(actor.account_id) as session:
        if act == "propose":
            operations.propose(session, actor, layer_name, code, _proposal(sent))
        else:
            queries.of_location(session, actor, layer_name, code)
            _ACTS[act](session, actor, sent)


def _attach(actor: Actor, layer_name: str, code: str, sent: Mapping[str, str]) -> None:
    """Add papers to the disposal that the form names."""
    named = _whole(sent, "id")
    with database().session(actor.account_id) as session:
        queries.of_location(session, actor, layer_name, code)
        evidence.may_add_papers(session, actor, named)
    kept = uploads.keep_all("files")
    if not kept:
        zh = "请选择要上传的图片。"
        raise Invalid([Problem("required", zh, "Choose a picture.", "files")])
    caption = sent.get("caption", "")[: rules.SHORT_LENGTH]
    with database().session(actor.account_id) as session:
        for each in kept:
            evidence.add_paper(session, actor, named, each, caption)


def _page(
    actor: Actor, layer_name: str, code: str, typed: dict[str, str], refusal: FuliangError | None
) -> str:
    found = layer(layer_name)
    with database().session() as session:
        shown = queries.of_location(session, actor, layer_name, code)
    told = None
    if refusal is not None:
        told = _CONFLICT if isinstance(refusal, Conflict) else refusal.text_zh
    return render_template(
        "disposals/show.html",
        layer=found,
        shown=shown,
        location=shown.location,
        acts=Acts(actor, shown),
        rules=rules,
        use_labels=USE_STATUS.choice_labels,
        tones=STATUS_TONES,
        geometry=as_geojson(shown.location.geom),
        today=clock.today(),
        days=(clock.today() - shown.since.astimezone(clock.ZONE).date()).days,
        typed=typed,
        told=told,
        problems=refusal.problems if isinstance(refusal, Invalid) else (),
    )


def _whole(sent: Mapping[str, str], name: str) -> int:
    text = sent.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequest(reason=f"表单缺少 {name}，请刷新页面后重试")
    return int(text)


def _proposal(sent: Mapping[str, str]) -> Proposal:
    return Proposal(
        sent.get("act", ""),
        sent.get("trigger", ""),
        sent.get("proposal", ""),
        sent.get("way") or None,
        sent.get("class") or None,
    )


def _finish(sent: Mapping[str, str]) -> Finish:
    text = sent.get("income_yuan", "").replace(",", "")
    try:
        income = Decimal(text).quantize(Decimal("0.01")) if text else None
    except InvalidOperation:
        zh = "处置收入应为金额（元），如 1200 或 1200.50。"
        raise Invalid([Problem("bad_number", zh, "Not an amount.", "income_yuan")]) from None
    done_on = day(sent.get("done_on", ""), "done_on") or clock.today()
    return Finish(sent.get("result", ""), income, done_on)


#: What each act but proposing calls, given session, person and form.
_ACTS: Mapping[str, Callable[..., object]] = {
    "propose": operations.propose,
    "approve": lambda session, actor, sent: operations.decide(
        session,
        actor,
        _whole(sent, "id"),
        approved=True,
        approval_no=sent.get("approval_no"),
        opinion=sent.get("opinion"),
        expected_version=_whole(sent, "version"),
    ),
    "refuse": lambda session, actor, sent: operations.decide(
        session,
        actor,
        _whole(sent, "id"),
        approved=False,
        opinion=sent.get("opinion"),
        expected_version=_whole(sent, "version"),
    ),
    "finish": lambda session, actor, sent: operations.finish(
        session, actor, _whole(sent, "id"), _finish(sent), expected_version=_whole(sent, "version")
    ),
    "withdraw": lambda session, actor, sent: operations.withdraw(
        session,
        actor,
        _whole(sent, "id"),
        sent.get("reason"),
        expected_version=_whole(sent, "version"),
    ),
}
