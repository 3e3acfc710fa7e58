"""The preview of a file that is to come into a plan: what it holds, what has to be said of it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from flask import render_template
from flask import url_for as address_of
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from werkzeug.datastructures import MultiDict

from fuliang_gis.errors import FuliangError, Invalid
from fuliang_gis.exchange.plans.coordinates import NAMES
from fuliang_gis.exchange.plans.fields import LAYERS, Role
from fuliang_gis.geo.measures import hectares
from fuliang_gis.planning.codes import land_uses, survey_classes
from fuliang_gis.planning.norms import line_norms, profile
from fuliang_gis.planning.parcels import Parcel
from fuliang_gis.web.pages import plans_uploads as uploads
from fuliang_gis.web.pages.plans_fitting import Fit, fits
from fuliang_gis.web.pages.plans_incoming import ENCODINGS, Incoming, incoming
from fuliang_gis.web.pages.plans_mending import HEIGHT, WIDTH, place_of
from fuliang_gis.web.pages.plans_view import Looked

#: Notes and faults that a preview lists of each kind.
_MOST = 50
#: Broken shapes that are listed one by one: their names have to fit into an address.
_MOST_MENDS = 200
#: Fields of the form that say nothing of how the file is read.
_OWN = ("csrf_token", "version", "as", "title", "parts", "parts_told", "fit", "moves_told")
#: Land outside the village [m²] that is worth a word.
_PINCH_M2 = 100.0
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


@dataclass(frozen=True)
class Count:
    """How much of one land use a file holds."""

    label: str
    parcels: int
    ha: float


def preview(
    looked: Looked,
    kept: uploads.Upload,
    said: MultiDict[str, str],
    found: Incoming | None = None,
    refusal: FuliangError | None = None,
) -> str:
    read = found or read_file(kept, said, looked)
    key = _keep_sketch(kept, said, looked, read)
    fitted = fits(looked, read)
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
        mends=read.mends[:_MOST_MENDS],
        fits=fitted,
        places=_places(read, fitted),
        picture=(WIDTH, HEIGHT),
        limits=profile(looked.plan.profile).tolerances,
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


def _places(found: Incoming, fitted: Sequence[Fit]) -> list[dict[str, object]]:
    """Return where shapes are broken and where parcels would be moved, for the map."""
    broken = [
        place_of(each.key, f"{each.label}：{each.fault}", each.mending.place)
        for each in found.mends[:_MOST_MENDS]
        if not each.mending.place.is_empty
    ]
    return [*broken, *(place for each in fitted for place in each.places())]


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
    told = sorted((n, v) for n, v in said.items(multi=True) if n not in _OWN)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def read_file(kept: uploads.Upload, said: MultiDict[str, str], looked: Looked) -> Incoming:
    limits = profile(looked.plan.profile).tolerances
    return incoming(kept.data, said, looked.plan.edition, limits)
