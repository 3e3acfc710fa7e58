// What the map, its counts and its list are narrowed to: division, use status, status of inspection and a
// kind by layer.
import { type Narrowed, narrowedQuery, readNarrowed } from "./address";
import type { MapConfig } from "./config";
import { byId } from "./elements";

const NOTHING: Narrowed = { division: "", useStatus: "", status: "", kinds: {} };

export class MapFilters {
  readonly #form = byId("map-filters") as HTMLFormElement;
  readonly #division = byId("filter-division") as HTMLSelectElement;
  readonly #status = byId("filter-status") as HTMLSelectElement;
  readonly #inspection = byId("filter-inspection") as HTMLSelectElement;
  readonly #clear = byId("filter-clear");
  readonly #onChange: (narrowed: Narrowed, moved: boolean) => void;
  #now: Narrowed;

  constructor(config: MapConfig, onChange: (narrowed: Narrowed, moved: boolean) => void) {
    this.#onChange = onChange;
    this.#division.append(...config.divisions.map((each) => new Option(each.name, each.code)));
    this.#now = readNarrowed(window.location.search);
    this.#show();
    this.#form.addEventListener("change", (event) => {
      const chosen = { division: this.#division.value, useStatus: this.#status.value };
      const moved = event.target === this.#division;
      this.#set({ ...this.#now, ...chosen, status: this.#inspection.value }, moved);
    });
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); });
    this.#form.addEventListener("reset", (event) => {
      event.preventDefault();
      this.#set(NOTHING, false);
      this.#division.focus();
    });
  }

  get now(): Narrowed {
    return this.#now;
  }

  get narrowed(): boolean {
    return narrowedQuery(this.#now).size > 0;
  }

  chooseKind(layer: string, kind: string): void {
    this.#set({ ...this.#now, kinds: { ...this.#now.kinds, [layer]: kind } }, false);
  }

  chooseStatus(status: string): void {
    this.#set({ ...this.#now, status }, false);
  }

  chooseDivision(division: string): void {
    this.#set({ ...this.#now, division }, true);
  }

  /** What is chosen, in words. */
  words(): string[] {
    return [this.#division, this.#status, this.#inspection]
      .filter((choice) => choice.value)
      .map((choice) => choice.selectedOptions[0]?.text ?? "");
  }

  async counts(): Promise<Record<string, number>> {
    const address = `${this.#form.dataset.counts ?? ""}?${narrowedQuery(this.#now).toString()}`;
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(String(response.status));
    return ((await response.json()) as { counts: Record<string, number> }).counts;
  }

  #set(narrowed: Narrowed, moved: boolean): void {
    this.#now = narrowed;
    this.#show();
    this.#onChange(narrowed, moved);
  }

  #show(): void {
    this.#division.value = this.#now.division;
    this.#status.value = this.#now.useStatus;
    this.#inspection.value = this.#now.status;
    this.#clear.hidden = !this.narrowed;
  }
}
