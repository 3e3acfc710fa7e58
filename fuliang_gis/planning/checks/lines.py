"""Checks of land uses against control lines (管控边界), with the article each goes by."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from fuliang_gis.planning.checks.findings import Finding, Severity
from fuliang_gis.planning.checks.ground import Geometries, Ground, Indices, joined, parts_over
from fuliang_gis.planning.codes import land_uses
from fuliang_gis.planning.figures import figure
from fuliang_gis.planning.norms import LineRule


def line_findings(ground: Ground, ids: Collection[str] | None = None) -> Iterator[Finding]:
    """Yield the uses that lie where a control line does not want them.

    What the base year had there already, of a use that the rule speaks of, is told as a warning:
    it stands, and the plan does not add to it.
    """
    among = ground.at(ids)
    met = _Met(ground, among)
    for rule in ground.norms.rules:
        for index, line_ids, place in _where(ground, met, _concerned(ground, among, rule), rule):
            if parts := parts_over(place, ground.profile.tolerances.area_m2):
                yield _finding(ground, rule, index, line_ids, joined(parts))


def land_against(ground: Ground, parcel: str, article: str) -> MultiPolygon:
    """Return the land of a parcel that the rules of an article ask a permit for.

    Of it counts what was of no such use in the base year.
    """
    among = ground.at({parcel})
    met = _Met(ground, among)
    parts = [
        part
        for rule in ground.norms.rules
        if rule.article == article and not rule.forbidden
        for *_, place in _where(ground, met, _concerned(ground, among, rule), rule)
        for part in parts_over(_new(ground, rule, place), 0.0)
    ]
    return MultiPolygon(parts_over(shapely.union_all(parts), 0.0))


class _Met:
    """Which parcels meet which lines, found once for all rules, by the parcels' places."""

    def __init__(self, ground: Ground, among: Indices) -> None:
        self.lines: dict[int, list[int]] = {}
        if ground.lines and len(among):
            first, second = ground.line_tree.query(ground.geoms[among], predicate="intersects")
            for parcel, line in zip(among[first].tolist(), second.tolist(), strict=True):
                self.lines.setdefault(parcel, []).append(line)

    def of(self, ground: Ground, parcel: int, codes: Collection[str]) -> list[int]:
        """Return the lines of some codes that a parcel meets."""
        return [line for line in self.lines.get(parcel, ()) if ground.lines[line].code in codes]


def _concerned(ground: Ground, among: Indices, rule: LineRule) -> list[int]:
    edition = ground.draft.edition
    indices = among.tolist()
    codes = {ground.parcels[index].code for index in indices}
    spoken = {code for code in codes if rule.concerns(ground.profile, edition, code)}
    return [index for index in indices if ground.parcels[index].code in spoken]


def _where(
    ground: Ground, met: _Met, concerned: list[int], rule: LineRule
) -> Iterator[tuple[int, tuple[str, ...], BaseGeometry]]:
    """Yield parcels with the lines they meet and the part of them that a rule forbids."""
    # A plan that has no such line yet is not told of every parcel that it lies outside.
    if not any(line.code in rule.lines for line in ground.lines):
        return
    for index in concerned:
        lines = met.of(ground, index, rule.lines)
        geom = ground.geoms[index]
        if rule.inside:
            if lines:
                names = tuple(sorted(ground.lines[line].id for line in lines))
                yield index, names, geom.intersection(_union(ground.line_geoms[lines]))
        elif not lines:
            yield index, (), geom
        else:
            yield index, (), geom.difference(_union(ground.line_geoms[lines]))


def _union(shapes: Geometries) -> BaseGeometry:
    only: BaseGeometry = shapes[0]
    return only if len(shapes) == 1 else shapely.union_all(shapes)


def _finding(
    ground: Ground, rule: LineRule, index: int, line_ids: tuple[str, ...], place: BaseGeometry
) -> Finding:
    parcel = ground.parcels[index]
    added = float(_new(ground, rule, place).area)
    names = "、".join(ground.norms.names[code] for code in rule.lines)
    use = land_uses(ground.draft.edition)[parcel.code].zh
    where = f"占用{names}" if rule.inside else f"在{names}之外"
    new, whole = figure(added, 2), figure(place.area, 2)
    if added <= ground.profile.tolerances.area_m2:
        severity, told = Severity.WARNING, "为现状保留，规划没有新增"
    elif (parcel.id, rule.article) in ground.draft.waivers:
        severity, told = Severity.WARNING, "已登记例外"
    elif rule.forbidden:
        severity, told = Severity.ERROR, f"其中新增 {new} 平方米，不允许，请调整用地"
    else:
        severity, told = Severity.PERMIT, f"其中新增 {new} 平方米，须论证报批并登记例外"
    kind, side = ("line_inside", "inside") if rule.inside else ("line_outside", "outside")
    return Finding(
        kind,
        severity,
        f"图斑 {parcel.id}（{use}）{where} {whole} 平方米，{told}。",
        f"{whole} m² of parcel {parcel.id} lie {side} control lines {', '.join(rule.lines)}; "
        f"{new} m² are new.",
        (parcel.id,),
        line_ids,
        place,
        place.area,
        rule.article,
        "cut_by_line",
    )


def _new(ground: Ground, rule: LineRule, place: BaseGeometry) -> BaseGeometry:
    """Return the part of a place that was of no such use in the base year."""
    if not ground.base:
        return place
    near = ground.base_tree.query(place, predicate="intersects")
    kept = [
        index
        for index in near.tolist()
        if rule.concerns(ground.profile, ground.base[index].edition, ground.base[index].code)
    ]
    return place.difference(_union(ground.base_geoms[kept])) if kept else place
