"""Thematic maps: the page, its numbers and outlines, the table's files and the printed sheet."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, request, url_for

from fuliang_gis import clock
from fuliang_gis.accounts.roles import ROLE_NAMES, Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.cartography import thematic_table as tables
from fuliang_gis.cartography.area_shapes import area_shapes, as_geojson
from fuliang_gis.cartography.classes import MAX_CLASSES, METHODS, MIN_CLASSES
from fuliang_gis.cartography.measures import (
    STATISTICS,
    Measure,
    Statistic,
    denominators,
    filter_fields,
    number_fields,
    values_of,
    year_fields,
)
from fuliang_gis.cartography.ramps import no_data_colour, ramps
from fuliang_gis.cartography.thematic import (
    COMPARISONS,
    SECOND,
    Choice,
    Page,
    ThematicMap,
    build,
    read_page,
    write_page,
)
from fuliang_gis.cartography.thematic_queries import LEVELS, levels
from fuliang_gis.cartography.thematic_sheet import (
    PAPERS,
    Imprint,
    legend,
    paper,
    sheet_html,
)
from fuliang_gis.cartography.versions import entity_tag, version
from fuliang_gis.cartography.view_operations import LONGEST_TITLE, SHARING
from fuliang_gis.errors import BadParameter, FuliangError
from fuliang_gis.exchange.pdf import write_pdf
from fuliang_gis.locations import queries as locations
from fuliang_gis.locations.registry import layers
from fuliang_gis.web.context import database
from fuliang_gis.web.errors import note_refusal, status_of
from fuliang_gis.web.pages.sending import named_file
from fuliang_gis.web.session import require_actor

#: What a layer's numbers are made of; another layer has others.
_OF_LAYER = ("measure", "where", "base", "denominator", "time", "until")

blueprint = Blueprint("thematic", __name__, url_prefix="/thematic")

Given = Mapping[str, Sequence[str]]


@blueprint.get("")
def show() -> Response:
    """Show the page; everything chosen stands in the address."""
    actor = require_actor()
    asked = tidied(request.args.to_dict(flat=False))
    refusal: FuliangError | None = None
    try:
        page = read_page(asked, actor)
        maps = _maps(actor, page)
    except BadParameter as error:
        # The form comes again with what is wrong; of the rest only the layer and level are kept.
        note_refusal(error)
        refusal = error
        kept = {name: texts for name, texts in asked.items() if name in ("layer", "level")}
        page = read_page(_readable(kept, actor), actor)
        maps = _maps(actor, page)
    response = make_response(_rendered(actor, page, maps, refusal))
    if refusal is None:
        response.headers["HX-Push-Url"] = address(page)
    else:
        response.status = str(int(status_of(type(refusal))))
    return response


def _readable(given: Given, actor: Actor) -> Given:
    try:
        read_page(given, actor)
    except FuliangError:
        return {}
    return given


def _rendered(
    actor: Actor, page: Page, maps: Sequence[ThematicMap], refusal: FuliangError | None
) -> str:
    sort = request.args.get("sort", "-value")
    with database().session() as session:
        listed = areas.list_divisions(session, level=page.level)
    return render_template(
        "thematic/show.html",
        page=page,
        maps=maps,
        refusal=refusal,
        invented_outlines=any(each.invented for each in listed),
        sort=sort if sort in tables.SORTS else "-value",
        in_order=tables.in_order,
        divided=tables.divided,
        legend=legend,
        query=query_of(page),
        page_parameters=write_page(page),
        address=address,
        levels=levels(actor),
        level_title=LEVELS[page.level],
        layers=layers(),
        offered=Offered,
        methods=METHODS,
        class_counts=range(MIN_CLASSES, MAX_CLASSES + 1),
        ramps=ramps(),
        comparisons=COMPARISONS,
        papers=PAPERS,
        sharing=SHARING,
        role_names=ROLE_NAMES,
        longest_title=LONGEST_TITLE,
        second=SECOND,
    )


class Offered:
    """What the form offers for one measure."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure

    @property
    def measures(self) -> list[tuple[str, str]]:
        """The numbers of the layer: parameter and label."""
        found = self._measure.layer
        listed = [("count", f"{found.sheet.title.zh}数")]
        statistics: tuple[Statistic, ...] = ("sum", "mean")
        for statistic in statistics:
            listed += [
                (f"{statistic}:{item.name}", f"{item.label.zh}{STATISTICS[statistic]}")
                for item in number_fields(found, statistic)
            ]
        return listed

    @property
    def filters(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The filters: label of the field, and its values as parameter and label."""
        return [
            (item.label.zh, [(f"{item.name}:{v}", label) for v, label in values_of(item).items()])
            for item in filter_fields(self._measure.layer)
        ]

    @property
    def denominators(self) -> dict[str, str]:
        """What the number may be divided by."""
        return denominators(self._measure)

    @property
    def times(self) -> list[tuple[str, str]]:
        """The years and dates that the map can run through."""
        return [(item.name, item.label.zh) for item in year_fields(self._measure.layer)]


def tidied(given: Given) -> dict[str, list[str]]:
    """Drop what a form still carries of another layer, or of another kind of number."""
    kept = {name: [text for text in texts if text] for name, texts in given.items()}
    for prefix in ("", SECOND):
        was, now = (kept.get(prefix + name) for name in ("layer_was", "layer"))
        if was and was != now:
            for name in _OF_LAYER:
                kept.pop(prefix + name, None)
        statistic = "".join(kept.get(prefix + "measure", ())[:1]).partition(":")[0]
        divisor = "".join(kept.get(prefix + "denominator", ())[:1])
        if was and (statistic == "mean" or (statistic == "sum" and divisor == "locations")):
            kept.pop(prefix + "denominator", None)
    return kept


def query_of(page: Page) -> str:
    """Return a page's parameters as the query of an address."""
    return urlencode(write_page(page), safe=":")


def address(page: Page, endpoint: str = "thematic.show", **more: str) -> str:
    """Return the address of a page, or of something made from the same parameters."""
    extra = f"&{urlencode(more)}" if more else ""
    return f"{url_for(endpoint)}?{query_of(page)}{extra}"


def _maps(actor: Actor, page: Page) -> list[ThematicMap]:
    chosen = [page.first, *([page.second] if page.second else [])]
    with database().session() as session:
        return [build(session, actor, choice, page.level) for choice in chosen]


def _asked(actor: Actor) -> Page:
    return read_page(request.args.to_dict(flat=False), actor)


@blueprint.get("/numbers.json")
def numbers() -> Response:
    """Answer what the map draws: values, classes, colours and the series of years."""
    actor = require_actor()
    page = _asked(actor)
    maps = _maps(actor, page)
    body = {"level": page.level, "compare": page.compare, "maps": [document(m) for m in maps]}
    return _compressed(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), "json")


