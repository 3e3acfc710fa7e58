// Where the phone is, how sure, and how far that is from the location: near enough to ask for a reason;
// the server measures for good.
import type { Geometry, Position } from "geojson";

const METRES_PER_DEGREE = 111_320;

type Flat = readonly [number, number];

function segmentDistance(a: Flat, b: Flat): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.min(1, Math.max(0, -(a[0] * dx + a[1] * dy) / length));
  return Math.hypot(a[0] + along * dx, a[1] + along * dy);
}

function encloses(ring: readonly Flat[]): boolean {
  let inside = false;
  ring.forEach((a, index) => {
    const b = ring[(index + 1) % ring.length];
    if (b && a[1] > 0 !== b[1] > 0 && (-a[1] * (b[0] - a[0])) / (b[1] - a[1]) + a[0] > 0) inside = !inside;
  });
  return inside;
}

/** Metres from a place (lon, lat) to a shape; 0 inside of it. */
export function distanceTo(geometry: Geometry, lon: number, lat: number): number {
  const flat = (at: Position): Flat => [
    ((at[0] ?? 0) - lon) * METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180),
    ((at[1] ?? 0) - lat) * METRES_PER_DEGREE,
  ];
  const alongLine = (line: readonly Position[]): number => {
    const points = line.map(flat);
    return Math.min(...points.map((point, index) => segmentDistance(point, points[index + 1] ?? point)));
  };
  const toPolygon = (rings: Position[][]): number => {
    const [outer, ...holes] = rings.map((ring) => ring.map(flat));
    const within = outer && encloses(outer) && !holes.some(encloses);
    return within ? 0 : Math.min(...rings.map(alongLine));
  };
  switch (geometry.type) {
    case "Point":
      return Math.hypot(...flat(geometry.coordinates));
    case "LineString":
      return alongLine(geometry.coordinates);
    case "MultiLineString":
      return Math.min(...geometry.coordinates.map(alongLine));
    case "Polygon":
      return toPolygon(geometry.coordinates);
    case "MultiPolygon":
      return Math.min(...geometry.coordinates.map(toPolygon));
    default:
      return NaN;
  }
}

/** @param patience How long a device may take to find out where it is [ms]. */
export function locate(patience = 30_000): Promise<GeolocationCoordinates> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      (found) => { resolve(found.coords); },
      (error) => { reject(new Error(error.message)); },
      { enableHighAccuracy: true, timeout: patience, maximumAge: 10_000 },
    );
  });
}

export function metresText(metres: number): string {
  return metres < 1000 ? `${Math.round(metres)} 米` : `${(metres / 1000).toFixed(1)} 公里`;
}
