// Drawing a line or an outline point by point: snapped, traced along edges, or typed; finished by a double click,
// Enter, a click on the first point, or the button.
import { button, byId, element } from "./elements";
import type { Desk } from "./plan-edit-desk";
import type { Snapped } from "./plan-edit-snap";
import type { Spot, Tool } from "./plan-edit-tools";
import { areaWords, metres } from "./plan-words";
import { type Place, areaOf, distance, lengthOf, ringsFrom, same } from "./plan-topology";

export interface SketchKind {
  title: string;
  words: string;
  closed: boolean;
  /** Make use of what was drawn; tells whether it is done with. */
  finish: (line: readonly Place[]) => boolean;
}

/** One click and the places that it added: tracing adds several. */
type Step = Place[];

export class SketchTool implements Tool {
  readonly words: string;
  readonly kind: SketchKind;
  readonly #desk: Desk;
  readonly #done: () => void;
  readonly #bar = byId("pe-sketch");
  readonly #size = element("span", "pe-sketch__size");
  #steps: Step[] = [];
  #pointer: Place | undefined;

  constructor(desk: Desk, kind: SketchKind, done: () => void) {
    this.#desk = desk;
    this.kind = kind;
    this.words = kind.words;
    this.#done = done;
  }

  get places(): Place[] {
    return this.#steps.flat();
  }

  start(): void {
    this.#steps = [];
    this.#showBar();
  }

  stop(): void {
    this.#steps = [];
    this.#pointer = undefined;
    this.#bar.hidden = true;
    this.#desk.map.clearSketch();
  }

  move({ place }: Spot): void {
    this.#pointer = place;
    this.#draw();
  }

  click({ place, alt }: Spot): void {
    this.#pointer = place;
    const snapped = alt ? { place, kind: "free" as const } : this.#snap(place);
    const { places } = this;
    const first = places[0];
    const last = places.at(-1);
    if (this.kind.closed && first && places.length > 2 && same(first, snapped.place)) {
      this.finish();
      return;
    }
    if (last && same(last, snapped.place)) return;
    this.#add(snapped.place);
  }

  doubleClick(): void {
    this.finish();
  }

  /** Add a place that was typed. */
  add(place: Place): void {
    this.#add(place);
    this.#desk.map.lookAtPlace(place);
  }

  back(): void {
    this.#steps.pop();
    this.#draw();
    this.#showBar();
  }

  finish(): void {
    const { places } = this;
    if (places.length < (this.kind.closed ? 3 : 2)) {
      this.#desk.tell(this.kind.closed ? "至少画三个点才能完成。" : "至少画两个点才能完成。");
      return;
    }
    if (this.kind.finish(places)) {
      this.stop();
      this.#done();
    } else this.#draw();
  }

  cancel(): void {
    this.stop();
    this.#done();
  }

  key(event: KeyboardEvent): boolean {
    if (event.key === "Enter") this.finish();
    else if (event.key === "Backspace") this.back();
    else if (event.key === "Escape") {
      if (this.#steps.length > 0) {
        this.#steps = [];
        this.#draw();
        this.#showBar();
      } else this.cancel();
    } else return false;
    return true;
  }

  #add(place: Place): void {
    const last = this.places.at(-1);
    this.#steps.push([...(last ? this.#desk.trace(last, place) : []), place]);
    this.#draw();
    this.#showBar();
  }

  #snap(place: Place): Snapped {
    return this.#desk.snap(place, this.places);
  }

  #draw(): void {
    const { places } = this;
    const snapped = this.#pointer ? this.#snap(this.#pointer) : undefined;
    const last = places.at(-1);
    const way = last && snapped && snapped.kind !== "free" ? this.#desk.trace(last, snapped.place) : [];
    const line = snapped ? [...places, ...way, snapped.place] : places;
    this.#desk.map.drawSketch(line, this.kind.closed, places.length, snapped);
    this.#tellSize(line, last, snapped?.place);
  }

  #tellSize(line: readonly Place[], last: Place | undefined, next: Place | undefined): void {
    const step = last && next ? `本段 ${metres(distance(last, next))} ｜ ` : "";
    const whole = this.kind.closed && line.length > 2 ? areaWords(Math.abs(areaOf(ringsFrom([line])))) : `共 ${metres(lengthOf(line))}`;
    this.#size.textContent = line.length > 1 ? `${step}${whole}` : "点第一个点";
  }

  #showBar(): void {
    const count = this.places.length;
    const done = button("完成", () => { this.finish(); }, "button button--small button--primary");
    done.disabled = count < (this.kind.closed ? 3 : 2);
    const back = button("退一点", () => { this.back(); });
    back.disabled = count === 0;
    this.#bar.replaceChildren(
      element("strong", "", this.kind.title), element("span", "small muted", `${count} 点`), this.#size, done, back,
      button("取消", () => { this.cancel(); }),
    );
    this.#bar.hidden = false;
  }
}
