// What every tool and panel of the editor works with: the scheme, its map, what is switched on, and how it is told.
import { Guides } from "./plan-edit-guides";
import type { EditorMap } from "./plan-edit-map";
import type { PlanModel } from "./plan-edit-model";
import { type Snapped, snap, traced } from "./plan-edit-snap";
import { REACH_PIXELS } from "./plan-edit-styles";
import type { Look } from "./plan-topology-edits";
import { type Changes, type Parcel, type Place, Refusal, contains } from "./plan-topology";
import { byId } from "./elements";
import { showToast } from "./toast";

export class Desk {
  snapping = true;
  tracing = false;
  /** What new parcels are. */
  look: Look = { code: "0703", label: "", households: 1 };
  /** What is drawn along beside parcels. */
  readonly guides = new Guides();
  readonly #told = byId("pe-told");
  readonly #aloud = byId("pe-aloud");

  constructor(
    readonly model: PlanModel,
    readonly map: EditorMap,
    readonly editable: boolean,
    readonly nameOf: (code: string) => string,
  ) {}

  get reach(): number {
    return REACH_PIXELS * this.map.resolution;
  }

  snap(at: Place, further: readonly Place[] = [], except?: Place): Snapped {
    const reach = this.snapping ? this.reach : 0;
    return snap(this.model.coverage, this.guides, at, reach, further, except);
  }

  /** The way along an edge that both places lie on, where tracing is on and there is one. */
  trace(from: Place, to: Place): Place[] {
    return (this.tracing ? traced(this.model.coverage, this.guides, from, to) : undefined) ?? [];
  }

  /** The parcel at a place; the smallest where several lie on each other. */
  parcelAt(place: Place): Parcel | undefined {
    return this.model.coverage.near([place[0], place[1], place[0], place[1]])
      .filter(({ rings }) => contains(rings, place))
      .sort((a, b) => a.rings.flat().length - b.rings.flat().length)[0];
  }

  /** Do an act, or tell why it is refused and where; tells whether it was done. */
  attempt(label: string, edit: () => Changes | [Changes, ...(string | string[])[]], tell?: string): boolean {
    this.map.clearMarks();
    try {
      const made = edit();
      const [changes, chosen] = Array.isArray(made) ? made : [made, undefined];
      if (changes.size === 0) return false;
      this.model.act(label, changes, chosen === undefined ? undefined : [chosen].flat());
      this.tell(tell ?? `${label}：完成。`);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error);
      return false;
    }
  }

  refuse(refusal: Refusal): void {
    showToast(refusal.message, "warn");
    this.say(refusal.message);
    this.map.markRefused([], refusal.place);
  }

  /** Words under the map. */
  tell(words: string): void {
    this.#told.textContent = words;
  }

  /** Words for whoever hears the page. */
  say(words: string): void {
    this.#aloud.textContent = words;
  }
}
