// The card of what is chosen, in the side panel.
import type { Coordinate } from "ol/coordinate";

import type { Chosen } from "./address";
import type { MapConfig } from "./config";
import { button, byId } from "./elements";
import { loadFragment } from "./htmx";
import type { Movable } from "./move-point";

export class CardPanel {
  readonly #holder = byId("card");
  readonly #config: MapConfig;
  readonly #onClose: () => void;
  readonly #onMove: (moving: Movable) => void;

  constructor(config: MapConfig, onClose: () => void, onMove: (moving: Movable) => void) {
    this.#config = config;
    this.#onClose = onClose;
    this.#onMove = onMove;
  }

  /** Show a location; answer its geometry as GeoJSON, nothing when it cannot be shown. */
  async show(chosen: Chosen): Promise<string | undefined> {
    const layer = this.#config.layers.find((each) => each.name === chosen.layer);
    if (!layer) return undefined;
    await loadFragment(layer.card.replace("{code}", encodeURIComponent(chosen.code)), this.#holder);
    const card = this.#holder.querySelector<HTMLElement>(".card");
    if (card?.dataset.code !== chosen.code) return undefined;
    const close = button("×", () => { this.close(); }, "card__close");
    close.setAttribute("aria-label", "关闭卡片");
    card.append(close);
    const move = card.querySelector<HTMLButtonElement>("[data-move]");
    if (move) {
      move.hidden = false;
      move.addEventListener("click", () => { this.#onMove(this.#movable(card, chosen)); });
    }
    return card.dataset.geometry;
  }

  close(): void {
    this.#holder.replaceChildren();
    this.#onClose();
  }

  #movable(card: HTMLElement, chosen: Chosen): Movable {
    const { coordinates } = JSON.parse(card.dataset.geometry ?? "{}") as { coordinates: Coordinate };
    return { ...chosen, version: Number(card.dataset.version), lonLat: coordinates };
  }
}
