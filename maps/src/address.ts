// The page's address tells what is seen: #map=zoom/lon/lat and ?layer=…&code=….

export interface Seen {
  zoom: number;
  lon: number;
  lat: number;
}

export interface Chosen {
  layer: string;
  code: string;
}

const SEEN = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/;

export function readSeen(hash: string): Seen | undefined {
  const found = SEEN.exec(hash);
  if (!found) return undefined;
  const [zoom = NaN, lon = NaN, lat = NaN] = found.slice(1).map(Number);
  return [zoom, lon, lat].every(Number.isFinite) ? { zoom, lon, lat } : undefined;
}

export function writeSeen({ zoom, lon, lat }: Seen): string {
  return `#map=${zoom.toFixed(2)}/${lon.toFixed(5)}/${lat.toFixed(5)}`;
}

export function readChosen(search: string): Chosen | undefined {
  const given = new URLSearchParams(search);
  const layer = given.get("layer");
  const code = given.get("code");
  return layer && code ? { layer, code } : undefined;
}

export function remember(seen: Seen | undefined, chosen: Chosen | undefined): void {
  const search = chosen ? `?${new URLSearchParams({ ...chosen }).toString()}` : "";
  const hash = seen ? writeSeen(seen) : "";
  window.history.replaceState(null, "", `${window.location.pathname}${search}${hash}`);
}
