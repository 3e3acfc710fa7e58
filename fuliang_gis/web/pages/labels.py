"""QR labels for locations: choosing them, and the sheets as PDF."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import BadParameter, NotFound
from fuliang_gis.exchange.pdf import write_pdf
from fuliang_gis.locations.registry import layer, layers
from fuliang_gis.reporting import label_queries
from fuliang_gis.reporting.label_queries import Wanted
from fuliang_gis.reporting.labels import MOST, SIZES, Size, sheets_html, size_named
from fuliang_gis.web.context import database, site_address
from fuliang_gis.web.pages.common import in_sight
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("labels", __name__, url_prefix="/labels")

#: Codes somebody may type into the field, and its length.
MOST_CODES = 200
LONGEST_CODES = 8000
#: Locations named on the page before the sheets are made.
SHOWN = 6
_BETWEEN_CODES = re.compile(r"[\s,，、;；]+")


@dataclass(frozen=True)
class Choosing:
    """What labels are asked for, as the address carries it."""

    wanted: Wanted
    township: str
    village: str
    codes: str
    size: Size
    part: int
    skip: int

    def sheets_address(self, part: int) -> str:
        """Return the address of one part's PDF."""
        given = {
            "layer": self.wanted.layer,
            "township": self.township,
            "village": self.village,
            "kind": self.wanted.kind,
            "codes": self.codes,
            "size": self.size.name,
            "part": part if part > 1 else "",
            "skip": self.skip or "",
        }
        kept = {name: value for name, value in given.items() if value}
        return url_for("labels.sheets", **kept)  # type: ignore[arg-type]


def _choosing() -> Choosing:
    """Read what is asked for.

    Raises:
        NotFound: There is no such layer.
        BadParameter: Too many codes, or no such size.
    """
    asked = {name: value.replace("\0", "") for name, value in request.args.items()}
    found = layer(asked.get("layer") or next(iter(layers())))
    township, village = (
        v if (v := asked.get(n, "")).isdigit() else "" for n in ("township", "village")
    )
    village = village if village.startswith(township) else ""
    typed = asked.get("codes", "").strip()
    codes = tuple(dict.fromkeys(code for code in _BETWEEN_CODES.split(typed) if code))
    if len(codes) > MOST_CODES or len(typed) > LONGEST_CODES:
        raise BadParameter(
            name="codes",
            reason=f"一次最多 {MOST_CODES} 个编码",
            reason_en=f"at most {MOST_CODES} codes at once",
            field="codes",
        )
    kinds = {choice.value for choice in found.sheet.kinds}
    kind = asked.get("kind", "") if asked.get("kind") in kinds else ""
    size = size_named(asked.get("size") or "small")
    return Choosing(
        Wanted(found.name, village or township, kind, codes),
        township,
        village,
        typed,
        size,
        _number(asked.get("part", ""), 1),
        _number(asked.get("skip", ""), 0) % size.a_sheet,
    )


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else otherwise


@blueprint.get("")
def show() -> str:
    """Choose which locations get labels; everything chosen stands in the address."""
    actor = require_actor()
    chosen = _choosing()
    with database().session() as session:
        total = label_queries.count(session, actor, chosen.wanted)
        first = label_queries.labelled(session, actor, chosen.wanted, first=0, number=SHOWN)
        townships = areas.list_divisions(session, level="township")
        villages = areas.list_divisions(session, parent=chosen.township) if chosen.township else ()
    parts = [
        (number, start + 1, min(start + MOST, total))
        for number, start in enumerate(range(0, total, MOST), start=1)
    ]
    return render_template(
        "labels/show.html",
        chosen=chosen,
        found=layer(chosen.wanted.layer),
        layers=layers(),
        sizes=SIZES,
        total=total,
        first=first,
        parts=parts,
        most=MOST,
        site=site_address(),
        townships=in_sight(actor, townships),
        villages=in_sight(actor, villages),
    )


@blueprint.get("/sheets.pdf")
def sheets() -> Response:
    """Give the label sheets of one part as PDF."""
    actor = require_actor()
    chosen = _choosing()
    pdf = write_pdf(_page(actor, chosen))
    name = f"{layer(chosen.wanted.layer).sheet.title.zh}-二维码标签-{clock.today():%Y%m%d}.pdf"
    return named_file(pdf, "application/pdf", name, inline=True, plain="labels.pdf")


def _page(actor: Actor, chosen: Choosing) -> str:
    with database().session() as session:
        found = label_queries.labelled(
            session, actor, chosen.wanted, first=(chosen.part - 1) * MOST, number=MOST
        )
        county = areas.path(session, actor.scope)[0].name
    if not found:
        raise NotFound(what="可制作标签的点位", key=chosen.codes or chosen.part)
    return sheets_html(found, chosen.size, site=site_address(), county=county, skip=chosen.skip)
