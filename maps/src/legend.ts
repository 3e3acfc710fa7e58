// The side panel: layers to switch, with counts, legend, and kinds to narrow each to.
import type { Colouring } from "./address";
import type { LayerConfig, MapConfig, StatusConfig } from "./config";
import { button, element, grouped } from "./elements";
import { iconAddress } from "./symbols";

export function swatch(colour: string, icon?: string): HTMLElement {
  const made = element("span", "swatch");
  made.setAttribute("aria-hidden", "true");
  // Set by script: the content security policy forbids style attributes, not this.
  made.style.setProperty("--swatch", colour);
  const address = icon === undefined ? undefined : iconAddress(icon);
  if (address) {
    const image = element("img", "");
    image.src = address;
    image.alt = "";
    made.append(image);
  }
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** The mark of a status: its shape in its colour. */
export function statusMark({ colour, shape }: StatusConfig): SVGSVGElement {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", "status__mark");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shape);
  path.setAttribute("fill", colour);
  path.setAttribute("fill-rule", "evenodd");
  made.append(path);
  return made;
}

export interface LegendActions {
  onSwitch: (name: string, shown: boolean) => void;
  onKind: (name: string, kind: string) => void;
  onColouring: (colouring: Colouring) => void;
  onStatus: (status: string) => void;
}

function swatched(colour: string, title: string): DocumentFragment {
  const both = document.createDocumentFragment();
  both.append(swatch(colour), title);
  return both;
}

/** The legend of a layer in the side panel: what it shows, and how many. */
class LegendRow {
  readonly holder = element("div", "legend__row");
  readonly #layer: LayerConfig;
  readonly #box = element("input", "");
  readonly #count = element("span", "legend__count");
  readonly #kinds: HTMLButtonElement[];
  readonly #more = element("details", "legend__more");

  constructor(layer: LayerConfig, actions: LegendActions) {
    this.#layer = layer;
    this.#box.type = "checkbox";
    this.#box.checked = true;
    this.#box.name = layer.name;
    this.#box.addEventListener("change", () => { actions.onSwitch(layer.name, this.#box.checked); });
    const title = element("span", "legend__title", layer.title);
    const face = swatch(layer.colour, layer.icon);
    this.holder.append(element("label", "legend__layer", this.#box, face, title, this.#count));
    this.#kinds = layer.kinds.map(({ value, title: name, colour }) => {
      const choose = (): void => { actions.onKind(layer.name, this.#chosen === value ? "" : value); };
      const made = button("", choose, "legend__kind");
      made.append(swatched(colour ?? layer.colour, name));
      made.dataset.kind = value;
      return made;
    });
    if (layer.kinds.length > 0) this.holder.append(this.#kindList());
    this.count(layer.count);
  }

  get shown(): boolean {
    return this.#box.checked;
  }

  get #chosen(): string {
    return this.#kinds.find((kind) => kind.getAttribute("aria-pressed") === "true")?.dataset.kind ?? "";
  }

  count(number: number): void {
    this.#count.textContent = grouped(number);
  }

  choose(kind: string): void {
    for (const each of this.#kinds) each.setAttribute("aria-pressed", String(each.dataset.kind === kind));
    if (kind) this.#more.open = true;
  }

  #kindList(): HTMLElement {
    const items = this.#kinds.map((kind) => element("li", "", kind));
    const title = `${this.#layer.kind_title ?? "类别"}（点击只看一类）`;
    this.#more.append(element("summary", "", title), element("ul", "legend__kinds", ...items));
    return this.#more;
  }
}

/** What symbols are coloured by, and the statuses with their marks. */
class StatusLegend {
  readonly holder = element("fieldset", "legend");
  readonly #choices: HTMLInputElement[];
  readonly #buttons: HTMLButtonElement[];
  readonly #list = element("div", "legend__statuses");

  constructor(statuses: StatusConfig[], colouring: Colouring, actions: LegendActions) {
    const words: [Colouring, string][] = [["kind", "按类型着色"], ["status", "按状态着色"]];
    this.#choices = words.map(([value]) => {
      const choice = element("input", "");
      Object.assign(choice, { type: "radio", name: "colouring", value, checked: value === colouring });
      choice.addEventListener("change", () => {
        this.#show(value);
        actions.onColouring(value);
      });
      return choice;
    });
    const labels = this.#choices.map((choice, i) => element("label", "check", choice, words[i]?.[1] ?? ""));
    this.#buttons = statuses.map((status) => {
      const choose = (): void => {
        const pressed = this.#buttons.find((each) => each.dataset.status === status.value);
        actions.onStatus(pressed?.getAttribute("aria-pressed") === "true" ? "" : status.value);
      };
      const made = button("", choose, "legend__kind");
      made.append(statusMark(status), status.title);
      made.dataset.status = status.value;
      made.setAttribute("aria-pressed", "false");
      return made;
    });
    const items = this.#buttons.map((each) => element("li", "", each));
    this.#list.append(
      element("p", "muted small", "重者在前；聚合圆取其中最重的状态。点击只看一种。"),
      element("ul", "legend__kinds", ...items),
    );
    this.holder.append(element("legend", "", "着色"), element("div", "row", ...labels), this.#list);
    this.#show(colouring);
  }

  choose(status: string): void {
    for (const each of this.#buttons) each.setAttribute("aria-pressed", String(each.dataset.status === status));
  }

  #show(colouring: Colouring): void {
    this.#list.hidden = colouring !== "status";
  }
}

export class Legend {
  readonly #statuses: StatusLegend;
  readonly #rows: ReadonlyMap<string, LegendRow>;

  constructor(holder: HTMLElement, config: MapConfig, colouring: Colouring, actions: LegendActions) {
    this.#statuses = new StatusLegend(config.inspection, colouring, actions);
    this.#rows = new Map(config.layers.map((layer) => [layer.name, new LegendRow(layer, actions)]));
    const rows = [...this.#rows.values()].map((row) => row.holder);
    const mark = element(
      "p",
      "legend__note muted small",
      element("span", "legend__cluster", "8"),
      "圆内数字为该处点位数，放大后逐个显示。符号右上角：",
      ...config.inspection
        .filter((status) => status.marked)
        .map((status) => element("span", "status legend__mark", statusMark(status), status.title)),
    );
    const layers = element("fieldset", "legend", element("legend", "", "图层"), ...rows);
    holder.replaceChildren(layers, this.#statuses.holder, mark);
  }

  /** Show what the layers are narrowed to. */
  narrow(kinds: Readonly<Record<string, string>>, status: string): void {
    this.#statuses.choose(status);
    this.#rows.forEach((row, name) => { row.choose(kinds[name] ?? ""); });
  }

  count(numbers: Readonly<Record<string, number>>): void {
    this.#rows.forEach((row, name) => { row.count(numbers[name] ?? 0); });
  }

  /** Names of the layers that are switched on. */
  get shown(): string[] {
    return [...this.#rows].filter(([, row]) => row.shown).map(([name]) => name);
  }
}
