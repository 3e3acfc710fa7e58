// All parcels of a scheme, found by place: who lies near, who owns a node, what is frozen.
import RBush from "ol/structs/RBush.js";

import { type Box, type Changes, NEAR, type Parcel, type Place, type Rings, boxOf, edgesOf, keyOf, nearestOn, wider } from "./plan-topology";

interface Entry { parcel: Parcel }
interface Edge { edge: [Place, Place] }

export class Coverage {
  readonly parcels = new Map<string, Parcel>();
  /** The village's outline: polygons, each a shell with holes. */
  readonly boundary: readonly Rings[];
  readonly #tree = new RBush<Entry>(16);
  readonly #entries = new Map<string, Entry>();
  readonly #owners = new Map<string, Set<string>>();
  readonly #frozen: Set<string>;
  readonly #border = new RBush<Edge>(16);

  constructor(boundary: readonly Rings[], parcels: Iterable<Parcel>) {
    this.boundary = boundary;
    this.#frozen = new Set(boundary.flat(2).map(keyOf));
    const edges = boundary.flatMap(edgesOf).map((edge): Edge => ({ edge }));
    this.#border.load(edges.map(({ edge }) => boxOf([edge])), edges);
    const entries = [...parcels].map((parcel): Entry => ({ parcel }));
    this.#tree.load(entries.map(({ parcel }) => boxOf(parcel.rings)), entries);
    for (const entry of entries) this.#note(entry);
  }

  get(id: string): Parcel {
    const found = this.parcels.get(id);
    if (!found) throw new Error(`no parcel ${id}`);
    return found;
  }

  apply(changes: Changes): void {
    for (const [id, parcel] of changes) {
      const known = this.#entries.get(id);
      if (known) this.#forget(known);
      if (!parcel) continue;
      const entry = { parcel };
      this.#tree.insert(boxOf(parcel.rings), entry);
      this.#note(entry);
    }
  }

  /** Parcels whose boxes meet a box. */
  near(box: Box): Parcel[] {
    return this.#tree.getInExtent(box).map(({ parcel }) => parcel);
  }

  ownersOf(place: Place): ReadonlySet<string> {
    return this.#owners.get(keyOf(place)) ?? new Set();
  }

  /** Parcels that have an edge, in either direction. */
  besides(a: Place, b: Place): Parcel[] {
    const others = this.ownersOf(b);
    return [...this.ownersOf(a)].filter((id) => others.has(id)).map((id) => this.get(id)).filter((parcel) => hasEdge(parcel, a, b));
  }

  isCorner(place: Place): boolean {
    return this.#frozen.has(keyOf(place));
  }

  /** Whether a place lies on the village's outline, which never moves. */
  onBorder(place: Place, within = NEAR): boolean {
    if (this.isCorner(place)) return true;
    const box = wider([place[0], place[1], place[0], place[1]], within);
    return this.#border.getInExtent(box).some(({ edge }) => nearestOn(edge, place).far <= within);
  }

  borderEdges(box: Box): [Place, Place][] {
    return this.#border.getInExtent(box).map(({ edge }) => edge);
  }

  #note(entry: Entry): void {
    const { parcel } = entry;
    this.parcels.set(parcel.id, parcel);
    this.#entries.set(parcel.id, entry);
    for (const place of parcel.rings.flat()) {
      const key = keyOf(place);
      const known = this.#owners.get(key);
      if (known) known.add(parcel.id);
      else this.#owners.set(key, new Set([parcel.id]));
    }
  }

  #forget(entry: Entry): void {
    const { parcel } = entry;
    this.#tree.remove(entry);
    this.#entries.delete(parcel.id);
    this.parcels.delete(parcel.id);
    for (const place of parcel.rings.flat()) {
      const key = keyOf(place);
      const known = this.#owners.get(key);
      known?.delete(parcel.id);
      if (known?.size === 0) this.#owners.delete(key);
    }
  }
}

function hasEdge(parcel: Parcel, a: Place, b: Place): boolean {
  const [one, other] = [keyOf(a), keyOf(b)];
  return edgesOf(parcel.rings).some(([from, to]) => {
    const [begin, end] = [keyOf(from), keyOf(to)];
    return (begin === one && end === other) || (begin === other && end === one);
  });
}
