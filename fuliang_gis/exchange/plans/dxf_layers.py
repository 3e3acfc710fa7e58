"""Layers of a DXF: a class of land use each, by code and name, and what else a plan has."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fuliang_gis.exchange.plans.fields import Role
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.norms import line_norms

#: Under which application's name a drawing keeps what it cannot show.
APP = "FULIANG_PLAN"
#: The drawing's own property that names its coordinate system.
CRS_PROPERTY = "FULIANG_CRS"
FILL, LABEL = "fill", "label"
BOUNDARY = "村界"
LABELS = "注记"
BASE_PREFIX = "现状-"
LINE_PREFIX = "管控-"

#: Values that go along with each ring of a parcel, by column of ``fields.MEANINGS``.
PARCEL_VALUES = ("BSM", "YDYHFLDM", "FLBB", "MC", "DJMJ", "DJMC", "HS")
LINE_VALUES = ("BSM", "BJDM", "MC")
VALUES: Mapping[Role, tuple[str, ...]] = {
    Role.PARCELS: PARCEL_VALUES,
    Role.BASE: PARCEL_VALUES,
    Role.LINES: LINE_VALUES,
    Role.BOUNDARY: ("BSM",),
}

_REFUSED = re.compile(r'[<>/\\":;?*|=,`]')
_CODED = re.compile(r"(?:规划|现状|基期|管控|GH|JQ|YD)*[-_ ]*(\d{6}|\d{4}|\d{2})(?!\d)")
_BASE = ("现状", "基期", "JQ")
_BOUNDARIES = ("村界", "规划范围", "GHFW", "CZBJ", "BOUNDARY")


def parcel_layer(edition: str, code: str, *, base: bool = False) -> str:
    """Return the layer of a land use.

    >>> parcel_layer("2023", "0703"), parcel_layer("2023", "0101", base=True)
    ('0703农村宅基地', '现状-0101水田')
    """
    use = land_uses(edition).get(code)
    return _allowed(f"{BASE_PREFIX if base else ''}{code or '未定'}{use.zh if use else ''}")


def line_layer(code: str) -> str:
    """Return the layer of a control line.

    >>> line_layer("0202")
    '管控-0202永久基本农田'
    """
    return _allowed(f"{LINE_PREFIX}{code}{line_norms().names.get(code, '')}")


def meaning(layer: str) -> tuple[Role | None, str]:
    """Return what a layer of any drawing holds, by its name, and the code that it names.

    >>> meaning("0703农村宅基地"), meaning("YD-1207"), meaning("管控-0202永久基本农田")[1]
    ((<Role.PARCELS: 'parcels'>, '0703'), (<Role.PARCELS: 'parcels'>, '1207'), '0202')
    >>> meaning("村界")[0], meaning("图框")
    (<Role.BOUNDARY: 'boundary'>, (None, ''))
    """
    name = layer.strip()
    for code, zh in line_norms().names.items():
        if name in (zh, line_layer(code)):
            return Role.LINES, code
    if any(word in name.upper() for word in _BOUNDARIES):
        return Role.BOUNDARY, ""
    found = _CODED.match(name)
    if found is None:
        return None, ""
    return (Role.BASE if name.startswith(_BASE) else Role.PARCELS), found[1]


def _allowed(name: str) -> str:
    return _REFUSED.sub("_", name)[:255]
