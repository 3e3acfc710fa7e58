// Linework made to meet in nodes alone, on the grid that coordinates are kept to (snap rounding), and the faces
// between it. Numbers are steps from a corner of the place, so products of two stay exact for some nine kilometres.
import Coordinate from "jsts/org/locationtech/jts/geom/Coordinate.js";
import GeometryFactory from "jsts/org/locationtech/jts/geom/GeometryFactory.js";
import Polygonizer from "jsts/org/locationtech/jts/operation/polygonize/Polygonizer.js";
import IsValidOp from "jsts/org/locationtech/jts/operation/valid/IsValidOp.js";

import { type Place, type Ring, type Rings, STEPS, areaOf, keyOf, same, segments } from "./plan-topology";

/** The few methods of jsts that are called; its own types say "any". */
interface JstsRing { getCoordinates(): { x: number; y: number }[] }
interface JstsPolygon { getExteriorRing(): JstsRing; getNumInteriorRing(): number; getInteriorRingN(n: number): JstsRing }
interface JstsList { size(): number; get(n: number): JstsPolygon }

const factory = new GeometryFactory();

type Segment = readonly [Place, Place];

/** A segment as whole steps from the corner; `by` keeps it apart from the others. */
interface Stepped { ax: number; ay: number; bx: number; by: number; nodes: [number, number][] }

