"""The folium map of a village: for a frame of its page, or as one file that opens from disk.

Nothing in it is HTML from the database: names and values travel as JSON (escaped by folium for a
script element) and become text nodes in ``maps/src/village-map.ts``; titles are escaped here. The
content security policy lets no script run without the document's nonce, should that ever fail.

branca takes what folium has rendered, data and all, for a template and renders it again: a name
such as ``{{ … }}`` would run on the server. ``_sealed`` keeps braces out of what folium is given.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.plugins import Fullscreen, MeasureControl
from folium.template import Template
from folium.utilities import JsCode, get_and_assert_figure_root
from markupsafe import Markup

from fuliang_gis.cartography.village_features import (
    FeatureGroup,
    GeoJson,
    VillageFeatures,
    popup_fields,
)
from fuliang_gis.cartography.village_saved import Sheet, sheet_above, sheet_below

_CARD = "/locations/{layer}/{code}"
_ROADS, _AREA, _NEXT = "road", "area", "next"


#: Stands for an opening brace while folium renders; a private character, so that no text loses one.
_SEAL = "\ue000"
#: The same as folium writes it; after an odd backslash it would be a text that only looks so.
_SEAL_AS_JSON = re.compile(r"(?<!\\)((?:\\\\)*)\\ue000")


@dataclass(frozen=True)
class Document:
    """What surrounds the map: title, nonce, what brings the scripts, and for a file its sheet."""

    title: str
    nonce: str
    assets: Markup
    sheet: Sheet | None = None


class _Figure(Figure):
    """An HTML document whose own script and style elements carry a nonce."""

    _template = Template(
        """<!doctype html>
<html lang="zh-Hans">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
{{ this.policy }}<title>{{ this.document.title | e }}</title>
{{ this.document.assets }}
{{ this.header.render(**kwargs) }}
</head>
<body>
{{ this.above }}
{{ this.html.render(**kwargs) }}
{{ this.below }}
<script nonce="{{ this.document.nonce | e }}">
{{ this.unseal(this.script.render(**kwargs)) }}
</script>
</body>
</html>
"""
    )

    #: Gives the texts of the script their braces back.
    unseal = staticmethod(lambda script: _SEAL_AS_JSON.sub(r"\1\\u007b", script))

    def __init__(self, document: Document, features: VillageFeatures) -> None:
        super().__init__()
        self.document = document
        # Ours has folium's meta element in the template.
        self.header._children.clear()  # noqa: SLF001  # There is no other way to remove a child.
        self.policy = _policy(document) if document.sheet else Markup()
        self.above = sheet_above(document.sheet, features) if document.sheet else Markup()
        self.below = sheet_below(document.sheet, features) if document.sheet else Markup()


# A saved file has no server that could send this with it.
_POLICY = Markup(
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "script-src 'nonce-{0}'; style-src 'nonce-{0}'; base-uri 'none'; form-action 'none'\">\n"
)


def _policy(document: Document) -> Markup:
    return _POLICY.format(document.nonce)


class _Map(folium.Map):
    """A map without folium's outside files; its colours are one style element with a nonce."""

    def __init__(
        self, document: Document, colours: dict[str, str], location: tuple[float, float]
    ) -> None:
        super().__init__(
            location,
            tiles=None,
            zoom_control=False,
            # One canvas: hundreds of dots, and lines below them that can still be pointed at.
            prefer_canvas=True,
            attribution_control=False,
            zoom_snap=0.5,
        )
        self.default_js: list[tuple[str, str]] = []
        self.default_css: list[tuple[str, str]] = []
        self._document = document
        self._colours = colours

    def render(self, **kwargs: object) -> Any:  # noqa: ANN401  # folium states two types.
        """Put our style element where folium puts several, and a viewport that forbids zooming."""
        super().render(**kwargs)  # type: ignore[no-untyped-call]
        rules = "".join(
            f".key--{name}{{background:{colour}}}" for name, colour in self._colours.items()
        )
        style = Markup('<style nonce="{}">{}</style>').format(self._document.nonce, Markup(rules))  # noqa: S704  # Sheets allow #rrggbb alone.
        figure = get_and_assert_figure_root(self)
        figure.header.add_child(Element(str(style)), name=self.get_name())


class _Fullscreen(Fullscreen):
    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # folium's own form.
    default_css: list[tuple[str, str]] = []  # noqa: RUF012  # The same.


class _Measure(MeasureControl):
    default_js: list[tuple[str, str]] = []  # noqa: RUF012  # folium's own form.
    default_css: list[tuple[str, str]] = []  # noqa: RUF012  # The same.


class _Settings(MacroElement):
    """Tells our script how the groups look; it stands before the first of them."""

    _template = Template(
        "{% macro script(this, kwargs) %}fuliangVillage.configure({{ this.settings|tojson }});"
        "{% endmacro %}"
    )

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Settings"
        self.settings = _sealed(settings)


