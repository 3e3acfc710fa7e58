// What the server tells a thematic map: see fuliang_gis/web/pages/thematic.py.

export interface ThematicClass {
  upper: number;
  label: string;
  colour: string;
}

export interface ThematicMapData {
  title: string;
  unit: string;
  digits: number;
  until: number | null;
  years: number[];
  classes: ThematicClass[];
  no_data: string;
  areas: Record<string, [township: string, name: string, value: number | null]>;
  series: Record<string, (number | null)[]>;
  list: string;
}

export interface ThematicData {
  level: string;
  compare: "none" | "beside" | "swipe";
  maps: ThematicMapData[];
}

export async function loadJson<T>(address: string): Promise<T> {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as T;
}

/** The value shown for an area: of the year at the slider, or the only one. */
export function valueOf(map: ThematicMapData, code: string, year: number | undefined): number | null {
  const at = year === undefined ? -1 : map.years.indexOf(year);
  const series = map.series[code];
  if (at >= 0 && series) return series[at] ?? null;
  return map.areas[code]?.[2] ?? null;
}

export function colourOf(map: ThematicMapData, value: number | null): string {
  if (value === null) return map.no_data;
  const found = map.classes.find((each) => value <= each.upper) ?? map.classes.at(-1);
  return found?.colour ?? map.no_data;
}

export function valueText(map: ThematicMapData, value: number | null): string {
  if (value === null) return "无数据";
  const digits = { minimumFractionDigits: map.digits, maximumFractionDigits: map.digits };
  return `${value.toLocaleString("zh-CN", digits)} ${map.unit}`;
}
