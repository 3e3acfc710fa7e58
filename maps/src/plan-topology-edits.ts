// Edits that keep the coverage: each returns what changes, or refuses with a word on what to do instead. They mirror
// fuliang_gis/planning/editing.py, since the server looks at everything again.
import { Arrangement, type Face, asParcels, checked } from "./plan-topology-arrange";
import { type Coverage } from "./plan-topology-coverage";
import { edgeKey, isSound, nodeIn, united } from "./plan-topology-noding";
import {
  type Changes, type Parcel, type Place, Refusal, type Ring, type Rings, boxOf, contains, distance, edgesOf, equalParcels, freshId,
  innerPlace, keyOf, nearestOn, onGrid, ringsFrom, same, segments, wider, withoutRepeats,
} from "./plan-topology";

export type Look = Pick<Parcel, "code" | "label" | "households">;

/** Split parcels along a line; the largest part of each keeps its id. */
export function split(coverage: Coverage, ids: readonly string[], line: readonly Place[]): Changes {
  const parcels = ids.map((id) => coverage.get(id));
  const laid = new Arrangement(coverage, parcels, [line.map(onGrid)]);
  const changes = new Map<string, Parcel | null>();
  for (const parcel of parcels) {
    const parts = laid.faces.filter(({ owners }) => owners.includes(parcel.id)).map(({ rings }) => rings);
    if (parts.length > 1) for (const each of asParcels(parcel, parts)) changes.set(...each);
  }
  if (changes.size === 0) throw new Refusal("not_split", "分割线没有把图斑分开，请画一条两端都在图斑边界上或之外的线。", line[0]);
  return checked(coverage, laid.withNodes(changes), true);
}

/** Merge parcels that lie beside each other; one keeps its id, code and name. */
export function merge(coverage: Coverage, ids: readonly string[], keep: string): Changes {
  const parcels = ids.map((id) => coverage.get(id));
  const whole = united(parcels.map(({ rings }) => rings));
  const [rings] = whole;
  if (parcels.length < 2 || whole.length !== 1 || !rings) {
    throw new Refusal("not_merged", "只有相邻的两个以上图斑才能合并，请重新选择有公共边的图斑。");
  }
  const changes = new Map<string, Parcel | null>(ids.map((id) => [id, null]));
  return checked(coverage, changes.set(keep, { ...coverage.get(keep), rings }), true);
}

/** Cut a piece out of a parcel; the piece becomes a parcel of its own. */
export function cutHole(coverage: Coverage, id: string, ring: readonly Place[], look: Look): [Changes, string] {
  const parcel = coverage.get(id);
  const [shell] = ringsFrom([ring]);
  if (!shell || !isSound([shell]) || !liesInside(parcel.rings, shell)) {
    throw new Refusal("not_inside", "挖出的部分必须完全在图斑之内，且不能自相交。要挖到边上，请用“画图斑”。", ring[0]);
  }
  const piece: Parcel = { ...look, id: freshId(), rings: [shell] };
  const rest = { ...parcel, rings: [...parcel.rings, shell.toReversed()] };
  return [checked(coverage, new Map([[id, rest], [piece.id, piece]]), true), piece.id];
}

function liesInside(rings: Rings, piece: Ring): boolean {
  if (!piece.every((place) => contains(rings, place))) return false;
  const own = edgesOf(rings);
  const clear = segments(piece).every(([a, b]) => own.every(([c, d]) => {
    const side = (p: Place, q: Place, r: Place): number => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    return side(a, b, c) > 0 === side(a, b, d) > 0 || side(c, d, a) > 0 === side(c, d, b) > 0;
  }));
  // A hole that the piece goes round is not inside.
  return clear && rings.slice(1).every(([place]) => place && !contains([piece], place));
}

/** Move a corner of every parcel that has it. */
export function moveCorner(coverage: Coverage, corner: Place, to: Place): Changes {
  if (coverage.isCorner(corner)) throw new Refusal("frozen", "村界上的节点已冻结，不能移动。", corner);
  const owners = coverage.ownersOf(corner);
  if (owners.size === 0) throw new Refusal("no_corner", "这里没有图斑的节点，请对准一个节点。", corner);
  const end = onGrid(to);
  return checked(coverage, new Map([...owners].map((id) => [id, withPlaces(coverage.get(id), (place) =>
    (same(place, corner) ? [end] : [place]))])), true);
}

/** Parcels as they would be with a corner elsewhere, whether they fit so or not. */
export function shifted(coverage: Coverage, corner: Place, to: Place): Parcel[] {
  return [...coverage.ownersOf(corner)].map((id) => withPlaces(coverage.get(id), (place) => (same(place, corner) ? [to] : [place])));
}

