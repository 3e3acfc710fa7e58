// The list beside the map: one layer's locations inside the view and the filters.
import type { Coordinate } from "ol/coordinate";

import { type Chosen, type Narrowed, listQuery } from "./address";
import type { LonLatExtent } from "./config";
import { byId } from "./elements";
import { loadFragment } from "./htmx";

const SIZE = "25";

export interface ListActions {
  view: () => LonLatExtent;
  narrowed: () => Narrowed;
  onChoose: (chosen: Chosen, lonLat: Coordinate) => void;
  onHover: (lonLat: Coordinate | undefined) => void;
}

export class MapList {
  readonly #layer = byId("list-layer") as HTMLSelectElement;
  readonly #holder = byId("map-list");
  readonly #actions: ListActions;
  #shown = false;
  #asked = "";

  constructor(actions: ListActions) {
    this.#actions = actions;
    this.#layer.addEventListener("change", () => { this.update(); });
    this.#holder.addEventListener("click", (event) => {
      const item = this.#item(event);
      if (!item) return;
      // The layer of the rows in sight; another may have been chosen whose rows are on their way.
      const layer = item.closest<HTMLElement>("[data-layer]")?.dataset.layer ?? "";
      actions.onChoose({ layer, code: item.dataset.code ?? "" }, placeOf(item));
    });
    for (const name of ["mouseover", "focusin"]) {
      this.#holder.addEventListener(name, (event) => {
        const item = this.#item(event);
        actions.onHover(item && placeOf(item));
      });
    }
    for (const name of ["mouseleave", "focusout"]) {
      this.#holder.addEventListener(name, () => { actions.onHover(undefined); });
    }
  }

  show(shown: boolean): void {
    this.#shown = shown;
    if (shown) this.update();
  }

  /** Ask for the list again when what it depends on has changed. */
  update(again = false): void {
    if (!this.#shown) return;
    const query = listQuery(this.#actions.narrowed(), this.#layer.value);
    query.set("bbox", this.#actions.view().map((edge) => edge.toFixed(6)).join(","));
    query.set("size", SIZE);
    const address = `${this.#layer.selectedOptions[0]?.dataset.panel ?? ""}?${query.toString()}`;
    if (address === this.#asked && !again) return;
    this.#asked = address;
    void loadFragment(address, this.#holder);
  }

  #item(event: Event): HTMLElement | undefined {
    const start = event.target instanceof Element ? event.target : undefined;
    return start?.closest<HTMLElement>(".map-list__item") ?? undefined;
  }
}

function placeOf(item: HTMLElement): Coordinate {
  return (item.dataset.place ?? "").split(",").map(Number);
}
