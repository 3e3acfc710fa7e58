// Paints the county's own base map from its tiles: land, boundaries, roads, then names that do not touch each other.
// It knows no map library, so that it can work beside the page's main thread.
import type { GroundView } from "./ground-view";
import { type Box, zoomOf } from "./mercator";
import { readTile, trace } from "./mvt";
import { COLOURS, FONT, ROADS } from "./palette";
import { type Place, boxOf, keyOf } from "./tiles";

type Pen = OffscreenCanvasRenderingContext2D;

/** A place to paint, and the tile that it is painted from: its own, or a wider one until that has come. */
export interface Painted {
  place: Place;
  tile: Place;
}

interface Name {
  text: string;
  level: string;
  x: number;
  y: number;
}

interface GroundTile {
  extent: number;
  paths: ReadonlyMap<string, Path2D>;
  names: Name[];
}

// From the lowest to the highest.
const CLASSES = Object.keys(ROADS).reverse();
const VILLAGE_NAMES_FROM = 12.3;
const LARGE_NAMES_FROM = 10.5;
const LINE_HEIGHT = 1.25;
const VILLAGE_NAME_BELOW = 16;

function readGround(buffer: ArrayBuffer): GroundTile {
  const parts = readTile(buffer);
  const paths = new Map<string, Path2D>();
  const gather = (part: string, field: string): void => {
    for (const feature of parts.get(part)?.features ?? []) {
      const name = String(feature.values[field]);
      const path = paths.get(name) ?? new Path2D();
      trace(path, feature);
      paths.set(name, path);
    }
  };
  gather("division", "level");
  gather("road", "class");
  const labels = parts.get("label");
  const extent = labels?.extent ?? 4096;
  const names = (labels?.features ?? []).map(({ parts: [[x = 0, y = 0] = []], values }) => (
    { text: String(values.name), level: String(values.level), x, y }
  ));
  // A name near an edge is told by both tiles; it belongs to the one that it lies in.
  const own = names.filter(({ x, y }) => x >= 0 && y >= 0 && x < extent && y < extent);
  return { extent, paths, names: own };
}

/** Tell whether a box touches one of those that are taken, and take it if not. */
function take(taken: Box[], box: Box): boolean {
  const free = taken.every((each) => box[0] > each[2] || box[2] < each[0] || box[1] > each[3] || box[3] < each[1]);
  if (free) taken.push(box);
  return free;
}

export class GroundPainter {
  readonly #tiles = new Map<string, GroundTile>();

  hold(place: Place, buffer: ArrayBuffer): void {
    this.#tiles.set(keyOf(place), readGround(buffer));
  }

  drop(place: Place): void {
    this.#tiles.delete(keyOf(place));
  }

  paint(view: GroundView, painted: readonly Painted[]): ImageBitmap {
    const canvas = new OffscreenCanvas(view.width, view.height);
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("no canvas");
    if (!view.over) {
      pen.fillStyle = COLOURS.outside;
      pen.fillRect(0, 0, view.width, view.height);
    }
    pen.lineJoin = pen.lineCap = "round";
    for (const each of painted) this.#paintTile(pen, view, each);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    this.#paintNames(pen, view, painted);
    return canvas.transferToImageBitmap();
  }

  #paintTile(pen: Pen, view: GroundView, { place, tile }: Painted): void {
    const found = this.#tiles.get(keyOf(tile));
    if (!found) return;
    const [left, top, right, bottom] = onPaper(view, boxOf(place));
    const [tileLeft, tileTop, tileRight] = onPaper(view, boxOf(tile));
    const scale = (tileRight - tileLeft) / found.extent;
    pen.save();
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.beginPath();
    // Neighbours share whole pixels, so that no seam shows between them.
    pen.rect(Math.round(left), Math.round(top), Math.round(right) - Math.round(left), Math.round(bottom) - Math.round(top));
    pen.clip();
    pen.setTransform(scale, 0, 0, scale, tileLeft, tileTop);
    const stroke = (name: string, colour: string, width: number): void => {
      const path = found.paths.get(name);
      if (!path) return;
      pen.strokeStyle = colour;
      pen.lineWidth = (width * view.ratio) / scale;
      pen.stroke(path);
    };
    const land = found.paths.get("county");
    if (land && !view.over) {
      pen.fillStyle = COLOURS.land;
      pen.fill(land, "evenodd");
    }
    stroke("village", COLOURS.villageEdge, 0.8);
    if (!view.over) paintRoads(stroke, zoomIn(view));
    stroke("county", COLOURS.countyGlow, 9);
    stroke("county", COLOURS.countyEdge, 1.8);
    stroke("township", COLOURS.townshipEdge, 1.1);
    pen.restore();
  }

  #paintNames(pen: Pen, view: GroundView, painted: readonly Painted[]): void {
    const zoom = zoomIn(view);
    const taken: Box[] = [];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 3 * view.ratio;
    pen.strokeStyle = COLOURS.halo;
    for (const level of zoom < VILLAGE_NAMES_FROM ? ["township"] : ["township", "village"]) {
      const large = level === "township";
      const size = (large && zoom >= LARGE_NAMES_FROM ? 14 : 12) * view.ratio;
      pen.font = `${large ? "600 " : ""}${size}px ${FONT}`;
      pen.fillStyle = large ? COLOURS.label : COLOURS.labelQuiet;
      for (const { text, x, y } of this.#names(view, painted, level)) {
        const below = y + (large ? 0 : VILLAGE_NAME_BELOW * view.ratio);
        const half = pen.measureText(text).width / 2;
        const high = (size * LINE_HEIGHT) / 2;
        if (!take(taken, [x - half, below - high, x + half, below + high])) continue;
        pen.strokeText(text, x, below);
        pen.fillText(text, x, below);
      }
    }
  }

  /** The names of a level, where they stand on the picture [device px]. */
  #names(view: GroundView, painted: readonly Painted[], level: string): Name[] {
    return painted.flatMap(({ place, tile }) => {
      const found = this.#tiles.get(keyOf(tile));
      const [left, top, right, bottom] = onPaper(view, boxOf(place));
      const [tileLeft, tileTop, tileRight] = onPaper(view, boxOf(tile));
      const scale = (tileRight - tileLeft) / (found?.extent ?? 1);
      return (found?.names ?? [])
        .filter((name) => name.level === level)
        .map((name) => ({ ...name, x: tileLeft + name.x * scale, y: tileTop + name.y * scale }))
        .filter(({ x, y }) => x >= left && x < right && y >= top && y < bottom);
    });
  }
}

/** A box on the picture [device px]: left, top, right, bottom. */
function onPaper({ box, width }: GroundView, [west, south, east, north]: Box): Box {
  const scale = width / (box[2] - box[0]);
  return [(west - box[0]) * scale, (box[3] - north) * scale, (east - box[0]) * scale, (box[3] - south) * scale];
}

function zoomIn({ box, width, ratio }: GroundView): number {
  return zoomOf(((box[2] - box[0]) * ratio) / width);
}

function paintRoads(stroke: (name: string, colour: string, width: number) => void, zoom: number): void {
  const scale = Math.min(3, Math.max(0.6, 0.6 + (zoom - 9) * 0.28));
  for (const name of CLASSES) stroke(name, ROADS[name]?.casing ?? "", (ROADS[name]?.width ?? 0) * scale + 1.2);
  for (const name of CLASSES) stroke(name, ROADS[name]?.colour ?? "", (ROADS[name]?.width ?? 0) * scale);
}
