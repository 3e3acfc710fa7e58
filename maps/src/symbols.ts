// Symbols of locations: a disc in the kind's colour, or the shape and colour of the status of inspection, with
// the layer's glyph; clusters as counted circles in the layer's colour, or in that of the gravest status in them.
// Each is painted once, at the screen's own sharpness, and only copied from then on.
import type { LayerConfig, StatusConfig } from "./config";
import { COLOURS, FONT } from "./palette";
import { type Painting, SpriteSheet } from "./sprite-sheet";

// A layer's icon is the file of that name in maps/icons; without one the disc carries no glyph.
const files = import.meta.glob<string>("../icons/*.svg", { eager: true, query: "?raw", import: "default" });

const DISC = 26;
const SHAPED = 32;
const GLYPH = 16;
const GLYPH_IN_SHAPE = 12;
const MARK = 11;
/** The canvas that shapes of statuses are stated on. */
const SHAPE = 24;
// Clusters of different layers share a cell of the grid, so each layer's stands a little to its own side.
const SIDEWAYS = 21;
/** Painted symbols kept of one layer. */
const KEPT = 1500;

/** A painted symbol. */
export interface Sprite extends Painting {
  /** How far its middle lies from the location, right and down [px]. */
  aside: readonly [number, number];
  /** How far from its middle a click still means it [px]. */
  reach: number;
}

export interface Outline {
  colour: string;
  fill: string;
}

