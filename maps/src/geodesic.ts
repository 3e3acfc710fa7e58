// Lengths and areas on the ellipsoid of CGCS2000 (GRS80), not on a sphere and not in the map's plane.
import type { Coordinate } from "ol/coordinate";
import { Geodesic } from "geographiclib-geodesic";

const EQUATOR_RADIUS_M = 6378137;
const FLATTENING = 1 / 298.257222101;
const SQUARE_METRES_PER_MU = 2000 / 3;

const earth = new Geodesic.Geodesic(EQUATOR_RADIUS_M, FLATTENING);

/** Length of a line through places (lon, lat) [m]. */
export function lineLength(places: Coordinate[]): number {
  return places.slice(1).reduce((sum, [lon = 0, lat = 0], i) => {
    const [fromLon = 0, fromLat = 0] = places[i] ?? [];
    return sum + (earth.Inverse(fromLat, fromLon, lat, lon).s12 ?? 0);
  }, 0);
}

/** Area of a ring of places (lon, lat) [m²]. */
export function ringArea(places: Coordinate[]): number {
  const ring = earth.Polygon(false);
  places.forEach(([lon = 0, lat = 0]) => { ring.AddPoint(lat, lon); });
  return Math.abs(ring.Compute(false, true).area ?? 0);
}

export function lengthText(metres: number): string {
  return metres < 1000 ? `${metres.toFixed(1)} 米` : `${(metres / 1000).toFixed(3)} 公里`;
}

export function areaText(squareMetres: number): string {
  const mu = (squareMetres / SQUARE_METRES_PER_MU).toFixed(2);
  return `${squareMetres.toFixed(0)} 平方米 ＝ ${mu} 亩 ＝ ${(squareMetres / 1e4).toFixed(3)} 公顷`;
}
