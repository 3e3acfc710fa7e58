// What the server tells the map: see fuliang_gis/cartography/config.py.

export type LonLatExtent = [west: number, south: number, east: number, north: number];

/** What stays free around a box that the home page's map goes to: top, right, bottom, left [px]. */
export const PADDING: [number, number, number, number] = [64, 24, 32, 24];
/** The closest zoom level that it goes to by itself. */
export const CLOSE_LOOK = 16;

export interface Kind {
  value: string;
  title: string;
  colour: string | null;
}

export interface LayerConfig {
  name: string;
  title: string;
  colour: string;
  icon: string;
  count: number;
  tiles: string;
  card: string;
  kind_field: string | null;
  kind_title: string | null;
  kinds: Kind[];
}

/** One status of inspection; `shape` is an SVG path (evenodd) on 24 × 24. */
export interface StatusConfig {
  value: string;
  title: string;
  colour: string;
  shape: string;
  /** Told at the corner of symbols that are coloured by kind. */
  marked: boolean;
}

export interface DivisionConfig {
  code: string;
  name: string;
  extent: LonLatExtent;
}

/** Tiles of a basemap that the office set. */
export interface Pictures {
  url: string;
  projection: string;
  max_zoom: number;
  attribution: string;
}

export interface MapConfig {
  extent: LonLatExtent;
  invented: boolean;
  base_tiles: string;
  layers: LayerConfig[];
  divisions: DivisionConfig[];
  statuses: Record<string, string>;
  inspection: StatusConfig[];
  pictures: Pictures[];
}

/** What the page carries for its map; nothing where the reader's division has no boundary yet. */
export function readConfig(holder: HTMLElement): MapConfig | undefined {
  return (JSON.parse(holder.dataset.config ?? "null") as MapConfig | null) ?? undefined;
}

/** The box around the county; nothing of ours lies beyond it. */
export function readCounty(holder: HTMLElement): LonLatExtent {
  return JSON.parse(holder.dataset.county ?? "[-180, -85, 180, 85]") as LonLatExtent;
}