export function edgeKey(a: Place, b: Place): string {
  const [one, other] = [keyOf(a), keyOf(b)];
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

export class Linework {
  /** What each segment became: the places from its begin to its end. */
  readonly #chains = new Map<string, Place[]>();
  readonly #pieces = new Map<string, Segment>();

  constructor(lines: readonly (readonly Place[])[]) {
    const unique = new Map<string, Segment>();
    for (const segment of lines.flatMap(segments)) {
      if (!same(...segment)) unique.set(edgeKey(...segment), segment);
    }
    const all = [...unique.values()];
    const corner = cornerOf(all);
    const stepped = all.map(([a, b]): Stepped => {
      const [[ax, ay], [bx, by]] = [steps(a, corner), steps(b, corner)];
      return { ax, ay, bx, by, nodes: [] };
    });
    snapRound(stepped);
    all.forEach((segment, i) => {
      const chain = (stepped[i]?.nodes ?? []).map(([x, y]): Place => [(x + corner[0]) / STEPS, (y + corner[1]) / STEPS]);
      this.#chains.set(edgeKey(...segment), chain);
      for (const piece of segments(chain)) this.#pieces.set(edgeKey(...piece), piece);
    });
  }

  /** What became of an edge, from a to b; nothing where it is as it was. */
  chain(a: Place, b: Place): Place[] | undefined {
    const chain = this.#chains.get(edgeKey(a, b));
    const [first] = chain ?? [];
    if (!chain || !first || chain.length <= 2) return undefined;
    return same(first, a) ? chain : chain.toReversed();
  }

  /** Edges that have got nodes. */
  * noded(): Generator<Segment> {
    for (const chain of this.#chains.values()) {
      const [first, last] = [chain[0], chain.at(-1)];
      if (chain.length > 2 && first && last) yield [first, last];
    }
  }

  faces(): Rings[] {
    return polygons([...this.#pieces.values()]);
  }
}

/** The polygons between segments that meet in their ends alone. */
export function polygons(pieces: readonly Segment[]): Rings[] {
  const polygonizer = new Polygonizer();
  for (const [a, b] of pieces) {
    polygonizer.add(factory.createLineString([new Coordinate(a[0], a[1]), new Coordinate(b[0], b[1])]));
  }
  const found = polygonizer.getPolygons() as unknown as JstsList;
  return Array.from({ length: found.size() }, (_, i) => ringsOf(found.get(i)));
}

function ringsOf(polygon: JstsPolygon): Rings {
  const holes = Array.from({ length: polygon.getNumInteriorRing() }, (_, i) => polygon.getInteriorRingN(i));
  return [polygon.getExteriorRing(), ...holes].map((each, i) => {
    const ring = each.getCoordinates().map(({ x, y }): Place => [x, y]);
    return areaOf([ring]) > 0 === (i === 0) ? ring : ring.toReversed();
  });
}

/** Whether rings are a polygon that crosses and touches itself nowhere it must not. */
export function isSound(rings: Rings): boolean {
  if (rings.length === 0 || rings.some((ring) => ring.length < 4)) return false;
  if (rings.some((ring, i) => areaOf([ring]) > 0 !== (i === 0))) return false;
  const [shell, ...holes] = rings.map((ring) =>
    factory.createLinearRing(ring.map(([x, y]) => new Coordinate(x, y))) as unknown);
  return IsValidOp.isValid(factory.createPolygon(shell, holes));
}

/** The outlines of polygons taken together: edges that two of them share are dropped. */
export function united(all: readonly Rings[]): Rings[] {
  const net = new Map<string, [Place, Place]>();
  for (const [a, b] of all.flat().flatMap(segments)) {
    const back = `${keyOf(b)} ${keyOf(a)}`;
    if (net.has(back)) net.delete(back);
    else net.set(`${keyOf(a)} ${keyOf(b)}`, [a, b]);
  }
  return polygons([...net.values()]).filter(([shell]) => {
    const [a, b] = shell ?? [];
    return a !== undefined && b !== undefined && net.has(`${keyOf(a)} ${keyOf(b)}`);
  });
}

// --- snap rounding ---

function cornerOf(all: readonly Segment[]): [number, number] {
  let [left, bottom] = [Infinity, Infinity];
  for (const [x, y] of all.flat()) {
    if (x < left) left = x;
    if (y < bottom) bottom = y;
  }
  return [Math.round(left * STEPS), Math.round(bottom * STEPS)];
}

function steps([x, y]: Place, corner: readonly [number, number]): [number, number] {
  return [Math.round(x * STEPS) - corner[0], Math.round(y * STEPS) - corner[1]];
}

/** Give every segment all nodes that it passes within half a step, in their order along it. */
function snapRound(all: readonly Stepped[]): void {
  const hot = new Map<string, [number, number]>();
  const heat = (x: number, y: number): void => { hot.set(`${x} ${y}`, [x, y]); };
  for (const { ax, ay, bx, by } of all) {
    heat(ax, ay);
    heat(bx, by);
  }
  for (const [one, other] of meeting(all)) {
    const crossing = crossingOf(one, other);
    if (crossing) heat(...crossing);
  }
  const nodes = [...hot.values()].sort((a, b) => a[0] - b[0]);
  for (const segment of all) {
    const [left, right] = [Math.min(segment.ax, segment.bx) - 1, Math.max(segment.ax, segment.bx) + 1];
    const passed: [number, number][] = [];
    for (let i = firstFrom(nodes, left); i < nodes.length; i += 1) {
      const node = nodes[i];
      if (!node || node[0] > right) break;
      if (passes(segment, node)) passed.push(node);
    }
    const [dx, dy] = [segment.bx - segment.ax, segment.by - segment.ay];
    const along = ([x, y]: [number, number]): number => (x - segment.ax) * dx + (y - segment.ay) * dy;
    segment.nodes = passed.sort((a, b) => along(a) - along(b));
  }
}

function firstFrom(nodes: readonly [number, number][], left: number): number {
  let [low, high] = [0, nodes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((nodes[middle]?.[0] ?? Infinity) < left) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Pairs whose boxes meet, by a sweep from west to east. */
function* meeting(all: readonly Stepped[]): Generator<[Stepped, Stepped]> {
  const sorted = all.toSorted((a, b) => Math.min(a.ax, a.bx) - Math.min(b.ax, b.bx));
  let open: Stepped[] = [];
  for (const each of sorted) {
    const left = Math.min(each.ax, each.bx);
    const [bottom, top] = [Math.min(each.ay, each.by), Math.max(each.ay, each.by)];
    open = open.filter((other) => Math.max(other.ax, other.bx) >= left);
    for (const other of open) {
      if (Math.min(other.ay, other.by) <= top && Math.max(other.ay, other.by) >= bottom) yield [each, other];
    }
    open.push(each);
  }
}

/** Where two segments truly cross, rounded; ends that touch are nodes anyway. */
function crossingOf(one: Stepped, other: Stepped): [number, number] | undefined {
  const side = (s: Stepped, x: number, y: number): number => (s.bx - s.ax) * (y - s.ay) - (s.by - s.ay) * (x - s.ax);
  const [a, b] = [side(one, other.ax, other.ay), side(one, other.bx, other.by)];
  if (a === 0 || b === 0 || a > 0 === b > 0) return undefined;
  const [c, d] = [side(other, one.ax, one.ay), side(other, one.bx, one.by)];
  if (c === 0 || d === 0 || c > 0 === d > 0) return undefined;
  const along = c / (c - d);
  return [Math.round(one.ax + along * (one.bx - one.ax)), Math.round(one.ay + along * (one.by - one.ay))];
}

/** Whether a segment passes a node's square of one step. */
function passes({ ax, ay, bx, by }: Stepped, [x, y]: readonly [number, number]): boolean {
  if (y < Math.min(ay, by) - 0.5 || y > Math.max(ay, by) + 0.5) return false;
  if (x < Math.min(ax, bx) - 0.5 || x > Math.max(ax, bx) + 0.5) return false;
  const side = (px: number, py: number): number => (bx - ax) * (py - ay) - (by - ay) * (px - ax);
  const corners = [side(x - 0.5, y - 0.5), side(x + 0.5, y - 0.5), side(x - 0.5, y + 0.5), side(x + 0.5, y + 0.5)];
  return Math.min(...corners) <= 0 && Math.max(...corners) >= 0;
}

/** Tell which ring of some a place is a node of, and where in it. */
export function nodeIn(rings: Rings, place: Place): { ring: Ring; at: number } | undefined {
  for (const ring of rings) {
    const at = ring.findIndex((each) => same(each, place));
    if (at >= 0) return { ring, at };
  }
  return undefined;
}
