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
  kind_title: string | null;
  kinds: Kind[];
}

export interface DivisionConfig {
  code: string;
  name: string;
  extent: LonLatExtent;
}

export interface MapConfig {
  extent: LonLatExtent;
  invented: boolean;
  base_tiles: string;
  layers: LayerConfig[];
  divisions: DivisionConfig[];
  statuses: Record<string, string>;
}

export async function loadConfig(address: string): Promise<MapConfig> {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as MapConfig;
}
