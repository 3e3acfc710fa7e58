// Parcels and further lines laid over each other: the faces between them, who has each, and what parcels become when
// faces change hands. Neighbours get the nodes that this puts on their edges.
import { type Coverage } from "./plan-topology-coverage";
import { Linework, edgeKey, isSound, united } from "./plan-topology-noding";
import {
  type Box, type Changes, type Parcel, type Place, Refusal, type Rings, areaOf, boxOf, contains, edgesOf, equalParcels, freshId, innerPlace,
  keyOf, meanWidth, segments,
} from "./plan-topology";

/** Thinner parts are left over by mistake [m]. */
const THINNEST = 0.004;
/** What may be missing or too much where a line meets the village's outline [m²]. */
const SLACK = 0.01;

export interface Face {
  rings: Rings;
  inner: Place;
  /** Ids of the parcels that have it. */
  owners: readonly string[];
}

export class Arrangement {
  readonly faces: readonly Face[];
  readonly #work: Linework;

  constructor(readonly coverage: Coverage, readonly parcels: readonly Parcel[], lines: readonly (readonly Place[])[]) {
    this.#work = new Linework([...parcels.flatMap(({ rings }) => rings), ...lines]);
    const placed = parcels.map((parcel) => ({ parcel, box: boxOf(parcel.rings) }));
    this.faces = this.#work.faces().map((rings) => {
      const inner = innerPlace(rings);
      const owners = placed
        .filter(({ parcel, box }) => inBox(inner, box) && contains(parcel.rings, inner))
        .map(({ parcel }) => parcel.id);
      return { rings, inner, owners };
    });
  }

  /**
   * What becomes of the parcels when faces are given away.
   * @param owners who has a face then; as many as it had where it stays
   * @param known parcels that may be new, by id
   */
  given(owners: (face: Face) => readonly string[], known: readonly Parcel[] = []): Changes {
    const before = new Map([...known, ...this.parcels].map((each) => [each.id, each]));
    const parts = new Map<string, Rings[]>([...before.keys()].map((id) => [id, []]));
    const touched = new Set<string>(known.filter(({ rings }) => rings.length === 0).map(({ id }) => id));
    for (const face of this.faces) {
      const now = owners(face);
      for (const id of now) parts.get(id)?.push(face.rings);
      for (const id of [...face.owners, ...now]) if (face.owners.includes(id) !== now.includes(id)) touched.add(id);
    }
    const changes = new Map<string, Parcel | null>();
    for (const id of touched) {
      const parcel = before.get(id);
      if (parcel) for (const each of asParcels(parcel, united(parts.get(id) ?? []))) changes.set(...each);
    }
    return this.withNodes(changes);
  }

  /** Changes with the nodes that other parcels need, whether they were laid out here or lie beside. */
  withNodes(changes: Changes): Changes {
    const found = new Map(changes);
    const beside = new Map(this.parcels.map((each) => [each.id, each]));
    for (const [a, b] of this.#work.noded()) {
      for (const each of this.coverage.besides(a, b)) beside.set(each.id, each);
    }
    for (const [id, parcel] of beside) {
      if (found.has(id)) continue;
      const rings = this.#noded(parcel);
      if (rings) found.set(id, { ...parcel, rings });
    }
    return found;
  }

  /** A parcel's rings with their new nodes; nothing where there are none. */
  #noded(parcel: Parcel): Rings | undefined {
    const rings = parcel.rings.map((ring) => {
      const places = segments(ring).flatMap(([a, b]) => (this.#work.chain(a, b) ?? [a, b]).slice(0, -1));
      const [first] = places;
      return first ? [...places, first] : places;
    });
    return rings.some((ring, i) => ring.length !== parcel.rings[i]?.length) ? rings : undefined;
  }
}

function inBox([x, y]: Place, [left, bottom, right, top]: Box): boolean {
  return x >= left && x <= right && y >= bottom && y <= top;
}

/** A parcel in its parts: the largest keeps its id; nothing left: it is no more. */
export function asParcels(parcel: Parcel, parts: readonly Rings[]): [string, Parcel | null][] {
  const sorted = parts.toSorted((a, b) => areaOf(b) - areaOf(a));
  if (sorted.length === 0) return [[parcel.id, null]];
  return sorted.map((rings, i) => {
    const id = i === 0 ? parcel.id : freshId();
    return [id, { ...parcel, id, rings }];
  });
}

/** Leave out what stays as it is; refuse broken shapes and parts that nobody meant. */
export function checked(coverage: Coverage, changes: Changes, keepsLand: boolean): Changes {
  const found = new Map([...changes].filter(([id, after]) => !equalParcels(coverage.parcels.get(id), after ?? undefined)
    && (after !== null || coverage.parcels.has(id))));
  for (const [id, after] of found) {
    if (!after) continue;
    const was = coverage.parcels.get(id);
    const place = after.rings[0]?.[0];
    if (!isSound(after.rings)) throw new Refusal("crosses", "这样会使图斑自相交或压到相邻图斑，请换一个位置。", place);
    if (meanWidth(after.rings) < THINNEST && (!was || meanWidth(was.rings) >= THINNEST)) {
      throw new Refusal("too_close", "这条线与已有节点或边相距太近，会留下极窄的碎片。请对准该节点（打开捕捉），或离开一点再画。", place);
    }
  }
  if (keepsLand && !isSameLand(coverage, found)) {
    throw new Refusal("crosses", "这样会使图斑自相交或压到相邻图斑，请换一个位置。");
  }
  return found;
}

/**
 * Whether parcels cover after a change just what they covered before, as often. Sound polygons whose edges, with those
 * shared in opposite directions dropped, are the same cover the same land: no computed number is in it.
 */
function isSameLand(coverage: Coverage, changes: Changes): boolean {
  const net = new Map<string, { a: Place; b: Place; count: number }>();
  const count = (rings: Rings, by: number): void => {
    for (const [a, b] of edgesOf(rings)) {
      const key = edgeKey(a, b);
      const sign = keyOf(a) < keyOf(b) ? by : -by;
      const known = net.get(key);
      if (known) known.count += sign;
      else net.set(key, keyOf(a) < keyOf(b) ? { a, b, count: sign } : { a: b, b: a, count: sign });
    }
  };
  for (const [id, after] of changes) {
    const before = coverage.parcels.get(id);
    if (before) count(before.rings, -1);
    if (after) count(after.rings, 1);
  }
  const left = [...net.values()].filter((each) => each.count !== 0);
  if (left.length === 0) return true;
  // A node that was put on the village's outline lies beside it by a rounding.
  const [x0, y0] = left[0]?.a ?? [0, 0];
  const area = left.reduce((sum, { a, b, count: times }) =>
    sum + (times * ((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0))) / 2, 0);
  return Math.abs(area) < SLACK && left.every(({ a, b }) => coverage.onBorder(a) && coverage.onBorder(b));
}
