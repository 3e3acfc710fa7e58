// Places in Web Mercator (EPSG:3857), without the map's library: what runs before it needs them too.
import type { LonLatExtent } from "./config";

/** A box [m in EPSG:3857]. */
export type Box = readonly [west: number, south: number, east: number, north: number];

export const HALF_WORLD_M = 20037508.342789244;
const HALF_TURN = Math.PI / 180;

/** A place (lon/lat) on the map [m]. */
export function placeOnMap(lon: number, lat: number): [x: number, y: number] {
  const north = Math.log(Math.tan(((lat + 90) * HALF_TURN) / 2)) / Math.PI;
  return [(lon / 180) * HALF_WORLD_M, Math.max(-1, Math.min(1, north)) * HALF_WORLD_M];
}

/** A box on the map. */
export function boxIn([west, south, east, north]: LonLatExtent): Box {
  return [...placeOnMap(west, south), ...placeOnMap(east, north)];
}

/** Metres a pixel at a zoom level; level 0 shows the world on 256 pixels. */
export function resolutionOf(zoom: number): number {
  return (2 * HALF_WORLD_M) / 256 / 2 ** zoom;
}

export function zoomOf(resolution: number): number {
  return Math.log2((2 * HALF_WORLD_M) / 256 / resolution);
}
