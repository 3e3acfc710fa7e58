// Redrawing part of a parcel's border, with what that makes of its neighbours.
import { Arrangement, type Face, checked } from "./plan-topology-arrange";
import { type Coverage } from "./plan-topology-coverage";
import { edgeKey, isSound } from "./plan-topology-noding";
import {
  type Changes, type Parcel, type Place, Refusal, type Ring, type Rings, areaOf, boxOf, contains, distance, edgesOf, nearestOn, onGrid,
  ringsFrom, same, segments, wider, withoutRepeats,
} from "./plan-topology";

/** Redraw part of a parcel's border: what it gains is taken from the others, what it gives up falls to a neighbour. */
export function reshape(coverage: Coverage, id: string, line: readonly Place[]): Changes {
  const parcel = coverage.get(id);
  const wanted = reshaped(coverage, parcel, line.map(onGrid));
  const around = coverage.near(wider(boxOf([...wanted, ...parcel.rings]), 0.01));
  let laid = new Arrangement(coverage, around, wanted);
  if (laid.faces.some((face) => face.owners.length === 0 && contains(wanted, face.inner))) {
    laid = new Arrangement(coverage, around, [...wanted, ...coverage.borderEdges(wider(boxOf(wanted), 1))]);
  }
  const inVillage = (face: Face): boolean => coverage.boundary.some((rings) => contains(rings, face.inner));
  return checked(coverage, laid.given((face) => {
    if (contains(wanted, face.inner)) return face.owners.length > 0 || inVillage(face) ? [id] : [];
    if (!face.owners.includes(id)) return face.owners;
    return [takerOf(laid, face, id)];
  }), false);
}

/** The outline that a parcel gets when a line takes the place of part of it; holes stay. */
function reshaped(coverage: Coverage, parcel: Parcel, line: readonly Place[]): Rings {
  const laid = new Arrangement(coverage, [parcel], [line]);
  const shell = laid.withNodes(new Map()).get(parcel.id)?.rings[0] ?? parcel.rings[0] ?? [];
  const drawn = nodedLine(line, shell);
  const open = shell.slice(0, -1);
  const at = (place: Place): number => open.findIndex((each) => same(each, place));
  const on = drawn.map((place, i) => [i, at(place)] as const).filter(([, where]) => where >= 0);
  const [first, last] = [on[0], on.at(-1)];
  if (!first || !last || first[1] === last[1]) {
    throw new Refusal("not_reshaped", "重画的线要从图斑边界的一处画到另一处，请让两端落在边界上（打开捕捉）。", line[0]);
  }
  const path = drawn.slice(first[0], last[0] + 1);
  const forward = around(open, last[1], first[1]);
  const back = around(open, first[1], last[1]).toReversed();
  const candidates = [forward, back]
    .map((kept) => ringsFrom([[...path, ...kept.slice(1)]]))
    .filter((rings) => isSound(rings))
    .map((rings) => ({ rings, off: offBy(laid, parcel.id, rings) }))
    .sort((a, b) => a.off - b.off);
  const [best] = candidates;
  if (!best) throw new Refusal("crosses", "重画的线自相交或穿过边界多次，请分几次画。", line[0]);
  return [...best.rings, ...parcel.rings.slice(1)];
}

/** The line with the nodes of a ring that lie on it. */
function nodedLine(line: readonly Place[], ring: Ring): Place[] {
  const reach = 1e-3;
  return withoutRepeats(segments(line).flatMap(([a, b]) => {
    const on = ring
      .map((place) => ({ place, ...along([a, b], place) }))
      .filter(({ far }) => far < reach)
      .sort((one, other) => one.along - other.along);
    return [a, ...on.map(({ place }) => place), b];
  }));
}

function along(edge: readonly [Place, Place], place: Place): { along: number; far: number } {
  const found = nearestOn(edge, place);
  return { along: found.along, far: found.far };
}

function around(open: readonly Place[], from: number, to: number): Place[] {
  return from <= to ? open.slice(from, to + 1) : [...open.slice(from), ...open.slice(0, to + 1)];
}

function offBy(laid: Arrangement, id: string, rings: Rings): number {
  return laid.faces
    .filter((face) => face.owners.includes(id) !== contains(rings, face.inner))
    .reduce((sum, face) => sum + areaOf(face.rings), 0);
}

/** Who gets a face: the parcel with the longest border to it. */
function takerOf(laid: Arrangement, face: Face, giver: string): string {
  const own = new Map(edgesOf(face.rings).map(([a, b]) => [edgeKey(a, b), distance(a, b)]));
  const borders = new Map<string, number>();
  for (const other of laid.faces) {
    if (other === face || other.owners.includes(giver)) continue;
    const shared = edgesOf(other.rings).reduce((sum, [a, b]) => sum + (own.get(edgeKey(a, b)) ?? 0), 0);
    for (const id of other.owners) borders.set(id, (borders.get(id) ?? 0) + shared);
  }
  const [best] = [...borders].sort((a, b) => b[1] - a[1]);
  if (!best || best[1] === 0) {
    throw new Refusal("nobody", "让出的地没有相邻图斑可以接收（另一侧是村界或空隙）。请把线画在村界之内。", face.inner);
  }
  return best[0];
}
