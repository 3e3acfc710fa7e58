"""Links to maps: right system, right order, nothing of a name that could break out of one."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from fuliang_gis.geo import crs
from fuliang_gis.geo.navigation import NavigationLink, navigation_links

#: Latitude and longitude in WGS-84 and in GCJ-02: the test points of the published transformation
#: (github.com/googollee/eviltransform), in Shanghai, Shenzhen and Beijing.
PUBLISHED_GCJ = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
#: A point in GCJ-02 and in BD-09, longitude first (github.com/wandergis/coordtransform).
PUBLISHED_BD = ((116.404, 39.915), (116.41036949371029, 39.92133699351021))


def links(lon: float, lat: float, name: str = "查村水厂") -> dict[str, NavigationLink]:
    """Return the links by their keys."""
    return {link.key: link for link in navigation_links(lon, lat, name)}


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED_GCJ)
def test_published_points_of_gcj02(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    """Shifted they must be where the reference puts them, and back within 1e-7 degrees."""
    lon, lat = crs.wgs84_to_gcj02(wgs[1], wgs[0])
    assert (float(lat), float(lon)) == pytest.approx(gcj, abs=1e-9)
    back = crs.gcj02_to_wgs84(gcj[1], gcj[0])
    assert [float(value) for value in back] == pytest.approx([wgs[1], wgs[0]], abs=1e-7)


def test_a_published_point_of_bd09() -> None:
    """Turned it must be where the reference puts it, and back within 1e-7 degrees."""
    gcj, bd = PUBLISHED_BD
    assert [float(value) for value in crs.gcj02_to_bd09(*gcj)] == pytest.approx(bd, abs=1e-9)
    assert [float(value) for value in crs.bd09_to_gcj02(*bd)] == pytest.approx(gcj, abs=1e-7)


@pytest.mark.parametrize(("wgs", "gcj"), PUBLISHED_GCJ)
def test_each_map_gets_its_own_system_and_order(
    wgs: tuple[float, float], gcj: tuple[float, float]
) -> None:
    """The phone's link is WGS-84, latitude first; Amap wants longitude first, the others last."""
    found = links(wgs[1], wgs[0])
    north_first, east_first = [f"{n:.6f}" for n in gcj], [f"{n:.6f}" for n in reversed(gcj)]
    system = re.match(r"geo:([\d.]+),([\d.]+)\?q=\1,\2\(", found["system"].address)
    assert system is not None
    assert [float(each) for each in system.groups()] == pytest.approx(wgs, abs=1e-6)
    amap = parse_qs(urlsplit(found["amap"].address).query)
    assert amap["to"][0].split(",") == [*east_first, "查村水厂"]
    assert amap["coordinate"] == ["gaode"]
    baidu = parse_qs(urlsplit(found["baidu"].address).query)
    assert baidu["location"][0].split(",") == north_first
    assert (baidu["coord_type"], baidu["title"]) == (["gcj02"], ["查村水厂"])
    apple = parse_qs(urlsplit(found["apple"].address).query)
    assert apple["daddr"][0].split(",") == north_first


def test_each_link_says_its_system() -> None:
    """A page can tell people which coordinates a link carries."""
    found = {key: link.system for key, link in links(117.25, 29.37).items()}
    assert found == {"system": "wgs84", "amap": "gcj02", "baidu": "gcj02", "apple": "gcj02"}


def test_nothing_is_shifted_outside_china() -> None:
    """Abroad every map counts in WGS-84."""
    assert "daddr=48.850000,2.350000" in links(2.35, 48.85)["apple"].address


@pytest.mark.parametrize(
    "name", ["甲,乙(丙)|丁", "a&mode=walk", "#?/\\", "<script>\n", "“引号”\t'x\"", "", "长" * 300]
)
def test_no_name_breaks_a_link(name: str) -> None:
    """Whatever a place is called, a link has the parameters that it should have and no more."""
    found = links(117.25, 29.37, name)
    usual = links(117.25, 29.37)
    for key, link in found.items():
        ours, theirs = urlsplit(link.address), urlsplit(usual[key].address)
        assert parse_qs(ours.query, keep_blank_values=True).keys() == parse_qs(theirs.query).keys()
        assert (ours.scheme, ours.netloc, ours.fragment) == (theirs.scheme, theirs.netloc, "")
        assert not set("<>\"'\n\t ") & set(link.address)
    told = parse_qs(urlsplit(found["amap"].address).query)["to"][0]
    assert told.count(",") == 2
    assert unquote(found["system"].address).count("(") == 1
