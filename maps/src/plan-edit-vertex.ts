// The one node that keys work on: stepped through with Tab, nudged with arrows, removed with Delete, told aloud.
import type { Desk } from "./plan-edit-desk";
import { areaWords, placeWords } from "./plan-words";
import { insertNode, moveCorner, removeNode } from "./plan-topology-edits";
import { type Parcel, type Place, areaOf, onGrid, same } from "./plan-topology";

export class Vertex {
  /** Told whenever it moves or is left. */
  onMove: (() => void) | undefined;
  readonly #desk: Desk;
  #place: Place | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
    desk.model.onChange(() => { this.#keepUp(); });
  }

  get place(): Place | undefined {
    return this.#place;
  }

  get parcel(): Parcel | undefined {
    return this.#desk.model.chosenParcels[0];
  }

  /** The nodes of the chosen parcel, ring by ring, each once. */
  get nodes(): Place[] {
    return this.parcel?.rings.flatMap((ring) => ring.slice(0, -1)) ?? [];
  }

  get index(): number {
    const place = this.#place;
    return place ? this.nodes.findIndex((each) => same(each, place)) : -1;
  }

  at(place: Place, tell = true): void {
    this.#place = place;
    this.#desk.map.drawCurrent(place);
    this.#desk.map.lookAtPlace(place);
    this.onMove?.();
    if (tell) this.tell();
  }

  leave(): void {
    if (!this.#place) return;
    this.#place = undefined;
    this.#desk.map.drawCurrent(undefined);
    this.onMove?.();
  }

  /** Go on by so many nodes; tells whether there is one there. */
  step(by: number): boolean {
    const { nodes, index } = this;
    const to = nodes[index < 0 ? (by > 0 ? 0 : nodes.length - 1) : index + by];
    if (!to) return false;
    this.at(to);
    return true;
  }

  /** Move it by metres, for every parcel that has it. */
  nudge(east: number, north: number): void {
    if (this.#place) this.moveTo([this.#place[0] + east, this.#place[1] + north]);
  }

  moveTo(to: Place): boolean {
    const from = this.#place;
    const end = onGrid(to);
    if (!from || same(from, end)) return false;
    const done = this.#desk.attempt("移动节点", () => moveCorner(this.#desk.model.coverage, from, end));
    if (done) this.at(end);
    return done;
  }

  remove(): boolean {
    const { index } = this;
    const node = this.#place;
    if (!node) return false;
    const done = this.#desk.attempt("删除节点", () => removeNode(this.#desk.model.coverage, node));
    if (!done) return false;
    const next = this.nodes[Math.max(0, Math.min(index, this.nodes.length - 1))];
    if (next) this.at(next);
    else this.leave();
    return true;
  }

  /** Put a node in the middle of the edge that follows. */
  insertAfter(): void {
    const node = this.#place;
    const ring = this.parcel?.rings.find((each) => node && each.some((place) => same(place, node)));
    if (!node || !ring) return;
    const next = ring[ring.findIndex((place) => same(place, node)) + 1];
    if (!next) return;
    let made = node;
    const middle: Place = [(node[0] + next[0]) / 2, (node[1] + next[1]) / 2];
    const done = this.#desk.attempt("加节点", () => {
      const [changes, place] = insertNode(this.#desk.model.coverage, [node, next], middle);
      made = place;
      return changes;
    });
    if (done) this.at(made);
  }

  /** Tell where it is, who shares it and how large the parcel is. */
  tell(): void {
    const { parcel, index, nodes } = this;
    const place = this.#place;
    if (!place || !parcel) return;
    const { coverage } = this.#desk.model;
    const owners = coverage.ownersOf(place).size;
    const frozen = coverage.isCorner(place) ? "，村界节点，已冻结" : "";
    const words = `第 ${index + 1}/${nodes.length} 点：${placeWords(place)}，${owners} 个图斑共用${frozen}。面积 ${areaWords(areaOf(parcel.rings))}`;
    this.#desk.say(words);
    this.#desk.tell(words);
  }

  #keepUp(): void {
    const place = this.#place;
    if (place && !this.nodes.some((each) => same(each, place))) this.leave();
    else this.onMove?.();
  }
}
