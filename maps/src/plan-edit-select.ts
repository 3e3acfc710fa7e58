// Choosing parcels by a click or a box, and moving, adding and removing the nodes of what is chosen. Neighbours that
// share a node go with it.
import type { Desk } from "./plan-edit-desk";
import type { Spot, Tool } from "./plan-edit-tools";
import type { Vertex } from "./plan-edit-vertex";
import { insertNode, moveCorner, removeNode, shifted, together } from "./plan-topology-edits";
import { type Box, type Changes, type Parcel, type Place, Refusal, areaOf, boxOf, contains, distance, edgesOf, keyOf, same } from "./plan-topology";
import { areaWords } from "./plan-words";

/** More nodes than these are not offered for dragging at once. */
const MOST_HANDLES = 1500;
/** Shorter edges have no handle in their middle [pixels]. */
const MIDDLE_FROM = 36;
/** Parcels with more nodes are looked at only when they are dropped. */
const MOST_CHECKED = 3000;

interface Middle { place: Place; edge: readonly [Place, Place] }

interface Drag {
  from: Place;
  edge?: readonly [Place, Place];
  to?: Place;
}

export class SelectTool implements Tool {
  readonly words = "点选图斑，Shift 加选；拖动节点移动共用角点，拖动边中点加节点。";
  readonly #desk: Desk;
  readonly #vertex: Vertex;
  #handles: Place[] = [];
  #middles: Middle[] = [];
  #drag: Drag | undefined;

  constructor(desk: Desk, vertex: Vertex) {
    this.#desk = desk;
    this.#vertex = vertex;
    desk.model.onChange(({ chosen }) => { if (chosen) this.show(); });
    desk.map.map.on("moveend", () => { this.show(); });
  }

  /** Draw what is chosen, with its nodes where there is room for them. */
  show(): void {
    if (this.#drag) return;
    const { model, map, editable } = this.#desk;
    const parcels = model.chosenParcels;
    const nodes = new Map(parcels.flatMap(({ rings }) => rings.flat()).map((place) => [keyOf(place), place]));
    const few = editable && nodes.size <= MOST_HANDLES;
    this.#handles = few ? [...nodes.values()] : [];
    const edges = few ? new Map(parcels.flatMap(({ rings }) => edgesOf(rings)).map((edge) => [edge.map(keyOf).sort().join(" "), edge])) : [];
    this.#middles = [...edges.values()]
      .filter(([a, b]) => distance(a, b) / map.resolution > MIDDLE_FROM)
      .map((edge) => ({ edge, place: [(edge[0][0] + edge[1][0]) / 2, (edge[0][1] + edge[1][1]) / 2] }));
    map.drawChosen(parcels, this.#handles, this.#middles.map(({ place }) => place));
  }

  click({ place, shift, alt }: Spot): void {
    const { model } = this.#desk;
    const handle = this.#handleAt(place);
    if (handle && alt) {
      this.remove(handle);
      return;
    }
    if (handle && !shift) {
      this.#vertex.at(handle);
      return;
    }
    this.#vertex.leave();
    const found = this.#desk.parcelAt(place);
    if (shift) {
      if (found) model.toggle(found.id);
    } else model.choose(found ? [found.id] : []);
  }

  down({ place, shift }: Spot): boolean {
    if (!this.#desk.editable || shift) return false;
    const handle = this.#handleAt(place);
    if (handle) {
      this.#drag = { from: handle };
      return true;
    }
    const middle = this.#middles.find((each) => distance(each.place, place) < this.#desk.reach * 0.8);
    if (!middle) return false;
    this.#drag = { from: middle.place, edge: middle.edge };
    return true;
  }

  drag({ place }: Spot): void {
    const drag = this.#drag;
    if (!drag) return;
    const { map } = this.#desk;
    const snapped = this.#desk.snap(place, [], drag.from);
    drag.to = snapped.place;
    const { parcels, fits } = this.#preview(drag, snapped.place);
    map.drawMoving(parcels, fits);
    map.drawSketch([snapped.place], false, 0, snapped);
    const [first] = parcels;
    if (first) this.#desk.tell(`${fits ? "" : "这里不行："}${this.#desk.nameOf(first.code)} ${areaWords(areaOf(first.rings))}`);
  }

  up(): void {
    const drag = this.#drag;
    this.#drag = undefined;
    const { map } = this.#desk;
    map.clearSketch();
    if (drag?.to) {
      const to = drag.to;
      const done = this.#desk.attempt("移动节点", () => this.#moved(drag, to));
      if (done) this.#vertex.at(to, false);
    } else if (drag) this.#vertex.at(drag.from);
    map.clearMoving();
    this.show();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "Escape" && this.#drag) {
      this.#drag = undefined;
      this.#desk.map.clearMoving();
      this.#desk.map.clearSketch();
      this.show();
      return true;
    }
    if (event.key === "Escape") {
      this.#desk.model.choose([]);
      return true;
    }
    return false;
  }

  /** Take a node away. */
  remove(node: Place): void {
    this.#vertex.leave();
    this.#desk.attempt("删除节点", () => removeNode(this.#desk.model.coverage, node));
  }

  #handleAt(place: Place): Place | undefined {
    let best: Place | undefined;
    let nearest = this.#desk.reach;
    for (const handle of this.#handles) {
      const far = distance(handle, place);
      if (far < nearest) [best, nearest] = [handle, far];
    }
    return best;
  }

  #moved({ from, edge }: Drag, to: Place): Changes {
    const { coverage } = this.#desk.model;
    if (!edge) return same(from, to) ? new Map() : moveCorner(coverage, from, to);
    let node = from;
    return together(coverage, [
      () => {
        const [changes, place] = insertNode(coverage, edge, from);
        node = place;
        return changes;
      },
      () => (same(node, to) ? new Map() : moveCorner(coverage, node, to)),
    ]);
  }

