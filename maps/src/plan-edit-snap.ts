// Places that lie to the last digit on what is drawn already, and the way along an edge from one to another.
import type { Guides } from "./plan-edit-guides";
import type { Coverage } from "./plan-topology-coverage";
import { type Place, type Ring, type Rings, distance, edgesOf, lengthOf, nearestOn, onGrid, same, segments, wider } from "./plan-topology";

export interface Snapped {
  place: Place;
  kind: "node" | "edge" | "free";
  /** The edge that it lies on. */
  edge?: readonly [Place, Place];
}

/**
 * What is near a place, within a reach [m]: nodes before edges, and else the place itself, rounded.
 * @param further places that are nodes too: of a line being drawn
 * @param except a node that is being moved: nothing holds it where it was
 */
export function snap(
  coverage: Coverage, guides: Guides, at: Place, reach: number, further: readonly Place[] = [], except?: Place,
): Snapped {
  const box = wider([at[0], at[1], at[0], at[1]], reach);
  const edges = [...coverage.near(box).flatMap(({ rings }) => closeEdges(rings, box)), ...coverage.borderEdges(box), ...guides.edgesIn(box)]
    .filter((edge) => !except || !edge.some((end) => same(end, except)));
  const node = nearestNode([...edges.flat(), ...further], at, reach);
  if (node) return { place: node, kind: "node" };
  let best: Snapped | undefined;
  let nearest = reach;
  for (const edge of edges) {
    const { place, far } = nearestOn(edge, at);
    if (far >= nearest) continue;
    nearest = far;
    best = { place: onGrid(place), kind: "edge", edge };
  }
  return best ?? { place: onGrid(at), kind: "free" };
}

function closeEdges(rings: Rings, [left, bottom, right, top]: readonly [number, number, number, number]): [Place, Place][] {
  return edgesOf(rings).filter(([[ax, ay], [bx, by]]) =>
    Math.min(ax, bx) <= right && Math.max(ax, bx) >= left && Math.min(ay, by) <= top && Math.max(ay, by) >= bottom);
}

function nearestNode(nodes: readonly Place[], at: Place, reach: number): Place | undefined {
  let best: Place | undefined;
  let nearest = reach;
  for (const node of nodes) {
    const far = distance(node, at);
    if (far < nearest) [best, nearest] = [node, far];
  }
  return best;
}

/** The nodes between two places of one ring, by the shorter way; nothing where no ring has both. */
export function traced(coverage: Coverage, guides: Guides, from: Place, to: Place): Place[] | undefined {
  if (same(from, to)) return undefined;
  const reach = 1e-3;
  const rings = [
    ...coverage.near(wider([from[0], from[1], from[0], from[1]], reach)).flatMap((parcel) => parcel.rings),
    ...coverage.boundary.flat(),
    ...guides.ringsAt(from, reach),
  ];
  const ways = rings.flatMap((ring) => waysAlong(ring, from, to, reach));
  return ways.sort((a, b) => lengthOf([from, ...a, to]) - lengthOf([from, ...b, to]))[0];
}

function waysAlong(ring: Ring, from: Place, to: Place, reach: number): Place[][] {
  const [begin, end] = [edgeAt(ring, from, reach), edgeAt(ring, to, reach)];
  if (!begin || !end) return [];
  return [wayFrom(ring, begin, end), wayFrom(ring, end, begin).reverse()]
    .map((way) => way.filter((place) => !same(place, from) && !same(place, to)));
}

interface OnRing { at: number; along: number }

/** The nodes passed in the ring's own direction. */
function wayFrom(ring: Ring, begin: OnRing, end: OnRing): Place[] {
  const open = ring.slice(0, -1);
  const round = begin.at === end.at && begin.along > end.along;
  const count = round ? open.length : (end.at - begin.at + open.length) % open.length;
  return Array.from({ length: count }, (_, i) => open[(begin.at + 1 + i) % open.length]).filter((place) => place !== undefined);
}

function edgeAt(ring: Ring, place: Place, reach: number): OnRing | undefined {
  let best: OnRing | undefined;
  let nearest = reach;
  segments(ring).forEach((edge, at) => {
    const { far, along } = nearestOn(edge, place);
    if (far < nearest) [best, nearest] = [{ at, along }, far];
  });
  return best;
}
