"""Surveyed boundaries: taken whole, or refused whole with every fault named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import shapely
from shapely.affinity import translate
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.areas import queries
from fuliang_gis.areas.models import Division
from fuliang_gis.areas.operations import import_boundaries
from fuliang_gis.errors import ImportRefused, Invalid
from fuliang_gis.geo import crs

TOWN = "360222209"
Boundaries = dict[str, BaseGeometry]
Change = Callable[[Boundaries], None]


def _villages(session: Session) -> Boundaries:
    return queries.boundaries(session, "village", TOWN)


def _write(path: Path, boundaries: Boundaries, key: str = "code") -> Path:
    features = [
        {"type": "Feature", "properties": {key: code}, "geometry": mapping(shape)}
        for code, shape in boundaries.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def _codes(refusal: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {problem.code for problem in refusal.value.problems}


def test_a_township_is_taken(session: Session, tmp_path: Path) -> None:
    """Surveyed villages must replace generated ones, with their township and the source's text."""
    villages = _villages(session)
    count = import_boundaries(session, _write(tmp_path / "b.geojson", villages), "2022 年变更调查")
    assert count == len(villages) + 1
    session.expire_all()
    for code in (TOWN, *villages):
        row = session.get_one(Division, code)
        assert (row.invented, row.boundary_source) == (False, "2022 年变更调查")
    assert session.get_one(Division, "360222101").invented


@pytest.mark.parametrize("key", ["XZQDM", "代码"])
def test_codes_come_under_office_names(session: Session, tmp_path: Path, key: str) -> None:
    """Codes must be found under the headings that offices use."""
    path = _write(tmp_path / "b.geojson", _villages(session), key)
    assert import_boundaries(session, path, "测绘") > 1


def test_names_match_when_unique(session: Session, tmp_path: Path) -> None:
    """A name that one division alone has must do instead of a code, and padded codes too."""
    towns = queries.boundaries(session, "township")
    path = _write(tmp_path / "b.geojson", {"罗家桥乡": towns[TOWN]}, "XZQMC")
    assert import_boundaries(session, path, "测绘") == 1
    path = _write(tmp_path / "c.geojson", {f"{TOWN}000": towns[TOWN]})
    assert import_boundaries(session, path, "测绘") == 1


def _first(boundaries: Boundaries) -> str:
    return min(boundaries)


def _unknown(boundaries: Boundaries) -> None:
    boundaries["360222999999"] = boundaries[_first(boundaries)]


def _ambiguous(boundaries: Boundaries) -> None:
    boundaries["港口村委会"] = boundaries.pop(_first(boundaries))


def _bow(boundaries: Boundaries) -> None:
    x, y = 117.3, 29.26
    bow = shapely.Polygon([(x, y), (x + 0.01, y + 0.01), (x + 0.01, y), (x, y + 0.01)])
    boundaries[_first(boundaries)] = bow


def _point(boundaries: Boundaries) -> None:
    boundaries[_first(boundaries)] = shapely.Point(117.3, 29.26)


def _swapped(boundaries: Boundaries) -> None:
    first = _first(boundaries)
    boundaries[first] = shapely.transform(boundaries[first], lambda points: points[:, ::-1])


def _projected(boundaries: Boundaries) -> None:
    first = _first(boundaries)
    boundaries[first] = crs.reproject(boundaries[first], crs.GEOGRAPHIC, crs.PLANE_ZONED)


def _elsewhere(boundaries: Boundaries) -> None:
    first = _first(boundaries)
    boundaries[first] = translate(boundaries[first], 3, 0)


def _overlapping(boundaries: Boundaries) -> None:
    first = _first(boundaries)
    boundaries[first] = boundaries[first].buffer(0.001)


def _partly(boundaries: Boundaries) -> None:
    boundaries.pop(_first(boundaries))


def _town_differs(boundaries: Boundaries) -> None:
    boundaries[TOWN] = shapely.union_all(list(boundaries.values())).buffer(0.002)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_unknown, "unknown_division"),
        (_ambiguous, "unknown_division"),
        (_bow, "invalid_geometry"),
        (_point, "geometry_type"),
        (_swapped, "swapped_axes"),
        (_projected, "wrong_crs"),
        (_elsewhere, "outside_county"),
        (_overlapping, "overlap"),
        (_partly, "incomplete_township"),
        (_town_differs, "township_differs"),
    ],
)
def test_refusals(session: Session, tmp_path: Path, change: Change, code: str) -> None:
    """Each fault must be named with its code, and nothing may be kept."""
    boundaries = _villages(session)
    change(boundaries)
    with pytest.raises(Invalid) as refusal:
        import_boundaries(session, _write(tmp_path / "b.geojson", boundaries), "测绘")
    assert code in _codes(refusal)
    invented = text("select bool_and(invented) from division where level <> 'county'")
    assert session.scalar(invented) is True


def test_gap_inside_a_township(session: Session, tmp_path: Path) -> None:
    """A hole between villages must be named with the villages around it and its place."""
    boundaries = _villages(session)
    codes = sorted(boundaries)
    pair = next(
        (a, b)
        for a in codes
        for b in codes
        if a < b and boundaries[a].intersection(boundaries[b]).length > 0.003
    )
    border = shapely.line_merge(boundaries[pair[0]].intersection(boundaries[pair[1]]))
    middle = max(shapely.get_parts(border), key=shapely.length).interpolate(0.5, normalized=True)
    for code in codes:
        boundaries[code] = boundaries[code].difference(middle.buffer(0.0004))
    with pytest.raises(Invalid) as refusal:
        import_boundaries(session, _write(tmp_path / "b.geojson", boundaries), "测绘")
    assert _codes(refusal) == {"gap"}
    assert f"{middle.x:.2f}" in refusal.value.problems[0].zh


def test_every_fault_is_listed(session: Session, tmp_path: Path) -> None:
    """Faults in several features must all be told at once, each with its row."""
    boundaries = _villages(session)
    _unknown(boundaries)
    _bow(boundaries)
    with pytest.raises(Invalid) as refusal:
        import_boundaries(session, _write(tmp_path / "b.geojson", boundaries), "测绘")
    assert _codes(refusal) == {"unknown_division", "invalid_geometry"}
    assert {problem.row for problem in refusal.value.problems} == {1, len(boundaries)}
    assert "117.305000, 29.265000" in refusal.value.problems[0].zh


def test_a_division_given_twice(session: Session, tmp_path: Path) -> None:
    """The same code twice must be refused rather than the last one taken."""
    boundaries = _villages(session)
    path = _write(tmp_path / "b.geojson", boundaries)
    given = json.loads(path.read_text("utf-8"))
    given["features"].append(given["features"][0])
    path.write_text(json.dumps(given), "utf-8")
    with pytest.raises(Invalid) as refusal:
        import_boundaries(session, path, "测绘")
    assert _codes(refusal) == {"duplicate_division"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[1, 2]",
        b'{"type": "FeatureCollection", "features": []}',
        b'{"type": "FeatureCollection", "features": [{}], "crs": {"name": "EPSG:4527"}}',
    ],
)
def test_unreadable_files(session: Session, tmp_path: Path, content: bytes) -> None:
    """A file that is no GeoJSON in degrees must be refused with its name."""
    path = tmp_path / "b.geojson"
    path.write_bytes(content)
    with pytest.raises(ImportRefused) as refusal:
        import_boundaries(session, path, "测绘")
    assert "b.geojson" in refusal.value.text_zh
