// Symbols of locations: a disc in the kind's colour with the layer's glyph; clusters as counted circles.
import { Circle, Fill, Icon, Stroke, Style, Text } from "ol/style";

import type { LayerConfig } from "./config";
import { COLOURS, FONT } from "./palette";

// A layer's icon is the file of that name in maps/icons; without one the disc carries no glyph.
const files = import.meta.glob<string>("../icons/*.svg", { eager: true, query: "?url", import: "default" });

// Symbols never hide each other. OpenLayers 10.11 finds a symbol of a vector tile under a click only when that
// is said of its style: for tiles that are not decluttered it takes every other image for hidden.
const UNDECLUTTERED = "none";

const DISC = 26;
const GLYPH = 16;
const SHARP = 2;
// Clusters of different layers share a cell of the grid, so each layer's stands a little to its own side.
const SIDEWAYS = 21;

export function iconAddress(icon: string): string | undefined {
  return files[`../icons/${icon}.svg`];
}

async function loadGlyph(icon: string): Promise<HTMLImageElement | undefined> {
  const address = iconAddress(icon);
  if (!address) return undefined;
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

function circle(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

/** Tell whether a white glyph would have less contrast than 3:1 on the colour (WCAG 1.4.11). */
function isLight(colour: string): boolean {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.3;
}

function tinted(glyph: HTMLImageElement, colour: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = GLYPH * SHARP;
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.drawImage(glyph, 0, 0, canvas.width, canvas.height);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = colour;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}

function drawDisc(colour: string, glyph: HTMLImageElement | undefined, warn: boolean): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = DISC * SHARP;
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.scale(SHARP, SHARP);
  const middle = DISC / 2;
  pen.fillStyle = "#ffffff";
  circle(pen, middle, middle, middle - 1);
  pen.fillStyle = colour;
  circle(pen, middle, middle, middle - 2.5);
  if (glyph) {
    const drawn = isLight(colour) ? tinted(glyph, COLOURS.label) : glyph;
    pen.drawImage(drawn, middle - GLYPH / 2, middle - GLYPH / 2, GLYPH, GLYPH);
  }
  if (warn) {
    pen.fillStyle = "#ffffff";
    circle(pen, DISC - 5.5, 5.5, 5.5);
    pen.fillStyle = "#b42318";
    circle(pen, DISC - 5.5, 5.5, 4);
  }
  return canvas;
}

export function countText(count: number): string {
  return count < 10000 ? String(count) : `${(count / 10000).toFixed(1)}万`;
}

/** The styles of one layer, each made once. */
export class LayerSymbols {
  readonly #config: LayerConfig;
  readonly #offset: [number, number];
  readonly #kindColours: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Style>();
  #glyph: HTMLImageElement | undefined;

  constructor(config: LayerConfig, place: number, places: number) {
    this.#config = config;
    const angle = (place / places) * 2 * Math.PI - Math.PI / 2;
    this.#offset = places > 1 ? [Math.cos(angle) * SIDEWAYS, Math.sin(angle) * -SIDEWAYS] : [0, 0];
    this.#kindColours = new Map(config.kinds.map((kind) => [kind.value, kind.colour ?? config.colour]));
  }

  async load(): Promise<void> {
    this.#glyph = await loadGlyph(this.#config.icon);
  }

  colourOf(kind: string): string {
    return this.#kindColours.get(kind) ?? this.#config.colour;
  }

  cluster(count: number): Style {
    return this.#once(`cluster/${count}`, () => {
      const radius = Math.min(17, 8 + Math.log10(count) * 2);
      const displacement = this.#offset;
      return new Style({
        image: new Circle({
          radius,
          displacement,
          declutterMode: UNDECLUTTERED,
          fill: new Fill({ color: this.#config.colour }),
          stroke: new Stroke({ color: "rgba(255, 255, 255, 0.95)", width: 1.5 }),
        }),
        text: new Text({
          text: countText(count),
          font: `600 ${count < 100 ? 11 : 10.5}px ${FONT}`,
          offsetX: displacement[0],
          offsetY: -displacement[1] + 0.5,
          fill: new Fill({ color: "#ffffff" }),
        }),
        zIndex: Math.round(radius * 10),
      });
    });
  }

  single(kind: string, status: string): Style {
    const warn = status !== "in_use";
    const colour = this.colourOf(kind);
    return this.#once(`single/${colour}/${warn}`, () => {
      return new Style({
        image: new Icon({ img: drawDisc(colour, this.#glyph, warn), scale: 1 / SHARP, declutterMode: UNDECLUTTERED }),
        zIndex: 300,
      });
    });
  }

  shape(kind: string): Style {
    const colour = this.colourOf(kind);
    return this.#once(`shape/${colour}`, () => {
      return new Style({
        stroke: new Stroke({ color: colour, width: 2.5 }),
        fill: new Fill({ color: `${colour}40` }),
      });
    });
  }

  #once(key: string, make: () => Style): Style {
    const known = this.#known.get(key);
    if (known) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }
}

export const chosenStyle = new Style({
  image: new Circle({
    radius: 18,
    stroke: new Stroke({ color: COLOURS.chosen, width: 3 }),
    fill: new Fill({ color: "rgba(214, 51, 108, 0.12)" }),
  }),
});

export const hoverStyle = new Style({
  image: new Circle({
    radius: 16,
    stroke: new Stroke({ color: COLOURS.hovered, width: 3 }),
    fill: new Fill({ color: "rgba(217, 119, 6, 0.15)" }),
  }),
});
