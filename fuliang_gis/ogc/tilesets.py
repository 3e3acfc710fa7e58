"""OGC API Tiles: the one grid, the tile set of each layer, and its TileJSON."""

from __future__ import annotations

from fuliang_gis.locations.geometry import county_extent
from fuliang_gis.ogc.collections import Collection
from fuliang_gis.ogc.crs import CRS84
from fuliang_gis.ogc.documents import JSON, MVT, Document, Place

GRID = "WebMercatorQuad"
GRID_URI = f"http://www.opengis.net/def/tilematrixset/OGC/1.0/{GRID}"
_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
_HALF_WIDTH_M = 20037508.342789244
_PIXELS = 256
#: The standard's size of a pixel [m].
_PIXEL_M = 0.00028
_TILING_SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"


def grids(place: Place) -> Document:
    """Return the list of grids, which has one entry."""
    links = [place.link("self", f"/tileMatrixSets/{GRID}", JSON)]
    listed = {"id": GRID, "title": "Web 墨卡托（EPSG:3857）", "uri": GRID_URI, "links": links}
    return {"tileMatrixSets": [listed]}


def grid(deepest: int) -> Document:
    """Return the grid's definition down to a zoom level."""
    return {
        "id": GRID,
        "title": "Web 墨卡托（EPSG:3857）",
        "uri": GRID_URI,
        "crs": _MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(deepest + 1)],
    }


def _matrix(zoom: int) -> Document:
    size = 2 * _HALF_WIDTH_M / _PIXELS / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": size / _PIXEL_M,
        "cellSize": size,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_HALF_WIDTH_M, _HALF_WIDTH_M],
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
        "tileWidth": _PIXELS,
        "tileHeight": _PIXELS,
    }


def tilesets(place: Place, collection: Collection) -> Document:
    """Return a layer's tile sets, which is one."""
    path = f"/collections/{collection.name}/tiles"
    listed = _summary(collection) | {"links": [place.link("self", f"{path}/{GRID}", JSON)]}
    return {"tilesets": [listed], "links": [place.link("self", path, JSON)]}


def tileset(place: Place, collection: Collection) -> Document:
    """Return the metadata of a layer's tile set."""
    path = f"/collections/{collection.name}/tiles/{GRID}"
    west, south, east, north = county_extent()
    address = place.address(path) + "/{tileMatrix}/{tileRow}/{tileCol}"
    return _summary(collection) | {
        "tileMatrixSetURI": GRID_URI,
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "layers": [{"id": name, "dataType": "vector"} for name in ("locations", "shapes")],
        "links": [
            place.link("self", path, JSON),
            place.link(_TILING_SCHEME, f"/tileMatrixSets/{GRID}", JSON),
            {"rel": "item", "href": address, "type": MVT, "templated": True},
            place.link("describedby", path, JSON, "TileJSON", f="tilejson"),
        ],
    }


def tilejson(place: Place, collection: Collection, deepest: int) -> Document:
    """Return the same tile set as TileJSON 3."""
    path = f"/collections/{collection.name}/tiles/{GRID}"
    fields = {"code": "String", "name": "String", "status": "String", "kind": "String"}
    return {
        "tilejson": "3.0.0",
        "name": collection.title.zh,
        "scheme": "xyz",
        "tiles": [place.address(path) + "/{z}/{y}/{x}"],
        "minzoom": 0,
        "maxzoom": deepest,
        "bounds": list(county_extent()),
        "vector_layers": [
            {"id": "locations", "fields": fields | {"count": "Number"}},
            {"id": "shapes", "fields": fields},
        ],
    }


def _summary(collection: Collection) -> Document:
    return {
        "title": collection.title.zh,
        "dataType": "vector",
        "crs": _MERCATOR,
        "tileMatrixSetId": GRID,
    }
