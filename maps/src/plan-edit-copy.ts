// Taking parcels of another scheme into this one: their uses alone, or their shapes too.
import { button, byId, element } from "./elements";
import type { Desk } from "./plan-edit-desk";
import type { Spot, Tool } from "./plan-edit-tools";
import { areaWords } from "./plan-words";
import { give, recode, together } from "./plan-topology-edits";
import { type Changes, type Parcel, areaOf, contains, freshId, innerPlace } from "./plan-topology";

export class CopyTool implements Tool {
  readonly words = "点选另一方案（紫色虚线）里要复制的图斑，再选复制什么。";
  readonly #desk: Desk;
  readonly #bar = byId("pe-sketch");
  readonly #done: () => void;
  #others: readonly Parcel[] = [];
  #picked: Parcel[] = [];

  constructor(desk: Desk, done: () => void) {
    this.#desk = desk;
    this.#done = done;
  }

  set others(parcels: readonly Parcel[]) {
    this.#others = parcels;
    this.#picked = [];
  }

  start(): void {
    this.#picked = [];
    this.#desk.model.choose([]);
    this.#show();
  }

  stop(): void {
    this.#picked = [];
    this.#bar.hidden = true;
    this.#desk.map.clearSketch();
  }

  click({ place }: Spot): void {
    const found = this.#others.find(({ rings }) => contains(rings, place));
    if (!found) return;
    this.#picked = this.#picked.includes(found) ? this.#picked.filter((each) => each !== found) : [...this.#picked, found];
    this.#show();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key !== "Escape") return false;
    this.#done();
    return true;
  }

  #show(): void {
    const none = this.#picked.length === 0;
    const shapes = button("复制图形和用地", () => { this.#copy("复制图形和用地", () => this.#shapes()); }, "button button--small button--primary");
    const uses = button("只复制用地", () => { this.#copy("复制用地", () => this.#uses()); });
    shapes.disabled = uses.disabled = none;
    const words = none ? "点选要复制的图斑" : `${this.#picked.length} 个，${areaWords(this.#picked.reduce((sum, { rings }) => sum + areaOf(rings), 0))}`;
    this.#bar.replaceChildren(element("strong", "", "从另一方案复制"), element("span", "pe-sketch__size", words), shapes, uses, button("取消", this.#done));
    this.#bar.hidden = false;
    this.#desk.map.drawPicked(this.#picked);
  }

  #copy(label: string, edit: () => Changes): void {
    if (this.#desk.attempt(label, edit)) this.#done();
  }

  #shapes(): Changes {
    const { coverage } = this.#desk.model;
    return together(coverage, this.#picked.map((parcel) => () => {
      const id = coverage.parcels.has(parcel.id) ? freshId() : parcel.id;
      return give(coverage, { ...parcel, id, rings: [] }, parcel.rings);
    }));
  }

  #uses(): Changes {
    const { coverage } = this.#desk.model;
    return together(coverage, this.#picked.map(({ id, code, label, households, rings }) => () => {
      const own = coverage.parcels.get(id);
      const below = own ? [own] : [...coverage.parcels.values()].filter((each) => contains(rings, innerPlace(each.rings)));
      return recode(coverage, below.map((each) => each.id), { code, label, households });
    }));
  }
}
