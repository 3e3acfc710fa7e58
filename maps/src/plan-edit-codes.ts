// Choosing a land use by typing its code or name: a combobox with the standard colours.
import { element } from "./elements";
import { type UseCode, cssOf } from "./plan-looks";

/** Most uses that are listed at once. */
const MOST = 60;

function searchCodes(uses: readonly UseCode[], asked: string): UseCode[] {
  const wanted = asked.trim().toLowerCase();
  if (!wanted) return [...uses];
  return uses.filter(({ code, zh, en }) => code.startsWith(wanted) || `${zh} ${en}`.toLowerCase().includes(wanted)
    || wanted.startsWith(`${code} `));
}

let made = 0;

export class CodePicker {
  readonly element: HTMLElement;
  readonly #uses: readonly UseCode[];
  readonly #input = element("input", "");
  readonly #list = element("ul", "pe-codes__list");
  readonly #onChoose: (code: string) => void;
  #found: UseCode[] = [];
  #active = -1;
  #code = "";

  constructor(uses: readonly UseCode[], title: string, onChoose: (code: string) => void) {
    made += 1;
    const id = `pe-code-${made}`;
    this.#uses = uses;
    this.#onChoose = onChoose;
    const label = element("label", "", title);
    label.htmlFor = id;
    Object.assign(this.#input, { id, type: "text", autocomplete: "off", spellcheck: false, placeholder: "代码或名称，如 0703、宅基地" });
    this.#list.id = `${id}-list`;
    this.#list.setAttribute("role", "listbox");
    this.#list.setAttribute("aria-label", title);
    this.#list.hidden = true;
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", this.#list.id], ["aria-autocomplete", "list"]] as const) {
      this.#input.setAttribute(name, value);
    }
    this.#listen();
    this.element = element("div", "field pe-codes", label, this.#input, this.#list);
  }

  set code(code: string) {
    this.#code = code;
    this.#input.value = this.#labelOf(code);
    this.#close();
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  #labelOf(code: string): string {
    const use = this.#uses.find((each) => each.code === code);
    return use ? `${use.code} ${use.zh}` : code;
  }

  #listen(): void {
    this.#input.addEventListener("focus", () => { this.#input.select(); });
    // Letters of a word that is still being composed are nobody's code.
    this.#input.addEventListener("input", (event) => { if (!event.isComposing) this.#search(this.#input.value); });
    this.#input.addEventListener("compositionend", () => { this.#search(this.#input.value); });
    this.#input.addEventListener("blur", () => { this.code = this.#code; });
    this.#input.addEventListener("click", () => { if (this.#list.hidden) this.#search(""); });
    this.#input.addEventListener("keydown", (event) => { this.#key(event); });
    // The input keeps the focus, or the list would close before the click.
    this.#list.addEventListener("pointerdown", (event) => { event.preventDefault(); });
    this.#list.addEventListener("click", (event) => {
      const chosen = (event.target as Element | null)?.closest<HTMLElement>("[data-code]")?.dataset.code;
      if (chosen) this.#choose(chosen);
    });
  }

  #key(event: KeyboardEvent): void {
    // Enter and arrows choose a word of the input method.
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.#list.hidden) this.#search("");
      else this.#activate((this.#active + step + this.#found.length) % Math.max(1, this.#found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      const use = this.#found[Math.max(0, this.#active)];
      if (!this.#list.hidden && use) this.#choose(use.code);
    } else if (event.key === "Escape" && !this.#list.hidden) {
      event.stopPropagation();
      this.code = this.#code;
    }
  }

  #search(asked: string): void {
    this.#found = searchCodes(this.#uses, asked).slice(0, MOST);
    this.#list.replaceChildren(...this.#found.map((use, i) => this.#option(use, i)));
    if (this.#found.length === 0) this.#list.append(noneItem());
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    const known = this.#found.findIndex(({ code }) => code === this.#code);
    this.#activate(asked ? 0 : Math.max(0, known));
  }

  #option(use: UseCode, i: number): HTMLElement {
    const swatch = element("span", "pe-codes__swatch");
    swatch.style.background = use.colour ? cssOf(use.colour) : "#ffffff";
    const item = element("li", `pe-codes__item pe-codes__item--${use.level}`, swatch, element("span", "pe-codes__code", use.code), element("span", "", use.zh));
    item.id = `${this.#list.id}-${i}`;
    item.setAttribute("role", "option");
    item.dataset.code = use.code;
    return item;
  }

  #activate(i: number): void {
    this.#active = i;
    if (this.#found.length === 0) this.#input.removeAttribute("aria-activedescendant");
    this.#list.querySelectorAll("[data-code]").forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === i));
      if (at !== i) return;
      this.#input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    });
  }

  #choose(code: string): void {
    this.code = code;
    this.#onChoose(code);
  }

  #close(): void {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
  }
}

function noneItem(): HTMLElement {
  const item = element("li", "muted pe-codes__none", "没有这样的用地，请换个代码或名称。");
  item.setAttribute("role", "option");
  item.setAttribute("aria-disabled", "true");
  return item;
}
