"""Read surveyed boundaries from GeoJSON and list everything that stands against taking them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from fuliang_gis.errors import ImportRefused, Problem
from fuliang_gis.geo.measures import ellipsoid_area
from fuliang_gis.geo.validity import (
    CoverageFault,
    coverage_faults,
    explain,
    looks_projected,
    looks_swapped,
)

#: Names under which offices deliver the code and the name of a division.
CODE_KEYS = ("code", "代码", "行政区划代码", "XZQDM", "ZLDWDM", "区划代码", "编码")
NAME_KEYS = ("name", "名称", "行政区划名称", "XZQMC", "ZLDWMC", "区划名称")
#: Systems whose degrees count as CGCS2000's.
_DEGREES = ("4490", "4326", "CRS84")
#: Overlaps and gaps up to this are rounding [m²].
TOLERANCE = 10.0


@dataclass(frozen=True)
class Known:
    """A division as it stands in the database."""

    code: str
    name: str
    level: str
    boundary: BaseGeometry | None


@dataclass(frozen=True)
class Surveyed:
    """Boundaries that may be taken in, by code, and the problems found on the way."""

    boundaries: Mapping[str, BaseGeometry]
    problems: Sequence[Problem]


def read_features(path: Path) -> list[dict[str, object]]:
    """Return the features of a GeoJSON file.

    Raises:
        ImportRefused: The file cannot be read, is no feature collection, or is not in degrees.
    """
    try:
        given = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _refused(path, f"无法读取（{error}）。请另存为 UTF-8 编码的 GeoJSON") from error
    features = given.get("features") if isinstance(given, dict) else None
    if not isinstance(features, list) or not features:
        raise _refused(path, "不是含有要素的 GeoJSON（FeatureCollection）")
    stated = json.dumps(given.get("crs", "CRS84"))
    if not any(name in stated for name in _DEGREES):
        raise _refused(path, "坐标系应为 CGCS2000 经纬度（EPSG:4490）。请先转换坐标系再导入")
    return [feature for feature in features if isinstance(feature, dict)]


def _refused(path: Path, reason: str) -> ImportRefused:
    return ImportRefused(file=path.name, reason=f"{reason}。")


def check(
    features: Sequence[Mapping[str, object]], known: Mapping[str, Known], extent: BaseGeometry
) -> Surveyed:
    """Match features to divisions and check them; nothing is raised, all faults are listed."""
    names: dict[str, list[str]] = {}
    for each in known.values():
        names.setdefault(each.name, []).append(each.code)
    boundaries: dict[str, BaseGeometry] = {}
    problems: list[Problem] = []
    for row, feature in enumerate(features, start=1):
        code = _code(feature, known, names)
        if code is None or code in boundaries:
            problems.append(_unmatched(row, feature, code))
            continue
        geometry, fault = _geometry(row, feature, extent)
        if fault is not None or geometry is None:
            problems.extend([fault] if fault else [])
            continue
        boundaries[code] = geometry
    if not problems:
        problems = list(_together(boundaries, known))
    return Surveyed(boundaries, problems)


def _property(feature: Mapping[str, object], keys: Sequence[str]) -> str:
    given = feature.get("properties")
    found = given if isinstance(given, dict) else {}
    return next((str(found[key]).strip() for key in keys if found.get(key)), "")


def _code(
    feature: Mapping[str, object], known: Mapping[str, Known], names: Mapping[str, Sequence[str]]
) -> str | None:
    code = _property(feature, CODE_KEYS)
    if code:
        # Offices pad codes of counties and townships with zeros to twelve digits.
        padded = code.removesuffix("000000") if len(code) == 12 else code
        padded = padded.removesuffix("000") if len(padded) == 12 else padded
        return next((each for each in (code, padded) if each in known), None)
    same = names.get(_property(feature, NAME_KEYS), ())
    return same[0] if len(same) == 1 else None


def _unmatched(row: int, feature: Mapping[str, object], code: str | None) -> Problem:
    stated = _property(feature, CODE_KEYS) or _property(feature, NAME_KEYS) or "（空）"
    if code is not None:
        return Problem("duplicate_division", f"区划“{stated}”重复出现。", "Given twice.", row=row)
    zh = f"代码或名称“{stated}”不在本县区划名录中，或有重名。请填写 6、9 或 12 位区划代码。"
    return Problem("unknown_division", zh, f"No single division '{stated}'.", row=row)


def _geometry(
    row: int, feature: Mapping[str, object], extent: BaseGeometry
) -> tuple[BaseGeometry | None, Problem | None]:
    try:
        geometry = shapely.force_2d(shape(feature["geometry"]))  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError):
        return None, _fault(row, "bad_geometry", "缺少图形或无法识别。", "Unreadable geometry.")
    if geometry.geom_type not in {"Polygon", "MultiPolygon"}:
        zh = f"应为面，实为 {geometry.geom_type}。"
        return None, _fault(row, "geometry_type", zh, "Polygons are expected.")
    return geometry, _invalid(row, geometry) or _misplaced(row, geometry, extent)


def _fault(row: int, code: str, zh: str, en: str) -> Problem:
    return Problem(code, zh, en, "geometry", row)


def _invalid(row: int, geometry: BaseGeometry) -> Problem | None:
    fault = explain(geometry)
    if fault is None:
        return None
    where = f"，位置 {fault.place[0]:.6f}, {fault.place[1]:.6f}" if fault.place else ""
    zh = f"图形无效：{fault.zh}{where}。请修正后再导入。"
    return _fault(row, "invalid_geometry", zh, f"Invalid: {fault.en} at {fault.place}.")


def _misplaced(row: int, geometry: BaseGeometry, extent: BaseGeometry) -> Problem | None:
    if looks_projected(geometry):
        zh = "坐标像是平面坐标（米）。请先转换为 CGCS2000 经纬度（EPSG:4490）。"
        return _fault(row, "wrong_crs", zh, "Coordinates look projected; degrees are expected.")
    if looks_swapped(geometry, extent):
        return _fault(row, "swapped_axes", "经度和纬度似乎填反了，请对调。", "Axes look swapped.")
    if not extent.covers(geometry):
        return _fault(row, "outside_county", "图形超出本县范围。", "Outside the county's extent.")
    return None


def _together(
    boundaries: Mapping[str, BaseGeometry], known: Mapping[str, Known]
) -> Iterator[Problem]:
    """Check that villages of a township come together, and fit each other and the township."""
    by_town: dict[str, dict[str, BaseGeometry]] = {}
    for code, geometry in boundaries.items():
        if len(code) == 12:
            by_town.setdefault(code[:9], {})[code] = geometry
    for town, villages in by_town.items():
        yield from _incomplete(town, villages, known)
        for fault in coverage_faults(villages, TOLERANCE):
            yield _uncovered(fault, known)
        if town in boundaries:
            yield from _against_town(town, boundaries[town], villages, known)
    towns = {code: geometry for code, geometry in boundaries.items() if len(code) == 9}
    for fault in coverage_faults(towns, TOLERANCE):
        if fault.kind == "overlap":
            yield _uncovered(fault, known)


def _incomplete(
    town: str, villages: Mapping[str, BaseGeometry], known: Mapping[str, Known]
) -> Iterator[Problem]:
    wanted = {code for code in known if len(code) == 12 and code.startswith(town)}
    missing = sorted(wanted - villages.keys())
    if missing:
        listed = "、".join(known[code].name for code in missing[:5])
        zh = f"{known[town].name}还缺 {len(missing)} 个村级区划（{listed}等）。请整乡镇一次导入。"
        yield Problem("incomplete_township", zh, f"{len(missing)} villages of {town} are missing.")


def _uncovered(fault: CoverageFault, known: Mapping[str, Known]) -> Problem:
    names = "、".join(known[code].name for code in fault.names)
    what = "重叠" if fault.kind == "overlap" else "之间有空隙"
    zh = f"{names}{what} {fault.area:.0f} 平方米，位置 {fault.place[0]}, {fault.place[1]}。"
    en = f"{fault.kind} of {fault.area:.0f} m² at {fault.place}: {', '.join(fault.names)}."
    return Problem(fault.kind, zh, en, "geometry")


def _against_town(
    town: str,
    boundary: BaseGeometry,
    villages: Mapping[str, BaseGeometry],
    known: Mapping[str, Known],
) -> Iterator[Problem]:
    rest = shapely.symmetric_difference(boundary, shapely.union_all(list(villages.values())))
    area = sum(ellipsoid_area(part) for part in shapely.get_parts(rest))
    if area > TOLERANCE * len(villages):
        zh = f"{known[town].name}的边界与其各村之和相差 {area:.0f} 平方米。"
        yield Problem("township_differs", zh, f"{town} differs from its villages by {area:.0f} m².")
