// Colours and fonts of the map; the site's own are in maps/styles/site.css.

export const FONT = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif';

export const COLOURS = {
  outside: "#e6e9e6",
  land: "#fbfbf8",
  countyEdge: "#7a8ba3",
  countyGlow: "rgba(122, 139, 163, 0.18)",
  townshipEdge: "#a9b4c4",
  villageEdge: "#d7dbe2",
  label: "#33415c",
  labelQuiet: "#6b7688",
  halo: "rgba(255, 255, 255, 0.92)",
  chosen: "#d6336c",
  hovered: "#d97706",
} as const;

export interface RoadLook {
  colour: string;
  casing: string;
  width: number;
}

export const ROADS: Readonly<Record<string, RoadLook>> = {
  trunk: { colour: "#f0c27b", casing: "#d09a45", width: 3.2 },
  primary: { colour: "#f6dd9e", casing: "#d8b765", width: 2.6 },
  secondary: { colour: "#fdf0c4", casing: "#d9cda0", width: 2 },
  tertiary: { colour: "#ffffff", casing: "#cfd2d6", width: 1.6 },
  unclassified: { colour: "#ffffff", casing: "#d9dbdf", width: 1 },
  track: { colour: "#e4ddd0", casing: "#e4ddd0", width: 0.7 },
};
