// Reading vector tiles (Mapbox Vector Tile 2): only what our own server writes, straight into flat lists.
import { PbfReader } from "pbf";

export type Value = string | number | boolean | null;
export type Values = Readonly<Record<string, Value>>;

export type Shape = "point" | "line" | "polygon";

export interface TileFeature {
  shape: Shape;
  /** Points, lines or rings, each as x, y, x, y … in units of the tile; rings come without their closing point. */
  parts: number[][];
  values: Values;
}

export interface TilePart {
  /** Units along each side of the tile. */
  extent: number;
  features: TileFeature[];
}

const SHAPES: readonly (Shape | undefined)[] = [undefined, "point", "line", "polygon"];
const MOVE = 1;
const LINE = 2;

interface Raw {
  name: string;
  extent: number;
  keys: string[];
  values: Value[];
  /** Where each feature begins; they are read when all keys and values are known. */
  places: number[];
}

function readValue(pbf: PbfReader): Value {
  const end = pbf.readVarint() + pbf.pos;
  let value: Value = null;
  while (pbf.pos < end) {
    const tag = pbf.readVarint() >> 3;
    if (tag === 1) value = pbf.readString();
    else if (tag === 2) value = pbf.readFloat();
    else if (tag === 3) value = pbf.readDouble();
    else if (tag === 4) value = pbf.readVarint(true);
    else if (tag === 5) value = pbf.readVarint();
    else if (tag === 6) value = pbf.readSVarint();
    else value = pbf.readBoolean();
  }
  return value;
}

function readParts(pbf: PbfReader): number[][] {
  const end = pbf.readVarint() + pbf.pos;
  const parts: number[][] = [];
  let part: number[] = [];
  let x = 0;
  let y = 0;
  while (pbf.pos < end) {
    const command = pbf.readVarint();
    const kind = command & 7;
    if (kind !== MOVE && kind !== LINE) continue;
    for (let left = command >> 3; left > 0; left -= 1) {
      x += pbf.readSVarint();
      y += pbf.readSVarint();
      if (kind === MOVE) parts.push(part = []);
      part.push(x, y);
    }
  }
  return parts;
}

function readFeature(pbf: PbfReader, { keys, values }: Raw): TileFeature | undefined {
  const end = pbf.readVarint() + pbf.pos;
  const told: Record<string, Value> = {};
  let shape: Shape | undefined;
  let parts: number[][] = [];
  while (pbf.pos < end) {
    const field = pbf.readVarint();
    const tag = field >> 3;
    if (tag === 2) {
      const last = pbf.readVarint() + pbf.pos;
      while (pbf.pos < last) {
        const key = keys[pbf.readVarint()] ?? "";
        told[key] = values[pbf.readVarint()] ?? null;
      }
    } else if (tag === 3) shape = SHAPES[pbf.readVarint()];
    else if (tag === 4) parts = readParts(pbf);
    else pbf.skip(field);
  }
  return shape && { shape, parts, values: told };
}

function readPart(tag: number, raw: Raw, pbf: PbfReader): void {
  if (tag === 1) raw.name = pbf.readString();
  else if (tag === 2) {
    raw.places.push(pbf.pos);
    pbf.skip(2);
  } else if (tag === 3) raw.keys.push(pbf.readString());
  else if (tag === 4) raw.values.push(readValue(pbf));
  else if (tag === 5) raw.extent = pbf.readVarint();
}

/** Add a line or a polygon to a path, in units of the tile. */
export function trace(path: Path2D, { shape, parts }: TileFeature): void {
  for (const part of parts) {
    path.moveTo(part[0] ?? 0, part[1] ?? 0);
    for (let i = 2; i + 1 < part.length; i += 2) path.lineTo(part[i] ?? 0, part[i + 1] ?? 0);
    if (shape === "polygon") path.closePath();
  }
}

/** The parts of a tile by their names; nothing of an empty tile. */
export function readTile(buffer: ArrayBuffer): Map<string, TilePart> {
  const pbf = new PbfReader(buffer);
  const found = new Map<string, TilePart>();
  pbf.readFields((tag) => {
    if (tag !== 3) return;
    const empty: Raw = { name: "", extent: 4096, keys: [], values: [], places: [] };
    const raw = pbf.readMessage(readPart, empty);
    const after = pbf.pos;
    const features = raw.places.map((place) => {
      pbf.pos = place;
      return readFeature(pbf, raw);
    });
    pbf.pos = after;
    found.set(raw.name, { extent: raw.extent, features: features.filter((each) => each !== undefined) });
  }, undefined);
  return found;
}