class _Finish(MacroElement):
    """Adds what needs the whole map: zoom buttons, scale, the order of groups."""

    _template = Template(
        "{% macro script(this, kwargs) %}fuliangVillage.finish({{ this._parent.get_name() }}, "
        "{{ this.control.get_name() }}, [{% for group in this.groups %}{{ group.get_name() }}, "
        "{% endfor %}]);{% endmacro %}"
    )

    def __init__(self, control: folium.LayerControl, groups: Sequence[folium.FeatureGroup]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Finish"
        self.control = control
        self.groups = groups


def village_map(features: VillageFeatures, document: Document) -> str:
    """Return the whole HTML document."""
    west, south, east, north = features.bounds
    drawn = _Map(document, _colours(features), ((south + north) / 2, (west + east) / 2))
    _Figure(document, features).add_child(drawn)
    drawn.add_child(_Settings(_settings(features, cards=document.sheet is None)))
    layered = [_neighbours(features), _area(features), _roads(features)]
    layered += [_group(group) for group in _bottom_first(features.groups)]
    for switched in layered:
        drawn.add_child(switched)
    _add_controls(drawn, layered)
    drawn.fit_bounds([[south, west], [north, east]], padding=(16, 16))
    rendered: str = drawn.get_root().render()
    return rendered


def _sealed(value: Any) -> Any:  # noqa: ANN401  # Any JSON, and the same again.
    """Return the value with every text free of the braces by which a template begins."""
    if isinstance(value, str):
        return value.replace(_SEAL, "\ufffd").replace("{", _SEAL)
    if isinstance(value, Mapping):
        return {_sealed(name): _sealed(one) for name, one in value.items()}
    return [_sealed(one) for one in value] if isinstance(value, list) else value


def _bottom_first(groups: Sequence[FeatureGroup]) -> list[FeatureGroup]:
    """Return the groups as they are drawn: cells and dots below symbols, the first layer on top."""
    return [one for one in groups[::-1] if one.household] + [
        one for one in groups[::-1] if not one.household
    ]


def _add_controls(drawn: _Map, layered: Sequence[folium.FeatureGroup]) -> None:
    screen = _Fullscreen("topleft", "全屏", "退出全屏", force_separate_button=True)  # type: ignore[no-untyped-call]
    measure = _Measure("topleft")  # type: ignore[no-untyped-call]
    control = folium.LayerControl(collapsed=False, sortLayers=True, sortFunction=_call("topFirst"))  # type: ignore[arg-type]  # Rendered as it is.
    for child in (screen, measure, control, _Finish(control, layered)):
        drawn.add_child(child)


def _colours(features: VillageFeatures) -> dict[str, str]:
    return {group.layer.name: group.layer.sheet.colour for group in features.groups}


def _settings(features: VillageFeatures, *, cards: bool) -> dict[str, Any]:
    return {
        "card": _CARD if cards else None,
        "invented": features.invented,
        "groups": {group.name: _look(group) for group in features.groups},
    }


def _look(group: FeatureGroup) -> dict[str, Any]:
    sheet = group.layer.sheet
    return {
        "layer": group.layer.name,
        "title": group.title,
        "colour": sheet.colour,
        "icon": sheet.icon,
        "household": group.household,
        "grid": group.grid,
        "fields": [
            {"name": f.name, "label": f.label.zh, "unit": f.unit, "choices": dict(f.choice_labels)}
            for f in popup_fields(group.layer)
        ],
    }


def _switch(key: str, title: str) -> str:
    """Return a group's name in the layer switch, which Leaflet takes as HTML."""
    marked = f'<span class="key key--{html.escape(key)}"></span>{html.escape(title)}'
    return str(_sealed(marked))


def _call(name: str, group: str | None = None) -> JsCode:
    return JsCode(f"fuliangVillage.{name}" + (f'("{group}")' if group else ""))


def _group(group: FeatureGroup) -> folium.FeatureGroup:
    key = "cell" if group.grid else group.layer.name
    key = f"{key} key--cell-2" if group.grid else key
    unit = f"{group.title}（{group.count:,}）"
    if group.grid:
        unit += "网格计数"
    elif group.household and group.layer.sheet.field("is_problem"):
        key, unit = "sound", f"{unit}，红色为有问题"
    switched = folium.FeatureGroup(name=_switch(key, unit))
    switched.add_child(
        folium.GeoJson(
            _collection(group.features),
            control=False,
            on_each_feature=_call("each", group.name),
            pointToLayer=_call("point", group.name),
            style=_call("style", group.name),
        )
    )
    return switched


def _collection(features: Sequence[GeoJson]) -> dict[str, Any]:
    sealed = [{**one, "properties": _sealed(one["properties"])} for one in features]
    return {"type": "FeatureCollection", "features": sealed}


def _feature(geometry: GeoJson | None, **properties: object) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _roads(features: VillageFeatures) -> folium.FeatureGroup:
    km = sum(line.km for line in features.roads)
    switched = folium.FeatureGroup(name=_switch("line", f"道路（{km:.1f} km）"))
    lines = [
        _feature(line.geometry, road_class=line.road_class, title=f"{line.title} {line.km:.1f} km")
        for line in features.roads
    ]
    switched.add_child(
        folium.GeoJson(
            _collection(lines),
            control=False,
            on_each_feature=_call("eachRoad"),
            style=_call("road"),
        )
    )
    return switched


def _area(features: VillageFeatures) -> folium.FeatureGroup:
    switched = folium.FeatureGroup(name=_switch(_AREA, "村界"))
    switched.add_child(
        folium.GeoJson(
            _collection([_feature(features.area.geometry)]),
            control=False,
            interactive=False,
            style=_call("area"),
        )
    )
    return switched


def _neighbours(features: VillageFeatures) -> folium.FeatureGroup:
    switched = folium.FeatureGroup(name=_switch(_NEXT, "邻村"))
    shapes = [_feature(one.geometry, name=one.name) for one in features.neighbours]
    names = [_feature(one.label, name=one.name) for one in features.neighbours if one.label]
    for collection in (shapes, names):
        switched.add_child(
            folium.GeoJson(
                _collection(collection),
                control=False,
                interactive=False,
                style=_call("neighbour"),
                pointToLayer=_call("areaName"),
            )
        )
    return switched
