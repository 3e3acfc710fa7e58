"""A layer's list and a location's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.areas import queries as areas
from fuliang_gis.inspections.status import queries as inspection
from fuliang_gis.inspections.status.rules import Status, styles
from fuliang_gis.locations import queries
from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.fields import REVIEW_STATE, USE_STATUS
from fuliang_gis.locations.geometry import place_on
from fuliang_gis.locations.queries import Filters
from fuliang_gis.locations.registry import Layer, layer
from fuliang_gis.locations.sheets import Field
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.common import STATUS_TONES, in_sight, shown
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("locations", __name__, url_prefix="/locations")

#: West, south, east, north (EPSG:4490) [degrees].
Box = tuple[float, float, float, float]

PAGE_SIZES = (25, 50, 100, 200)
_TOWNSHIP_DIGITS = 9


@dataclass(frozen=True)
class Choosing:
    """What a list is asked for, as its address carries it."""

    layer: Layer
    township: str
    village: str
    kind: str
    status: str
    use_status: str
    review_state: str
    q: str
    sort: str
    descending: bool
    page: int
    size: int
    bbox: Box | None = None

    @property
    def filters(self) -> Filters:
        """The same for the query."""
        return Filters(
            division=self.village or self.township or None,
            kind=self.kind or None,
            use_status=self.use_status or None,
            review_state=self.review_state or None,
            text=self.q or None,
            bbox=self.bbox,
        )

    @property
    def narrowed(self) -> bool:
        """Whether the list shows less than everything."""
        return bool(self.status) or self.filters != Filters()

    def address(self, **changed: object) -> str:
        """Return the address of the same list with something changed."""
        return self._at("locations.show_list", changed)

    def panel_address(self, **changed: object) -> str:
        """Return the address of the same list as the map's panel shows it."""
        return self._at("locations.show_panel", changed)

    def export_address(self, kind: str) -> str:
        """Return the address of the whole list as a file."""
        return self._at("exports.export", {"kind": kind, "page": 1, "size": 50})

    def _at(self, endpoint: str, changed: dict[str, object]) -> str:
        asked: dict[str, object] = {
            "township": self.township,
            "village": self.village,
            "kind": self.kind,
            "status": self.status,
            "use_status": self.use_status,
            "review_state": self.review_state,
            "q": self.q,
            "bbox": ",".join(f"{edge:.6f}" for edge in self.bbox or ()),
            "sort": self.sort,
            "descending": "1" if self.descending else "",
            "page": self.page,
            "size": self.size,
        }
        usual = {"sort": "code", "page": 1, "size": 50}
        kept = {n: v for n, v in (asked | changed).items() if v not in ("", usual.get(n))}
        return url_for(endpoint, layer_name=self.layer.name, **kept)  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.sort == name and not self.descending
        return self.address(sort=name, descending="1" if turned else "", page=1)


def choosing(found: Layer) -> Choosing:
    """Read what is asked of a layer's list from the request's address."""
    asked = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    digits = {n: v if (v := asked.get(n, "")).isdigit() else "" for n in ("township", "village")}
    # A village of another township than the chosen one is left over from an earlier choice.
    village = digits["village"] if digits["village"].startswith(digits["township"]) else ""
    size = _number(asked.get("size", ""), 50)
    return Choosing(
        found,
        digits["township"][:_TOWNSHIP_DIGITS],
        village,
        asked.get("kind", "") if found.sheet.kinds else "",
        asked.get("status", ""),
        asked.get("use_status", ""),
        asked.get("review_state", ""),
        asked.get("q", "").strip(),
        asked.get("sort") or "code",
        asked.get("descending") == "1",
        _number(asked.get("page", ""), 1),
        size if size in PAGE_SIZES else 50,
        _box(asked.get("bbox", "")),
    )


def _box(text: str) -> Box | None:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    inside = -180 <= west < east <= 180 and -90 <= south < north <= 90
    return (west, south, east, north) if inside else None


def _number(text: str, otherwise: int) -> int:
    plausible = text.isascii() and text.isdigit() and 0 < len(text) < 7
    return max(int(text), 1) if plausible else otherwise


def columns(found: Layer) -> Sequence[Field]:
    """Return the columns of a layer's list."""
    listed = [item for item in writable_fields(found) if item.list]
    return [*listed, REVIEW_STATE]


def _page(actor: Actor, chosen: Choosing) -> tuple[queries.Page, Mapping[int, Status]]:
    today = clock.today()
    with database().session() as session:
        page = queries.list_page(
            session,
            actor,
            chosen.layer.name,
            chosen.filters,
            sort=chosen.sort,
            descending=chosen.descending,
            page=chosen.page,
            size=chosen.size,
            beside=inspection.beside(today, chosen.status or None),
        )
        ids = [row.location.id for row in page.rows]
        return page, inspection.statuses(session, ids, today)


@blueprint.get("/<layer_name>")
def show_list(layer_name: str) -> str:
    """Show a layer's list; everything chosen stands in the address."""
    actor = require_actor()
    found = layer(layer_name)
    chosen = choosing(found)
    page, statuses = _page(actor, chosen)
    with database().session() as session:
        townships = areas.list_divisions(session, level="township")
        villages = areas.list_divisions(session, parent=chosen.township) if chosen.township else ()
    return render_template(
        "locations/list.html",
        layer=found,
        chosen=chosen,
        page=page,
        statuses=statuses,
        columns=columns(found),
        townships=in_sight(actor, townships),
        villages=in_sight(actor, villages),
        styles=styles(),
        use_statuses=USE_STATUS.choices,
        review_states=REVIEW_STATE.choices,
        sizes=PAGE_SIZES,
        tones=STATUS_TONES,
        may_add=has(actor, Permission.EDIT_LOCATIONS),
    )


@blueprint.get("/<layer_name>/in-view")
def show_panel(layer_name: str) -> str:
    """Give a layer's list as the panel beside the map shows it."""
    actor = require_actor()
    found = layer(layer_name)
    chosen = choosing(found)
    page, statuses = _page(actor, chosen)
    kind = found.sheet.field(found.sheet.kind_field) if found.sheet.kind_field else None
    return render_template(
        "locations/_panel.html",
        layer=found,
        chosen=chosen,
        page=page,
        statuses=statuses,
        kind=kind,
        places={row.location.code: place_on(row.location.geom) for row in page.rows},
        sorts=(("code", "编码"), ("name", "名称"), ("status", "状态")),
    )


@blueprint.get("/<layer_name>/<code>")
def show_card(layer_name: str, code: str) -> str:
    """Show everything about one location."""
    card = shown(require_actor(), layer_name, code)
    return render_template("locations/card.html", card=card, tones=STATUS_TONES)


@blueprint.get("/<layer_name>/<code>/card")
def show_card_fragment(layer_name: str, code: str) -> str:
    """Give the short card that the map's panel shows."""
    card = shown(require_actor(), layer_name, code)
    return render_template("locations/_card.html", card=card, tones=STATUS_TONES)
