// The search box on the map: suggestions as one types, chosen by mouse or by arrow keys and Enter.
import type { Chosen } from "./address";
import type { LonLatExtent } from "./config";
import { byId, element } from "./elements";

export interface Found extends Chosen {
  layer_title: string;
  name: string;
  where: string;
  extent: LonLatExtent;
}

const WAIT_MS = 180;

export class MapSearch {
  readonly #box = byId("map-search") as HTMLInputElement;
  readonly #list = byId("map-found");
  readonly #note = byId("map-found-note");
  readonly #onChoose: (found: Found) => void;
  #found: Found[] = [];
  #at = -1;
  #asked = 0;
  #timer = 0;

  constructor(onChoose: (found: Found) => void) {
    this.#onChoose = onChoose;
    this.#box.addEventListener("input", () => {
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => void this.#ask(), WAIT_MS);
    });
    this.#box.addEventListener("keydown", (event) => { this.#key(event); });
    this.#box.addEventListener("focus", () => { if (this.#found.length > 0) this.#open(true); });
    this.#box.addEventListener("blur", () => { this.#open(false); });
  }

  async #ask(): Promise<void> {
    const text = this.#box.value.trim();
    const turn = ++this.#asked;
    if (!text) {
      this.#show([]);
      return;
    }
    const address = `${this.#box.dataset.address ?? ""}?${new URLSearchParams({ q: text }).toString()}`;
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    // An answer that comes after a later question is of no use any more.
    if (turn !== this.#asked || !response.ok) return;
    this.#show(((await response.json()) as { found: Found[] }).found, text);
  }

  #show(found: Found[], text = ""): void {
    this.#found = found;
    this.#at = -1;
    this.#box.removeAttribute("aria-activedescendant");
    this.#list.replaceChildren(...found.map((each, i) => this.#option(each, i)));
    if (text && found.length === 0) {
      this.#list.append(element("li", "map-found__none", `没有找到“${text}”`));
    }
    this.#note.textContent = text ? `找到 ${found.length} 处` : "";
    this.#open(Boolean(text));
  }

  #option(found: Found, i: number): HTMLElement {
    const option = element(
      "li",
      "map-found__item",
      element("span", "map-found__name", found.name),
      element("span", "map-found__layer", found.layer_title),
      element("span", "map-found__where", [found.where, found.code].filter(Boolean).join(" · ")),
    );
    option.id = `map-found-${i}`;
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    // The box keeps the focus, so that its list does not close before the click arrives.
    option.addEventListener("mousedown", (event) => { event.preventDefault(); });
    option.addEventListener("click", () => { this.#choose(i); });
    return option;
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.#found.length > 0) {
      event.preventDefault();
      this.#open(true);
      this.#select((this.#at + step + this.#found.length) % this.#found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.#choose(Math.max(this.#at, 0));
    } else if (event.key === "Escape") {
      this.#open(false);
    }
  }

  #select(at: number): void {
    this.#at = at;
    [...this.#list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === at));
      if (i === at) option.scrollIntoView({ block: "nearest" });
    });
    this.#box.setAttribute("aria-activedescendant", `map-found-${at}`);
  }

  #choose(i: number): void {
    const found = this.#found[i];
    if (!found) return;
    this.#box.value = found.name;
    this.#open(false);
    this.#onChoose(found);
  }

  #open(open: boolean): void {
    this.#list.hidden = !open;
    this.#box.setAttribute("aria-expanded", String(open));
  }
}
