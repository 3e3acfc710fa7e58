// How land uses, control lines and the village boundary look on a plan's map: standard colours, marks across those
// that share one, labels where there is room.
import type { FeatureLike } from "ol/Feature";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";

import { FONT } from "./palette";

export type Colour = [red: number, green: number, blue: number];

/** One code of an edition as /plans/codes.json tells it. */
export interface UseCode {
  code: string;
  zh: string;
  en: string;
  parent: string;
  level: number;
  construction: boolean | null;
  colour: Colour | null;
  village_colour: Colour | null;
}

/** One control line as /plans/control-lines.json tells it. */
export interface LineCode {
  code: string;
  zh: string;
  colour: string;
}

export interface Look {
  code: string;
  zh: string;
  css: string;
  fill: string | CanvasPattern;
  ink: string;
}

const WHITE: Colour = [255, 255, 255];
const INK = "#1f2937";
/** Angles [°] of the lines across the first, second … use of one colour; none across the first. */
const MARKS: readonly (readonly number[])[] = [
  [], [45], [135], [0], [90], [45, 135], [0, 90], [0, 45], [90, 135], [0, 135], [45, 90],
];
const TILE = 10;
const DARK = 110;
/** Labels are drawn from this many metres a pixel on. */
const LABELS_FROM = 1.6;

export function cssOf([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

function isDark([red, green, blue]: Colour): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue < DARK;
}

/** Lines over a ground; they meet at the tile's edges, so that it repeats without a seam. */
export function hatched(ground: string, ink: string, angles: readonly number[], tile = TILE, width = 1): CanvasPattern | string {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = tile;
  const pen = canvas.getContext("2d");
  if (!pen) return ground;
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, tile, tile);
  }
  pen.strokeStyle = ink;
  pen.lineWidth = width;
  const half = tile / 2;
  for (const angle of angles) {
    pen.beginPath();
    if (angle === 0) pen.rect(-1, half, tile + 2, 0);
    else if (angle === 90) pen.rect(half, -1, 0, tile + 2);
    else {
      const up = angle === 45;
      for (const shift of [-tile, 0, tile]) {
        pen.moveTo(shift, up ? tile : 0);
        pen.lineTo(shift + tile, up ? 0 : tile);
      }
    }
    pen.stroke();
  }
  return pen.createPattern(canvas, "repeat") ?? ground;
}

/** How each of some codes is drawn, no two alike as long as there are marks. */
export function looksOf(codes: Iterable<string>, known: ReadonlyMap<string, UseCode>, village = false): Map<string, Look> {
  const used = new Map<string, number>();
  const found = new Map<string, Look>();
  for (const code of [...new Set(codes)].sort()) {
    const colour = colourOf(code, known, village);
    const css = cssOf(colour);
    const turn = used.get(css) ?? 0;
    used.set(css, turn + 1);
    const ink = isDark(colour) ? "#ffffff" : INK;
    const marks = MARKS[turn % MARKS.length] ?? [];
    const line = isDark(colour) ? "rgba(255, 255, 255, 0.7)" : "rgba(31, 41, 55, 0.5)";
    const zh = known.get(code)?.zh ?? "未知代码";
    found.set(code, { code, zh, css, ink, fill: marks.length > 0 ? hatched(css, line, marks) : css });
  }
  return found;
}

function colourOf(code: string, known: ReadonlyMap<string, UseCode>, village: boolean): Colour {
  for (let use = known.get(code); use; use = known.get(use.parent)) {
    const own = village ? (use.village_colour ?? use.colour) : use.colour;
    if (own) return own;
  }
  return WHITE;
}

/** Styles of parcels, made once a use; the label is put in as a parcel is drawn. */
export class ParcelStyles {
  readonly #plain = new Map<string, Style>();
  readonly #labelled = new Map<string, Style>();
  #looks: ReadonlyMap<string, Look> = new Map();

