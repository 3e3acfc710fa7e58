// Tiles of one address: which of them cover a view, each asked for once and kept while it is right.

import { type Box, HALF_WORLD_M } from "./mercator";

export interface Place {
  z: number;
  x: number;
  y: number;
}

/** How tiles are cut. */
export interface Grid {
  /** Side of a tile on the screen [px]. */
  pixels: number;
  deepest: number;
}

export const GROUND_GRID: Grid = { pixels: 512, deepest: 15 };
// The server counts in 16 × 16 cells a tile; a tile of this size makes a cell 64 to 128 pixels wide, which tells
// where things are and leaves room for the clusters of several layers. The deepest is the server's SINGLES_FROM:
// deeper tiles would hold nothing new.
export const LOCATION_GRID: Grid = { pixels: 1024, deepest: 13 };

/** How many tiles are kept beside those in sight. */
const KEPT = 160;

export function keyOf({ z, x, y }: Place): string {
  return `${z}/${x}/${y}`;
}

/** The box of a tile; its side is `east - west`. */
export function boxOf({ z, x, y }: Place): Box {
  const side = (2 * HALF_WORLD_M) / 2 ** z;
  const west = x * side - HALF_WORLD_M;
  const north = HALF_WORLD_M - y * side;
  return [west, north - side, west + side, north];
}

export function meet(one: Box, other: Box): boolean {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

/** The level whose tiles are one to two times their size on the screen at a resolution [m/px]. */
function levelAt({ pixels, deepest }: Grid, resolution: number): number {
  const widest = (2 * HALF_WORLD_M) / pixels;
  return Math.min(deepest, Math.max(0, Math.floor(Math.log2(widest / resolution) + 1e-6)));
}

/** The tiles that cover a box at a resolution; beyond `within` nothing lies, so nothing is asked for there. */
export function covering(grid: Grid, box: Box, resolution: number, within?: Box): Place[] {
  const z = levelAt(grid, resolution);
  const side = (2 * HALF_WORLD_M) / 2 ** z;
  const last = 2 ** z - 1;
  const [west, south, east, north] = box;
  const at = (metres: number): number => Math.min(last, Math.max(0, Math.floor(metres / side)));
  const places: Place[] = [];
  for (let y = at(HALF_WORLD_M - north); y <= at(HALF_WORLD_M - south); y += 1) {
    for (let x = at(west + HALF_WORLD_M); x <= at(east + HALF_WORLD_M); x += 1) places.push({ z, x, y });
  }
  return within ? places.filter((place) => meet(boxOf(place), within)) : places;
}

/** Tell whether a map is zooming by itself, on its way past levels at which nothing need be drawn anew. */
export class Zooming {
  #resolution: number | undefined;

  /** `animating` is also true of a map that glides on after a push, where new ground does come into sight. */
  look(resolution: number, animating: boolean): boolean {
    const changed = resolution !== this.#resolution;
    this.#resolution = resolution;
    return animating && changed;
  }
}

interface Held<T> {
  value: T | undefined;
  /** The turn in which it was asked for last; an older one is shown until its successor has come. */
  turn: number;
  asking: boolean;
}

export interface TileOptions<T> {
  address: string;
  grid: Grid;
  within: Box | undefined;
  load: (address: string, place: Place) => Promise<T>;
  onArrival: () => void;
  onDrop?: (place: Place) => void;
}

export class Tiles<T> {
  readonly #options: TileOptions<T>;
  readonly #held = new Map<string, Held<T>>();
  #address: string;
  #turn = 0;

  constructor(options: TileOptions<T>) {
    this.#options = options;
    this.#address = options.address;
  }

  /** The tiles that cover a box at a resolution. */
  covering(box: Box, resolution: number): Place[] {
    return covering(this.#options.grid, box, resolution, this.#options.within);
  }

  get(place: Place): T | undefined {
    return this.#held.get(keyOf(place))?.value;
  }

  /** Tell whether nothing of these tiles is awaited. */
  complete(places: readonly Place[]): boolean {
    return places.every((place) => {
      const held = this.#held.get(keyOf(place));
      return held !== undefined && !held.asking && held.turn === this.#turn;
    });
  }

  /** Ask for what is not held, or is old; forget what has not been wanted for long. */
  ask(places: readonly Place[]): void {
    for (const place of places) {
      const key = keyOf(place);
      const held = this.#held.get(key);
      if (held) {
        // The order of a Map is that of entering: what is wanted again goes to the end.
        this.#held.delete(key);
        this.#held.set(key, held);
      }
      if (held?.turn !== this.#turn) void this.#fetch(place, held?.value);
    }
    this.#forget(places.length + KEPT);
  }

  /** Take tiles from another address; those in sight stay until theirs have come. */
  moveTo(address: string): void {
    if (address === this.#address) return;
    this.#address = address;
    this.refresh();
  }

  refresh(): void {
    this.#turn += 1;
    this.#options.onArrival();
  }

  async #fetch(place: Place, before: T | undefined): Promise<void> {
    const key = keyOf(place);
    const held: Held<T> = { value: before, turn: this.#turn, asking: true };
    this.#held.set(key, held);
    try {
      const value = await this.#options.load(this.#address, place);
      if (this.#held.get(key) !== held) return;
      held.value = value;
    } catch {
      // The next move asks again: the network may be back by then.
      if (this.#held.get(key) === held) this.#held.delete(key);
      return;
    } finally {
      held.asking = false;
    }
    this.#options.onArrival();
  }

  #forget(allowed: number): void {
    for (const [key, held] of this.#held) {
      if (this.#held.size <= allowed) return;
      if (held.asking) continue;
      this.#held.delete(key);
      const [z = 0, x = 0, y = 0] = key.split("/").map(Number);
      this.#options.onDrop?.({ z, x, y });
    }
  }
}

/** What an address answers; refusals are failures. */
export async function bytesOf(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(String(response.status));
  return response.arrayBuffer();
}

export function addressOf(pattern: string, { z, x, y }: Place): string {
  return pattern.replace("{z}", String(z)).replace("{x}", String(x)).replace("{y}", String(y));
}
