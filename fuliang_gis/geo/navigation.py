"""Links that open a phone's navigation at a place; each map gets the coordinates that it expects.

Nothing is asked of any of these maps here: whoever follows a link leaves the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from fuliang_gis.geo.crs import wgs84_to_gcj02

#: Names the service to the maps, as they ask of every link.
_SOURCE = "webapp.fuliang-gis"
#: Longer names are cut: they are only shown.
_LONGEST_NAME = 40


@dataclass(frozen=True)
class NavigationLink:
    """One map: its name, the link, and the system of the coordinates in it."""

    key: Literal["system", "amap", "baidu", "apple"]
    title: str
    address: str
    system: Literal["wgs84", "gcj02"]


def navigation_links(lon: float, lat: float, name: str) -> tuple[NavigationLink, ...]:
    """Return the links to a place.

    ``geo:`` (RFC 5870) is WGS-84 by definition; the maps of mainland China count in GCJ-02.

    Args:
        lon: Longitude, EPSG:4490 or WGS-84, which count as equal here.
        lat: Latitude.
        name: What the map calls the place.

    >>> [link.title for link in navigation_links(117.25, 29.37, "查村水厂")]
    ['手机地图', '高德地图', '百度地图', '苹果地图']
    >>> navigation_links(117.25, 29.37, "查村水厂")[3].address
    'https://maps.apple.com/?daddr=29.367341,117.255263&dirflg=d'
    """
    told = quote(_spoken(name), safe="")
    here = f"{lat:.6f},{lon:.6f}"
    x, y = (float(value) for value in wgs84_to_gcj02(lon, lat))
    east_first, north_first = f"{x:.6f},{y:.6f}", f"{y:.6f},{x:.6f}"
    system = f"geo:{here}?q={here}({told})"
    amap = (
        f"https://uri.amap.com/navigation?to={east_first},{told}"
        f"&mode=car&coordinate=gaode&callnative=1&src={_SOURCE}"
    )
    baidu = (
        f"https://api.map.baidu.com/marker?location={north_first}&title={told}&content={told}"
        f"&coord_type=gcj02&output=html&src={_SOURCE}"
    )
    apple = f"https://maps.apple.com/?daddr={north_first}&dirflg=d"
    return (
        NavigationLink("system", "手机地图", system, "wgs84"),
        NavigationLink("amap", "高德地图", amap, "gcj02"),
        NavigationLink("baidu", "百度地图", baidu, "gcj02"),
        NavigationLink("apple", "苹果地图", apple, "gcj02"),
    )


def _spoken(name: str) -> str:
    """Return a name without what would end it inside a link: commas, brackets, line breaks."""
    kept = "".join(" " if sign in ",()|;" or ord(sign) < 32 else sign for sign in name)
    return " ".join(kept.split())[:_LONGEST_NAME]
