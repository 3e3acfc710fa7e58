// The county's own base map: divisions, roads and labels from our vector tiles.
import type { FeatureLike } from "ol/Feature";
import MVT from "ol/format/MVT";
import VectorTileLayer from "ol/layer/VectorTile";
import VectorTileSource from "ol/source/VectorTile";
import { Fill, Stroke, Style, Text } from "ol/style";
import { createXYZ } from "ol/tilegrid";

import { COLOURS, FONT, ROADS } from "./palette";

const TILE_PIXELS = 512;
const DEEPEST = 15;
// Web Mercator metres a pixel at zoom level 0.
const RESOLUTION_0 = 156543.034;

const DRAWN_BELOW = { division: 0, casing: 10, road: 20, edge: 30, label: 40 } as const;

export function zoomOf(resolution: number): number {
  return Math.log2(RESOLUTION_0 / resolution);
}

const land = new Style({ fill: new Fill({ color: COLOURS.land }), zIndex: DRAWN_BELOW.division });
const countyEdge = [
  new Style({ stroke: new Stroke({ color: COLOURS.countyGlow, width: 9 }), zIndex: DRAWN_BELOW.edge }),
  new Style({ stroke: new Stroke({ color: COLOURS.countyEdge, width: 1.8 }), zIndex: DRAWN_BELOW.edge }),
];
const townshipEdge = new Style({
  stroke: new Stroke({ color: COLOURS.townshipEdge, width: 1.1 }),
  zIndex: DRAWN_BELOW.edge,
});
const villageEdge = new Style({
  stroke: new Stroke({ color: COLOURS.villageEdge, width: 0.8 }),
  zIndex: DRAWN_BELOW.division + 1,
});

const divisionStyles: Readonly<Record<string, Style[]>> = {
  county: [land, ...countyEdge],
  township: [townshipEdge],
  village: [villageEdge],
};

const edgesOnly: Readonly<Record<string, Style[]>> = {
  county: countyEdge,
  township: [townshipEdge],
  village: [villageEdge],
};

const roadStyles = new Map<string, Style[]>();

function roadStyle(feature: FeatureLike, zoom: number): Style[] {
  const look = ROADS[String(feature.get("class"))];
  if (!look) return [];
  const scale = Math.min(3, Math.max(0.6, 0.6 + (zoom - 9) * 0.28));
  const key = `${String(feature.get("class"))}/${scale.toFixed(1)}`;
  const known = roadStyles.get(key);
  if (known) return known;
  const width = look.width * scale;
  const made = [
    new Style({ stroke: new Stroke({ color: look.casing, width: width + 1.2 }), zIndex: DRAWN_BELOW.casing }),
    new Style({ stroke: new Stroke({ color: look.colour, width }), zIndex: DRAWN_BELOW.road }),
  ];
  roadStyles.set(key, made);
  return made;
}

function labelStyle(feature: FeatureLike, zoom: number): Style | undefined {
  const level = String(feature.get("level"));
  const large = level === "township";
  // The county's name is in the page's heading; on the map it would only cover its seat.
  if (level === "county" || (level === "village" && zoom < 12.3)) return undefined;
  return new Style({
    text: new Text({
      text: String(feature.get("name")),
      font: large ? `600 ${zoom < 10.5 ? 12 : 14}px ${FONT}` : `12px ${FONT}`,
      fill: new Fill({ color: large ? COLOURS.label : COLOURS.labelQuiet }),
      stroke: new Stroke({ color: COLOURS.halo, width: 3 }),
      offsetY: large ? 0 : 16,
    }),
    zIndex: DRAWN_BELOW.label + (large ? 1 : 0),
  });
}

function source(address: string): VectorTileSource {
  return new VectorTileSource({
    format: new MVT(),
    url: address,
    tileGrid: createXYZ({ tileSize: TILE_PIXELS, maxZoom: DEEPEST }),
  });
}

export interface BaseLayers {
  ground: VectorTileLayer;
  names: VectorTileLayer;
  /** Draw boundaries alone, over pictures that show land and roads themselves. */
  overPictures: (over: boolean) => void;
}

/** Areas and roads below everything, names above everything. */
export function baseLayers(address: string): BaseLayers {
  const shared = source(address);
  let over = false;
  const ground = new VectorTileLayer({
    source: shared,
    background: COLOURS.outside,
    zIndex: 0,
    style: (feature, resolution) => {
      const part = String(feature.get("layer"));
      if (part === "division" && over) return edgesOnly[String(feature.get("level"))] ?? [];
      if (over) return [];
      if (part === "division") return divisionStyles[String(feature.get("level"))] ?? [];
      return part === "road" ? roadStyle(feature, zoomOf(resolution)) : [];
    },
  });
  const names = new VectorTileLayer({
    source: shared,
    declutter: true,
    zIndex: 1,
    style: (feature, resolution) =>
      feature.get("layer") === "label" ? labelStyle(feature, zoomOf(resolution)) : undefined,
  });
  const overPictures = (wanted: boolean): void => {
    over = wanted;
    ground.setBackground(wanted ? "rgba(0, 0, 0, 0)" : COLOURS.outside);
    ground.changed();
  };
  return { ground, names, overPictures };
}