/** Several edits as one: each sees what those before it made, and nothing stays if one of them is refused. */
export function together(coverage: Coverage, edits: readonly (() => Changes)[]): Changes {
  const before = new Map(coverage.parcels);
  const touched = new Set<string>();
  try {
    for (const edit of edits) {
      const changes = edit();
      for (const id of changes.keys()) touched.add(id);
      coverage.apply(changes);
    }
    return new Map([...touched].map((id) => [id, coverage.parcels.get(id) ?? null]));
  } finally {
    coverage.apply(new Map([...touched].map((id) => [id, before.get(id) ?? null])));
  }
}

/** Take a node out of every parcel that has it. */
export function removeNode(coverage: Coverage, node: Place): Changes {
  if (coverage.isCorner(node)) throw new Refusal("frozen", "村界上的节点已冻结，不能删除。", node);
  const owners = [...coverage.ownersOf(node)];
  const beside = new Set(owners.flatMap((id) => neighbours(coverage.get(id), node)).map(keyOf));
  if (beside.size > 2) throw new Refusal("junction", "三个以上图斑在此交会，不能删除这个节点；可以移动它。", node);
  const changes = new Map(owners.map((id) => [id, withPlaces(coverage.get(id), (place) => (same(place, node) ? [] : [place]))]));
  if ([...changes.values()].some(({ rings }) => rings.some((ring) => ring.length < 4))) {
    throw new Refusal("too_few", "图斑至少要有三个节点，不能再删。", node);
  }
  // The land between the old and the new edge changes hands, if two parcels share it.
  if (owners.length === 1 && !coverage.onBorder(node)) throw new Refusal("gap_edge", "这里一侧没有图斑，删除节点会改变空隙。请先补画空隙。", node);
  return checked(coverage, changes, true);
}

function neighbours({ rings }: Parcel, node: Place): Place[] {
  const found = nodeIn(rings, node);
  if (!found) return [];
  const open = found.ring.slice(0, -1);
  const at = found.at % open.length;
  return [open[(at + open.length - 1) % open.length], open[(at + 1) % open.length]].filter((each) => each !== undefined);
}

/** A parcel whose nodes are other ones; its rings stay closed and repeat no node. */
function withPlaces(parcel: Parcel, become: (place: Place) => readonly Place[]): Parcel {
  const rings = parcel.rings.map((ring) => {
    const open = withoutRepeats(ring.slice(0, -1).flatMap(become));
    const [first] = open;
    const last = open.at(-1);
    if (!first || !last) return [];
    return same(first, last) ? [...open.slice(0, -1), first] : [...open, first];
  });
  return { ...parcel, rings };
}

/** Put a node on an edge, for all parcels that have it; return where it came to lie. */
export function insertNode(coverage: Coverage, edge: readonly [Place, Place], at: Place): [Changes, Place] {
  const place = onGrid(nearestOn(edge, at).place);
  if (edge.some((end) => same(end, place))) throw new Refusal("too_close", "离已有节点太近，请直接移动该节点。", place);
  const [a, b] = edge;
  const changes = new Map(coverage.besides(a, b).map((parcel) => [parcel.id, noded(parcel, edge, place)]));
  return [checked(coverage, changes, true), place];
}

function noded(parcel: Parcel, edge: readonly [Place, Place], node: Place): Parcel {
  const rings = parcel.rings.map((ring) => {
    const places = segments(ring).flatMap(([a, b]) => (edgeKey(a, b) === edgeKey(...edge) ? [a, node] : [a]));
    const [first] = places;
    return first ? [...places, first] : places;
  });
  return { ...parcel, rings };
}

/** Give an area to a parcel, new or old, and take it from whoever had it; land outside the village is left out. */
export function give(coverage: Coverage, target: Parcel, area: Rings): Changes {
  const known = coverage.parcels.get(target.id) ?? { ...target, rings: [] };
  const around = coverage.near(wider(boxOf(area), 0.01));
  const patch = known.rings.length > 0 && !around.includes(known) ? [...around, known] : around;
  const taken = (face: Face): boolean => contains(area, face.inner);
  let laid = new Arrangement(coverage, patch, area);
  if (laid.faces.some((face) => face.owners.length === 0 && taken(face))) {
    laid = new Arrangement(coverage, patch, [...area, ...coverage.borderEdges(wider(boxOf(area), 1))]);
  }
  const inVillage = ({ inner }: Face): boolean => coverage.boundary.some((rings) => contains(rings, inner));
  const changes = laid.given((face) => {
    if (!taken(face)) return face.owners;
    return face.owners.length > 0 || inVillage(face) ? [target.id] : [];
  }, [known]);
  if (!changes.has(target.id) && known.rings.length === 0) throw new Refusal("outside", "画出的部分都在村界之外，请画在村界内。", area[0]?.[0]);
  const fresh = changes.get(target.id);
  if (!fresh) {
    if (known.rings.length === 0) throw new Refusal("outside", "画出的部分都在村界之外，请画在村界内。", area[0]?.[0]);
    return checked(coverage, changes, false);
  }
  return checked(coverage, new Map([...changes, [target.id, { ...fresh, ...lookOf(target) }]]), false);
}