  #preview(drag: Drag, to: Place): { parcels: Parcel[]; fits: boolean } {
    const { coverage } = this.#desk.model;
    const owners = drag.edge ? coverage.besides(...drag.edge) : [...coverage.ownersOf(drag.from)].map((id) => coverage.get(id));
    const nodes = owners.reduce((sum, { rings }) => sum + rings.reduce((own, ring) => own + ring.length, 0), 0);
    try {
      if (nodes > MOST_CHECKED && !drag.edge) return { parcels: shifted(coverage, drag.from, to), fits: true };
      const changes = this.#moved(drag, to);
      return { parcels: [...changes.values()].filter((each) => each !== null), fits: true };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { parcels: drag.edge ? owners : shifted(coverage, drag.from, to), fits: false };
    }
  }
}

export class BoxTool implements Tool {
  readonly words = "拖出一个框，框到的图斑都选中；按住 Shift 加到已选。";
  readonly #desk: Desk;
  readonly #done: () => void;
  #from: Place | undefined;

  constructor(desk: Desk, done: () => void) {
    this.#desk = desk;
    this.#done = done;
  }

  stop(): void {
    this.#from = undefined;
    this.#desk.map.clearSketch();
  }

  down({ place }: Spot): boolean {
    this.#from = place;
    return true;
  }

  drag({ place }: Spot): void {
    if (this.#from) this.#desk.map.drawSketch(corners(boxOf([[this.#from, place]])), true, 0);
  }

  up({ place, shift }: Spot): void {
    const from = this.#from;
    this.stop();
    if (!from) return;
    const { model } = this.#desk;
    const ids = within(model.coverage.near(boxOf([[from, place]])), boxOf([[from, place]])).map(({ id }) => id);
    model.choose(shift ? [...model.chosen, ...ids] : ids);
    this.#desk.tell(`选中 ${model.chosen.length} 个图斑。`);
    this.#done();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape") return false;
    this.#done();
    return true;
  }
}

function corners([left, bottom, right, top]: Box): Place[] {
  return [[left, bottom], [right, bottom], [right, top], [left, top]];
}

/** Parcels that have a node or an edge in a box, or lie all round it. */
function within(parcels: readonly Parcel[], box: Box): Parcel[] {
  const [left, bottom, right, top] = box;
  const middle: Place = [(left + right) / 2, (bottom + top) / 2];
  return parcels.filter(({ rings }) => contains(rings, middle) || edgesOf(rings).some((edge) => meets(edge, box)));
}

/** Whether an edge and a box have a place in common. */
function meets([a, b]: readonly [Place, Place], [left, bottom, right, top]: Box): boolean {
  if (Math.max(a[0], b[0]) < left || Math.min(a[0], b[0]) > right) return false;
  if (Math.max(a[1], b[1]) < bottom || Math.min(a[1], b[1]) > top) return false;
  const sides = corners([left, bottom, right, top]).map(([x, y]) => (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]));
  return Math.min(...sides) <= 0 && Math.max(...sides) >= 0;
}