def document(shown: ThematicMap) -> dict[str, object]:
    """Return one map as JSON takes it."""
    measure = shown.choice.measure
    labelled = zip(
        shown.classification.classes, shown.classification.labels, shown.colours, strict=True
    )
    return {
        "title": measure.title,
        "unit": measure.unit,
        "digits": measure.digits,
        "until": shown.until,
        "years": shown.years,
        "classes": [
            {"upper": each.upper, "label": label, "colour": colour}
            for each, label, colour in labelled
        ],
        "no_data": no_data_colour(),
        "areas": {a.code: [a.township, a.name, a.value] for a in shown.areas},
        "series": shown.series,
        "list": _list_address(shown.choice),
    }


def _list_address(choice: Choice) -> str:
    """Return the address of the list of what is counted; the division is added by the map."""
    measure = choice.measure
    kinds = [value for name, value in measure.where + measure.base if _is_kind(measure, name)]
    kind = kinds[0] if len(set(kinds)) == 1 else None
    return url_for("locations.show_list", layer_name=measure.layer.name, kind=kind)


def _is_kind(measure: Measure, name: str) -> bool:
    return name == measure.layer.sheet.kind_field


@blueprint.get("/areas.json")
def outlines() -> Response:
    """Answer the outlines of a level, or 304 while they have not changed."""
    actor = require_actor()
    level = request.args.get("level", "")
    if level not in levels(actor):
        raise BadParameter(
            name="level", reason="没有这一级", reason_en="no such level", field="level"
        )
    with database().session() as session:
        # Read before the outlines: an old version with new outlines costs one request more.
        tag = entity_tag(version(session, ("division",)), level, actor.scope)
        held = request.if_none_match.contains_weak(tag)
        body = b"" if held else as_geojson(area_shapes(session, actor, level))
    response = Response(status=304) if held else _compressed(body, "geo+json")
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(["Cookie", "Accept-Encoding"])
    return response


def _compressed(body: bytes, kind: str) -> Response:
    compress = request.accept_encodings["gzip"] > 0
    response = Response(
        gzip.compress(body, 6) if compress else body, content_type=f"application/{kind}"
    )
    if compress:
        response.content_encoding = "gzip"
    return response


@blueprint.get("/table.csv")
def table_csv() -> Response:
    """Give the numbers as CSV."""
    shown, invented = _first_map()
    return _file(tables.as_csv(shown, invented=invented), "text/csv; charset=utf-8", shown, "csv")


@blueprint.get("/table.xlsx")
def table_xlsx() -> Response:
    """Give the numbers as a workbook."""
    shown, invented = _first_map()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(tables.as_xlsx(shown, invented=invented), kind, shown, "xlsx")


def _first_map() -> tuple[ThematicMap, bool]:
    """Return the map whose numbers are asked for; of a comparison the one that ``map`` names."""
    actor = require_actor()
    page = _asked(actor)
    choice = page.second if page.second and request.args.get("map") == "2" else page.first
    with database().session() as session:
        return build(session, actor, choice, page.level), locations.has_invented(session)


@blueprint.get("/sheet.pdf")
def sheet() -> Response:
    """Give the printed sheet."""
    actor = require_actor()
    page, size = _asked(actor), paper(request.args.get("paper", "A4"))
    title = " ".join(request.args.get("title", "").replace("\0", "").split())[:LONGEST_TITLE]
    choice = page.second if page.second and request.args.get("map") == "2" else page.first
    with database().session() as session:
        shown = build(session, actor, choice, page.level)
        shapes = area_shapes(session, actor, page.level)
        imprint = Imprint(
            "".join(division.name for division in areas.path(session, actor.scope)),
            clock.today(),
            locations.has_invented(session),
            title,
        )
    pdf = write_pdf(sheet_html(shown, shapes, size, imprint))
    return _file(pdf, "application/pdf", shown, "pdf", inline=True)


def _file(
    body: bytes, kind: str, shown: ThematicMap, ending: str, *, inline: bool = False
) -> Response:
    name = f"{shown.title}-{LEVELS[shown.level]}-{clock.today():%Y%m%d}.{ending}"
    for sign in '/\\:*?"<>| ':
        name = name.replace(sign, "")
    return named_file(
        body, kind, name, inline=inline, plain=f"thematic.{ending}", rows=len(shown.areas)
    )