export function iconAddress(icon: string): string | undefined {
  const file = files[`../icons/${icon}.svg`];
  return file && `data:image/svg+xml,${encodeURIComponent(file)}`;
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

/** Paint on a canvas of a side [px], as sharp as the screen is. */
function painted(side: number, ratio: number, paint: (pen: CanvasRenderingContext2D) => void): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(side * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return canvas;
  pen.scale(ratio, ratio);
  paint(pen);
  return canvas;
}

interface Mark {
  colour: string;
  /** Path on a canvas of `SHAPE` a side. */
  shape: Path2D;
}

function putShape(pen: CanvasRenderingContext2D, { shape, colour }: Mark, at: readonly number[], size: number): void {
  const [left = 0, top = 0] = at;
  pen.save();
  pen.translate(left, top);
  pen.scale(size / SHAPE, size / SHAPE);
  pen.lineJoin = "round";
  // A dark line around the white one keeps pale colours apart from a pale map.
  pen.strokeStyle = COLOURS.label;
  pen.lineWidth = 6 * (SHAPE / size);
  pen.globalAlpha = 0.55;
  pen.stroke(shape);
  pen.globalAlpha = 1;
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 3.5 * (SHAPE / size);
  pen.stroke(shape);
  pen.fillStyle = "#ffffff";
  pen.fill(shape);
  pen.fillStyle = colour;
  pen.fill(shape, "evenodd");
  pen.restore();
}

function countText(count: number): string {
  return count < 10000 ? String(count) : `${(count / 10000).toFixed(1)}万`;
}

/** The symbols of one layer, each painted once. */
export class LayerSymbols {
  readonly #config: LayerConfig;
  readonly #aside: readonly [number, number];
  readonly #kindColours: ReadonlyMap<string, string>;
  readonly #statuses: ReadonlyMap<string, Mark & { marked: boolean }>;
  readonly #known = new Map<string, Sprite>();
  readonly #tints = new Map<string, HTMLCanvasElement>();
  #glyph: HTMLImageElement | undefined;
  #ratio = 1;
  #sheet = new SpriteSheet(1);

  constructor(config: LayerConfig, statuses: StatusConfig[], place: number, places: number) {
    this.#config = config;
    const angle = (place / places) * 2 * Math.PI - Math.PI / 2;
    this.#aside = places > 1 ? [Math.cos(angle) * SIDEWAYS, Math.sin(angle) * SIDEWAYS] : [0, 0];
    this.#kindColours = new Map(config.kinds.map((kind) => [kind.value, kind.colour ?? config.colour]));
    this.#statuses = new Map(
      statuses.map(({ value, colour, shape, marked }) => [value, { colour, shape: new Path2D(shape), marked }]),
    );
  }

  async load(): Promise<void> {
    this.#glyph = await loadGlyph(this.#config.icon);
    this.#forget();
  }

  /** Paint for a screen of so many pixels a pixel of the page from now on. */
  sharpen(ratio: number): void {
    if (ratio === this.#ratio) return;
    this.#ratio = ratio;
    this.#forget();
  }

  colourOf(kind: string): string {
    return this.#kindColours.get(kind) ?? this.#config.colour;
  }

  /** A circle with its number; with a status, in its colour and with its mark. */
  cluster(count: number, status: string): Sprite {
    return this.#once(`cluster/${count}/${status}`, () => {
      const told = this.#statuses.get(status);
      const colour = told?.colour ?? this.#config.colour;
      const radius = Math.min(17, 8 + Math.log10(count) * 2);
      const mark = told?.marked ? told : undefined;
      const side = 2 * (radius + (mark ? MARK : 2));
      const painting = this.#sheet.paint(side, (pen) => {
        pen.fillStyle = "rgba(255, 255, 255, 0.95)";
        circle(pen, side / 2, side / 2, radius + 0.75);
        pen.fillStyle = colour;
        circle(pen, side / 2, side / 2, radius - 0.75);
        pen.font = `600 ${count < 100 ? 11 : 10.5}px ${FONT}`;
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.fillStyle = told && isLight(colour) ? COLOURS.label : "#ffffff";
        pen.fillText(countText(count), side / 2, side / 2 + 0.5);
        const corner = radius * 0.75;
        if (mark) putShape(pen, mark, [side / 2 + corner - MARK / 2, side / 2 - corner - MARK / 2], MARK);
      });
      return { ...painting, aside: this.#aside, reach: radius };
    });
  }

  single(kind: string, status: string, byStatus: boolean): Sprite {
    const told = this.#statuses.get(status);
    const mark = told?.marked ? told : undefined;
    const colour = this.colourOf(kind);
    return this.#once(`single/${colour}/${byStatus || mark ? status : ""}/${byStatus}`, () => {
      const shaped = byStatus ? told : undefined;
      const side = shaped ? SHAPED : DISC;
      const painting = this.#sheet.paint(side, (pen) => {
        if (shaped) putShape(pen, shaped, [3, 3], side - 6);
        else disc(pen, colour);
        this.#putGlyph(pen, shaped?.colour ?? colour, side, shaped ? GLYPH_IN_SHAPE : GLYPH);
        if (mark && !shaped) putShape(pen, mark, [side - 11, 1], 10);
      });
      return { ...painting, aside: [0, 0], reach: side / 2 };
    });
  }

  outline(kind: string, status: string): Outline {
    const colour = this.#statuses.get(status)?.colour ?? this.colourOf(kind);
    return { colour, fill: `${colour}40` };
  }

  #putGlyph(pen: CanvasRenderingContext2D, colour: string, side: number, wide: number): void {
    if (!this.#glyph) return;
    const drawn = isLight(colour) ? this.#tinted(this.#glyph, COLOURS.label) : this.#glyph;
    pen.drawImage(drawn, (side - wide) / 2, (side - wide) / 2, wide, wide);
  }

  #tinted(glyph: HTMLImageElement, colour: string): HTMLCanvasElement {
    const known = this.#tints.get(colour);
    if (known) return known;
    const made = painted(GLYPH, 2, (pen) => {
      pen.drawImage(glyph, 0, 0, GLYPH, GLYPH);
      pen.globalCompositeOperation = "source-in";
      pen.fillStyle = colour;
      pen.fillRect(0, 0, GLYPH, GLYPH);
    });
    this.#tints.set(colour, made);
    return made;
  }

  #once(key: string, make: () => Sprite): Sprite {
    const known = this.#known.get(key);
    if (known) return known;
    // Counts differ without end; what is in sight is soon painted again.
    if (this.#known.size >= KEPT) this.#forget();
    const made = make();
    this.#known.set(key, made);
    return made;
  }

  #forget(): void {
    this.#known.clear();
    this.#sheet = new SpriteSheet(this.#ratio);
  }
}

function disc(pen: CanvasRenderingContext2D, colour: string): void {
  const middle = DISC / 2;
  pen.fillStyle = "#ffffff";
  circle(pen, middle, middle, middle - 1);
  pen.fillStyle = colour;
  circle(pen, middle, middle, middle - 2.5);
}
