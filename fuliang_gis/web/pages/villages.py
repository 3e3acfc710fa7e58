"""Key villages: the list with its map, one village's page, its folium map framed and as a file."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_talisman import Talisman

from fuliang_gis import clock
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography import village_sheets, villages
from fuliang_gis.cartography.folium_assets import Build, inlined, linked
from fuliang_gis.cartography.village_features import household_rule, village_features
from fuliang_gis.cartography.village_figures import VILLAGES, figures
from fuliang_gis.cartography.village_saved import Sheet, with_size
from fuliang_gis.cartography.village_sheets import choice_label
from fuliang_gis.cartography.villages import ListedVillage, Profile, Wanted
from fuliang_gis.locations.registry import layer
from fuliang_gis.web.assets import BUILD
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

blueprint = Blueprint("villages", __name__, url_prefix="/villages")

_TOWNSHIP_DIGITS = 9
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: The map's frame: our own files and what carries this answer's nonce, framed by our pages alone.
_FRAMED = Talisman()(
    frame_options="SAMEORIGIN",
    content_security_policy={
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    },
    content_security_policy_nonce_in=["script-src", "style-src"],
)


@dataclass(frozen=True)
class Choosing:
    """What the list is asked for, as its address carries it."""

    wanted: Wanted

    @property
    def narrowed(self) -> bool:
        """Whether the list shows less than all key villages."""
        return replace(self.wanted, sort="level", descending=False) != Wanted()

    def address(self, endpoint: str = "villages.show_list", **changed: object) -> str:
        """Return the address of the same list with something changed."""
        asked = {
            "level": self.wanted.level,
            "township": self.wanted.township,
            "q": self.wanted.text,
            "sort": "" if self.wanted.sort == "level" else self.wanted.sort,
            "descending": "1" if self.wanted.descending else "",
        }
        return url_for(endpoint, **{n: v for n, v in (asked | changed).items() if v})  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.wanted.sort == name and not self.wanted.descending
        return self.address(sort=name, descending="1" if turned else "")


def _choosing() -> Choosing:
    asked = {name: value.replace("\0", "").strip()[:100] for name, value in request.args.items()}
    township = asked.get("township", "")
    levels = {*villages.key_levels(), villages.ALL}
    return Choosing(
        Wanted(
            level=level if (level := asked.get("level", "")) in levels else villages.KEY,
            township=township if township.isdigit() and len(township) == _TOWNSHIP_DIGITS else "",
            text=asked.get("q", ""),
            sort=sort if (sort := asked.get("sort", "")) in villages.SORTS else "level",
            descending=asked.get("descending") == "1",
        )
    )


@blueprint.get("")
def show_list() -> str:
    """Show the key villages on a map and in a list; everything chosen stands in the address."""
    actor, chosen = require_actor(), _choosing()
    with database().session() as session:
        listed = villages.list_villages(session, actor, chosen.wanted)
        counts = villages.level_counts(session, actor)
        townships = areas.list_divisions(session, level="township")
    return render_template(
        "villages/list.html",
        villages=listed,
        chosen=chosen,
        counts=counts,
        levels=villages.key_levels(),
        colours=_level_colours(),
        points=villages.as_geojson(listed),
        columns=_COLUMNS,
        label=choice_label,
        townships=[t for t in townships if t.code.startswith(actor.scope[:_TOWNSHIP_DIGITS])],
    )


#: Columns of the list: name, heading, whether it is a number.
_COLUMNS = (
    ("name", "行政村", False),
    ("township", "乡镇", False),
    ("level", "级别", False),
    ("households", "农户数", True),
    ("population", "人口", True),
    ("plan_status", "村庄规划", False),
    ("facilities", "设施数", True),
    ("problem_toilets", "问题户厕", True),
    ("assets_yuan", "资产（万元）", True),
)


def _level_colours() -> dict[str, str]:
    sheet = layer(VILLAGES).sheet
    return {kind.value: kind.colour or sheet.colour for kind in sheet.kinds}


@blueprint.get("/list.csv")
def export_csv() -> Response:
    """Give the list as CSV, narrowed and sorted as on the page."""
    return _export(village_sheets.as_csv, "text/csv", "csv")


@blueprint.get("/list.xlsx")
def export_xlsx() -> Response:
    """Give the list as an Excel workbook, narrowed and sorted as on the page."""
    return _export(village_sheets.as_xlsx, _XLSX, "xlsx")


def _export(
    write: Callable[[Sequence[ListedVillage]], bytes], mimetype: str, ending: str
) -> Response:
    actor, chosen = require_actor(), _choosing()
    with database().session() as session:
        listed = villages.list_villages(session, actor, chosen.wanted)
    mark = "演示数据-" if any(village.invented for village in listed) else ""
    name = f"{mark}重点村-{clock.today():%Y%m%d}.{ending}"
    return named_file(write(listed), mimetype, name, rows=len(listed))


@blueprint.get("/<code>")
def show(code: str) -> str:
    """Show one village: its map, its figures and charts."""
    actor = require_actor()
    with database().session() as session:
        found = villages.profile(session, actor, code)
        told = figures(session, code)
    return render_template(
        "villages/show.html",
        profile=found,
        figures=told,
        sheet=layer(VILLAGES).sheet,
        colours=_level_colours(),
        rule=household_rule(),
    )


@blueprint.get("/<code>/map")
@_FRAMED  # type: ignore[untyped-decorator]  # The library has no types.
def show_map(code: str) -> str:
    """Give the folium map that the village's page frames."""
    actor = require_actor()
    with database().session() as session:
        path = villages.check_readable(session, actor, code)
        features = village_features(session, code, public=False)
    # folium takes two seconds to load; the service's start does not wait for it.
    from fuliang_gis.cartography.village_map import Document, village_map

    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]  # Talisman put it there.
    return village_map(features, Document(f"{path[-1].name}地图", nonce, linked(_build())))


@blueprint.get("/<code>/saved-map")
def save_map(code: str) -> Response:
    """Give the folium map as one HTML file that opens without a network and shows no household."""
    actor = require_actor()
    with database().session() as session:
        found = villages.profile(session, actor, code)
        features = village_features(session, code, public=True)
    from fuliang_gis.cartography.village_map import Document, village_map

    nonce = secrets.token_urlsafe(16)
    sheet = _sheet_of(found)
    document = Document(sheet.title, nonce, inlined(_build(), nonce), sheet)
    file = with_size(village_map(features, document))
    mark = "演示数据-" if features.invented else ""
    name = f"{mark}{found.division.name}地图-{sheet.on:%Y%m%d}.html"
    return named_file(file, "text/html; charset=utf-8", name)


def _sheet_of(found: Profile) -> Sheet:
    level = found.village.key_level if found.is_key and found.village else None
    return Sheet(
        title=f"{found.division.name}地图",
        path=[division.name for division in found.path],
        level=choice_label("key_level", level) if level else None,
        on=clock.today(),
        maker=str(current_app.jinja_env.globals["product_name"]),
    )


def _build() -> Build:
    return Build(BUILD, f"{current_app.static_url_path}/build/")
