// What the server tells the map: see fuliang_gis/cartography/config.py.

export type LonLatExtent = [west: number, south: number, east: number, north: number];

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
  pictures: Pictures[];
}

export async function loadConfig(address: string): Promise<MapConfig> {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as MapConfig;
}