function lookOf({ code, label, households }: Look): Look {
  return { code, label, households };
}

/** Draw a new parcel, which cuts its land out of what it covers. */
export function draw(coverage: Coverage, ring: readonly Place[], look: Look): [Changes, string] {
  const area = ringsFrom([ring]);
  if (!isSound(area)) throw new Refusal("crosses", "画出的边线自相交，请重画。", ring[0]);
  const id = freshId();
  return [give(coverage, { ...look, id, rings: [] }, area), id];
}

/** Neighbours of a parcel by the length of the common border [m], the longest first. */
export function bordersOf(coverage: Coverage, parcel: Parcel): { parcel: Parcel; metres: number }[] {
  const found = new Map<string, number>();
  for (const [a, b] of edgesOf(parcel.rings)) {
    for (const other of coverage.besides(a, b)) {
      if (other.id !== parcel.id) found.set(other.id, (found.get(other.id) ?? 0) + distance(a, b));
    }
  }
  return [...found].map(([id, metres]) => ({ parcel: coverage.get(id), metres })).sort((a, b) => b.metres - a.metres);
}

/** Remove parcels; their land falls to a neighbour, or stays open where none is named. */
export function remove(coverage: Coverage, ids: readonly string[], taker: string | null): Changes {
  if (taker !== null) return merge(coverage, [...ids.filter((id) => id !== taker), taker], taker);
  return new Map(ids.map((id) => [id, null]));
}

/** Give parcels another look: code, name, households. */
export function recode(coverage: Coverage, ids: readonly string[], look: Partial<Look>): Changes {
  const looked = ids.map((id) => ({ ...coverage.get(id), ...look })).filter((each) => !equalParcels(each, coverage.get(each.id)));
  return checked(coverage, new Map(looked.map((each) => [each.id, each])), true);
}

/** Part a parcel along the outlines of areas: what lies inside them becomes parcels of their own, which are told. */
export function cutByArea(coverage: Coverage, id: string, areas: readonly Rings[]): [Changes, string[]] {
  const parcel = coverage.get(id);
  const laid = new Arrangement(coverage, [parcel], areas.flat());
  const own = laid.faces.filter(({ owners }) => owners.includes(id));
  const isIn = ({ inner }: Face): boolean => areas.some((rings) => contains(rings, inner));
  const groups = [true, false].map((wanted) => united(own.filter((face) => isIn(face) === wanted).map(({ rings }) => rings)));
  const [within = [], without = []] = groups;
  if (within.length === 0 || without.length === 0) throw new Refusal("not_split", "这条管控边界没有把图斑分开，请直接改用地。");
  const changes = new Map(asParcels(parcel, [...within, ...without]));
  const inside = [...changes].flatMap(([name, each]) =>
    (each && areas.some((rings) => contains(rings, innerPlace(each.rings))) ? [name] : []));
  return [checked(coverage, laid.withNodes(changes), true), inside];
}

/** Take from a parcel what lies outside the village. */
export function clip(coverage: Coverage, id: string): Changes {
  const parcel = coverage.get(id);
  const laid = new Arrangement(coverage, [parcel], coverage.borderEdges(wider(boxOf(parcel.rings), 1)));
  const inVillage = (face: Face): boolean => coverage.boundary.some((rings) => contains(rings, face.inner));
  return checked(coverage, laid.given((face) => (inVillage(face) ? face.owners : [])), false);
}

/** Where two parcels lie on each other, one of them keeps the land. */
export function cutOverlap(coverage: Coverage, keeper: string, other: string): Changes {
  const laid = new Arrangement(coverage, [coverage.get(keeper), coverage.get(other)], []);
  return checked(coverage, laid.given(({ owners }) => (owners.length > 1 ? [keeper] : owners)), false);
}

/** Put parcels as they were drawn upon another state: each takes its land from whoever has it there. */
export function putUpon(coverage: Coverage, mine: Changes): void {
  const untouched = new Map(coverage.parcels);
  for (const parcel of mine.values()) {
    if (parcel) coverage.apply(give(coverage, parcel, parcel.rings));
  }
  for (const [id] of [...mine].filter(([, parcel]) => parcel === null)) {
    const left = coverage.parcels.get(id);
    if (!left) continue;
    // What others gave it meanwhile is left over and falls to a neighbour; land that was left open stays open.
    const [best] = left === untouched.get(id) ? [] : bordersOf(coverage, left);
    coverage.apply(remove(coverage, [id], best?.parcel.id ?? null));
  }
}
