// What a plan is made of in the browser: parcels whose rings share their nodes to the last digit (EPSG:4548 [m]).
// Shells run counter-clockwise and holes clockwise, so that a parcel always lies to the left of its edges.

export type Place = readonly [east: number, north: number];
/** Closed: the last place is the first. */
export type Ring = readonly Place[];
export type Rings = readonly Ring[];
export type Box = [left: number, bottom: number, right: number, top: number];

export interface Parcel {
  readonly id: string;
  readonly code: string;
  readonly label: string;
  readonly households: number;
  readonly rings: Rings;
}

/** What an act makes of parcels; null: it is no more. */
export type Changes = ReadonlyMap<string, Parcel | null>;

/** Steps of coordinates in a metre, as the server keeps them. */
export const STEPS = 10_000;
/** A place closer to an edge lies on it [m]: rounding moves it by 0.71 of a step at most. */
export const NEAR = 0.75 / STEPS;

/** Why an act is not done, in words for the planner. */
export class Refusal extends Error {
  constructor(readonly code: string, text: string, readonly place?: Place) {
    super(text);
  }
}

export function onGrid([east, north]: readonly number[]): Place {
  return [Math.round((east ?? NaN) * STEPS) / STEPS, Math.round((north ?? NaN) * STEPS) / STEPS];
}

export function keyOf(place: Place): string {
  return `${place[0]},${place[1]}`;
}

export function same(a: Place, b: Place): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

export function distance(a: Place, b: Place): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Twice the area that a ring encloses, positive where it runs counter-clockwise. */
function turned(ring: Ring): number {
  const [x0, y0] = ring[0] ?? [0, 0];
  let sum = 0;
  let [px, py] = [0, 0];
  for (const place of ring) {
    const [x, y] = [place[0] - x0, place[1] - y0];
    sum += px * y - x * py;
    [px, py] = [x, y];
  }
  return sum;
}

/** The area [m²] of rings that run as they should; a ring by itself may be negative. */
export function areaOf(rings: Rings): number {
  return rings.reduce((sum, ring) => sum + turned(ring) / 2, 0);
}

export function lengthOf(line: readonly Place[]): number {
  return segments(line).reduce((sum, [a, b]) => sum + distance(a, b), 0);
}

export function segments(line: readonly Place[]): [Place, Place][] {
  const found: [Place, Place][] = [];
  let before: Place | undefined;
  for (const place of line) {
    if (before) found.push([before, place]);
    before = place;
  }
  return found;
}

/** Every edge of rings with the parcel to its left. */
export function edgesOf(rings: Rings): [Place, Place][] {
  return rings.flatMap(segments);
}

/** Rings as they are kept: rounded, closed, without repeated places, the shell first and all turned as they should. */
export function ringsFrom(given: readonly (readonly (readonly number[])[])[]): Rings {
  return given.map((ring, i) => {
    const places = withoutRepeats(ring.map(onGrid));
    const [first] = places;
    const last = places.at(-1);
    const closed = first && last && !same(first, last) ? [...places, first] : places;
    return turned(closed) > 0 === (i === 0) ? closed : closed.toReversed();
  });
}

export function withoutRepeats(line: readonly Place[]): Place[] {
  return line.filter((place, i) => {
    const before = line[i - 1];
    return !before || !same(before, place);
  });
}

export function boxOf(rings: Rings): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of rings.flat()) {
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }
  return box;
}

export function wider([left, bottom, right, top]: Box, by: number): Box {
  return [left - by, bottom - by, right + by, top + by];
}

/** Whether a place lies inside rings (on an edge: either may be told). */
export function contains(rings: Rings, [x, y]: Place): boolean {
  let inside = false;
  for (const ring of rings) {
    let [px, py] = ring.at(-1) ?? [0, 0];
    for (const [qx, qy] of ring) {
      if (py > y !== qy > y && x < ((qx - px) * (y - py)) / (qy - py) + px) inside = !inside;
      [px, py] = [qx, qy];
    }
  }
  return inside;
}

/** A place well inside rings: in the middle of the widest cut through about their middle. */
export function innerPlace(rings: Rings): Place {
  const y = cutHeight(rings);
  const cuts = edgesOf(rings)
    .filter(([[, ay], [, by]]) => ay > y !== by > y)
    .map(([[ax, ay], [bx, by]]) => ax + ((bx - ax) * (y - ay)) / (by - ay))
    .sort((a, b) => a - b);
  let best: [number, number] = [NaN, -1];
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const [from, to] = [cuts[i] ?? 0, cuts[i + 1] ?? 0];
    if (to - from > best[1]) best = [(from + to) / 2, to - from];
  }
  return [best[0], y];
}

/** A height near the middle that no node has. */
function cutHeight(rings: Rings): number {
  const [, bottom, , top] = boxOf(rings);
  const middle = (bottom + top) / 2;
  let [below, above] = [bottom, top];
  for (const [, y] of rings.flat()) {
    if (y <= middle && y > below) below = y;
    if (y > middle && y < above) above = y;
  }
  return (below + above) / 2;
}

/** The place of a segment nearest to another place, and how far along it lies (0 to 1). */
export function nearestOn([a, b]: readonly [Place, Place], [x, y]: Place): { place: Place; along: number; far: number } {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const long = dx * dx + dy * dy;
  const along = long === 0 ? 0 : Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / long));
  const place: Place = [a[0] + along * dx, a[1] + along * dy];
  return { place, along, far: Math.hypot(place[0] - x, place[1] - y) };
}

/** How wide rings are on the whole [m]: thin ones are left over by mistake. */
export function meanWidth(rings: Rings): number {
  const around = rings.reduce((sum, ring) => sum + lengthOf(ring), 0);
  return around === 0 ? 0 : (2 * areaOf(rings)) / around;
}

export function equalParcels(a: Parcel | undefined, b: Parcel | undefined): boolean {
  if (a === b) return true;
  if (a?.code !== b?.code || a?.label !== b?.label || a?.households !== b?.households) return false;
  return a !== undefined && b !== undefined && (a.rings === b.rings || equalRings(a.rings, b.rings));
}

function equalRings(a: Rings, b: Rings): boolean {
  return a.length === b.length && a.every((ring, i) => {
    const other = b[i] ?? [];
    return ring.length === other.length && ring.every((place, j) => same(place, other[j] ?? [NaN, NaN]));
  });
}

/** An id that nobody else draws at the same time. */
export function freshId(): string {
  const digits = crypto.getRandomValues(new Uint32Array(2));
  return `n${[...digits].map((each) => each.toString(36).padStart(7, "0")).join("").slice(0, 9)}`;
}
