// On a phone the side panel is a sheet that comes up from the bottom.
import { byId } from "./elements";

export class BottomSheet {
  readonly #side = byId("map-side");
  readonly #grip = byId("map-side-grip");

  readonly #onCover: (pixels: number) => void;

  /** `onCover` is told how much of the map the sheet covers [px]. */
  constructor(onCover: (pixels: number) => void) {
    this.#onCover = onCover;
    this.#grip.addEventListener("click", () => {
      this.open(this.#grip.getAttribute("aria-expanded") !== "true");
    });
  }

  open(open: boolean): void {
    this.#grip.setAttribute("aria-expanded", String(open));
    this.#side.classList.toggle("map-side--open", open);
    if (open) this.#side.scrollTop = 0;
    const covers = open && getComputedStyle(this.#side).position === "absolute";
    this.#onCover(covers ? this.#side.offsetHeight - this.#grip.offsetHeight : 0);
  }
}
