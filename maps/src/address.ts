// The page's address tells what is seen, chosen and filtered: #map=zoom/lon/lat and
// ?layer=…&code=…&division=…&use_status=…&status=…&kind.<layer>=…&colour=status.

export interface Seen {
  zoom: number;
  lon: number;
  lat: number;
}

export interface Chosen {
  layer: string;
  code: string;
}

export interface Narrowed {
  division: string;
  useStatus: string;
  /** Status of inspection. */
  status: string;
  /** Kind by layer. */
  kinds: Readonly<Record<string, string>>;
}

/** What a layer's tiles are asked for by. */
export interface Tiled {
  name: string;
  tiles: string;
  kind_field: string | null;
}

/** What symbols are coloured by. */
export type Colouring = "kind" | "status";

const SEEN = /^#map=([\d.]+)\/(-?[\d.]+)\/(-?[\d.]+)$/;
const KIND = "kind.";
const TOWNSHIP_DIGITS = 9;

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

export function readNarrowed(search: string): Narrowed {
  const given = new URLSearchParams(search);
  const kinds = [...given].filter(([name, value]) => name.startsWith(KIND) && value);
  return {
    division: given.get("division") ?? "",
    useStatus: given.get("use_status") ?? "",
    status: given.get("status") ?? "",
    kinds: Object.fromEntries(kinds.map(([name, value]) => [name.slice(KIND.length), value])),
  };
}

function parameters(entries: Readonly<Record<string, string>>): URLSearchParams {
  return new URLSearchParams(Object.entries(entries).filter(([, value]) => value));
}

/** The filters as this page's address and the counts carry them. */
export function narrowedQuery({ division, useStatus, status, kinds }: Narrowed): URLSearchParams {
  const named = Object.entries(kinds).map(([layer, kind]) => [`${KIND}${layer}`, kind]);
  return parameters({ division, use_status: useStatus, status, ...Object.fromEntries(named) as Record<string, string> });
}

/** The filters as the tiles of one layer take them. */
function tileQuery(narrowed: Narrowed, layer: string, kindField: string | null): URLSearchParams {
  const kind = kindField ? { [kindField]: narrowed.kinds[layer] ?? "" } : {};
  const { division, useStatus, status } = narrowed;
  return parameters({ division, use_status: useStatus, inspection: status, ...kind });
}

/** The address of a layer's tiles under the filters. */
export function tilesOf(layer: Tiled, narrowed: Narrowed, colouring: Colouring): string {
  const query = tileQuery(narrowed, layer.name, layer.kind_field);
  // Only then are clusters told the gravest status in them, which costs the server more.
  if (colouring === "status") query.set("graded", "1");
  return query.size > 0 ? `${layer.tiles}?${query.toString()}` : layer.tiles;
}

/** The filters as the list of one layer takes them. */
export function listQuery({ division, useStatus, status, kinds }: Narrowed, layer: string): URLSearchParams {
  return parameters({
    township: division.slice(0, TOWNSHIP_DIGITS),
    village: division.length > TOWNSHIP_DIGITS ? division : "",
    use_status: useStatus,
    status,
    kind: kinds[layer] ?? "",
  });
}

export function readColouring(search: string): Colouring {
  return new URLSearchParams(search).get("colour") === "status" ? "status" : "kind";
}

export function remember(
  seen: Seen | undefined,
  chosen: Chosen | undefined,
  narrowed: Narrowed,
  colouring: Colouring,
): void {
  const named = chosen ? [["layer", chosen.layer], ["code", chosen.code]] : [];
  const coloured = colouring === "status" ? [["colour", colouring]] : [];
  const query = new URLSearchParams([...named, ...narrowedQuery(narrowed), ...coloured]).toString();
  const hash = seen ? writeSeen(seen) : "";
  window.history.replaceState(null, "", `${window.location.pathname}${query ? `?${query}` : ""}${hash}`);
}