  set looks(looks: ReadonlyMap<string, Look>) {
    this.#looks = looks;
    this.#plain.clear();
    this.#labelled.clear();
  }

  of(feature: FeatureLike, resolution: number, labels: boolean): Style {
    const code = String(feature.get("code"));
    const look = this.#looks.get(code);
    const [low = 0, , high = 0] = feature.getGeometry()?.getExtent() ?? [];
    const room = (high - low) / resolution;
    if (!labels || resolution > LABELS_FROM || room < 26) return known(this.#plain, code, () => plain(look));
    const style = known(this.#labelled, code, () => labelled(look));
    const name = String(feature.get("label") ?? "");
    style.getText()?.setText(name && room > 60 ? `${code}\n${name.slice(0, 12)}` : code);
    return style;
  }
}

function known(kept: Map<string, Style>, code: string, make: () => Style): Style {
  const found = kept.get(code) ?? make();
  kept.set(code, found);
  return found;
}

function plain(look: Look | undefined): Style {
  return new Style({
    fill: new Fill({ color: look?.fill ?? "#ffffff" }),
    stroke: new Stroke({ color: "rgba(31, 41, 55, 0.75)", width: 0.7 }),
  });
}

function labelled(look: Look | undefined): Style {
  const style = plain(look);
  const ink = look?.ink ?? INK;
  style.setText(new Text({
    font: `12px ${FONT}`,
    fill: new Fill({ color: ink }),
    stroke: new Stroke({ color: ink === INK ? "rgba(255, 255, 255, 0.75)" : "rgba(31, 41, 55, 0.6)", width: 2.5 }),
    overflow: false,
  }));
  return style;
}

/** The edge of the village: dash and dot under white, over everything that is filled. */
export const BOUNDARY = [
  new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.85)", width: 5 }) }),
  new Style({ stroke: new Stroke({ color: "#000000", width: 2.2, lineDash: [14, 4, 2, 4] }) }),
];

/** Control lines: an edge of their colour and thin lines across, so that the use below stays to be seen. */
export function lineStyles(known: readonly LineCode[]): (feature: FeatureLike) => Style {
  const made = new Map<string, Style>();
  const colours = new Map(known.map((each) => [each.code, each.colour]));
  return (feature) => {
    const code = String(feature.get("code"));
    const old = made.get(code);
    if (old) return old;
    const colour = colours.get(code) ?? "#4e4e4e";
    const angle = made.size % 2 === 0 ? 45 : 135;
    const style = new Style({
      fill: new Fill({ color: hatched("", `${colour}99`, [angle], 14, 1.1) }),
      stroke: new Stroke({ color: colour, width: 2.2, lineDash: [9, 4] }),
    });
    made.set(code, style);
    return style;
  };
}

const SEVERITIES: Readonly<Record<string, string>> = { error: "#b3261e", permit: "#8a4b08", warning: "#1f5fa8" };

export function findingStyle(feature: FeatureLike): Style[] {
  const colour = SEVERITIES[String(feature.get("severity"))] ?? INK;
  return [
    new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 5 }) }),
    new Style({ stroke: new Stroke({ color: colour, width: 2.5 }), fill: new Fill({ color: `${colour}40` }), image: ring(colour, 5) }),
  ];
}

/** What was clicked or looked for, on the map. */
export const CHOSEN = [
  new Style({ stroke: new Stroke({ color: "#ffffff", width: 7 }) }),
  new Style({ stroke: new Stroke({ color: "#d6006c", width: 3.5 }), fill: new Fill({ color: "rgba(214, 0, 108, 0.22)" }), image: ring("#d6006c", 11) }),
];

/** The mark of a place that is a point: where an edge crosses itself, the tip of a spike. */
function ring(colour: string, radius: number): Circle {
  return new Circle({ radius, stroke: new Stroke({ color: colour, width: 2.5 }), fill: new Fill({ color: "rgba(255, 255, 255, 0.5)" }) });
}
