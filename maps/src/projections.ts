// CGCS2000 (EPSG:4490) for what is read and written, Web Mercator for what is seen; see plane.ts for metres.
import { addCoordinateTransforms, addProjection, fromLonLat, toLonLat } from "ol/proj";
import Projection from "ol/proj/Projection";

import { boxIn } from "./mercator";

export const LON_LAT = "EPSG:4490";
export const VIEW = "EPSG:3857";

// Between CGCS2000 and WGS 84 lie centimetres, and both project to Web Mercator by the same formula.
addProjection(new Projection({ code: LON_LAT, units: "degrees", extent: [-180, -90, 180, 90], global: true }));
addCoordinateTransforms(LON_LAT, VIEW, (place) => fromLonLat(place), (place) => toLonLat(place));

/** The middle of the box around a GeoJSON geometry (lon/lat), on the map; nothing when it has no place. */
export function middleOf(geojson: string): [number, number] | undefined {
  const geometry = JSON.parse(geojson) as { coordinates?: unknown } | null;
  const numbers = [geometry?.coordinates].flat(Infinity) as number[];
  const lons = numbers.filter((_, i) => i % 2 === 0);
  const lats = numbers.filter((_, i) => i % 2 === 1);
  if (lats.length === 0) return undefined;
  const [west, south, east, north] = boxIn([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
  return [(west + east) / 2, (south + north) / 2];
}
