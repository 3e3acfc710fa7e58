// A basemap of pictures that the office set: outside tiles or a file that our own service reads.
import TileLayer from "ol/layer/Tile";
import { get as projectionOf } from "ol/proj";
import XYZ from "ol/source/XYZ";
import { createXYZ } from "ol/tilegrid";
import TileGrid from "ol/tilegrid/TileGrid";

import type { Pictures } from "./config";
import { LON_LAT } from "./projections";

const WORLD = [-180, -90, 180, 90];
const TILE_PIXELS = 256;

/** The grid of geographic tiles in China: level 1 is two tiles wide, one tile high. */
function geographicGrid(maxZoom: number): TileGrid {
  projectionOf(LON_LAT)?.setExtent(WORLD);
  const widest = 360 / TILE_PIXELS;
  const resolutions = Array.from({ length: maxZoom + 1 }, (_, zoom) => widest / 2 ** zoom);
  return new TileGrid({ extent: WORLD, origin: [-180, 90], tileSize: TILE_PIXELS, resolutions });
}

export function pictureLayers(all: Pictures[]): TileLayer[] {
  return all.map((pictures, i) => {
    const geographic = pictures.projection === LON_LAT;
    return new TileLayer({
      zIndex: -10 + i,
      source: new XYZ({
        url: pictures.url,
        projection: pictures.projection,
        tileGrid: geographic ? geographicGrid(pictures.max_zoom) : createXYZ({ maxZoom: pictures.max_zoom }),
        ...(pictures.attribution ? { attributions: pictures.attribution } : {}),
      }),
    });
  });
}
