// The side panel: layers to switch, with counts and legend, and the divisions to go to.
import type { DivisionConfig, LayerConfig, MapConfig } from "./config";
import { iconAddress } from "./symbols";

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function swatch(colour: string, icon?: string): HTMLElement {
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

function kindList(layer: LayerConfig): HTMLElement | undefined {
  if (layer.kinds.length === 0) return undefined;
  const items = layer.kinds.map((kind) =>
    element("li", "", swatch(kind.colour ?? layer.colour), kind.title),
  );
  const list = element("ul", "legend__kinds", ...items);
  return element("details", "legend__more", element("summary", "", layer.kind_title ?? "类别"), list);
}

function layerRow(layer: LayerConfig, onSwitch: (name: string, shown: boolean) => void): HTMLElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.checked = true;
  box.name = layer.name;
  box.addEventListener("change", () => {
    onSwitch(layer.name, box.checked);
  });
  const count = element("span", "legend__count", layer.count.toLocaleString("zh-CN"));
  const label = element(
    "label",
    "legend__layer",
    box,
    swatch(layer.colour, layer.icon),
    element("span", "legend__title", layer.title),
    count,
  );
  const row = element("div", "legend__row", label);
  const kinds = kindList(layer);
  if (kinds) row.append(kinds);
  return row;
}

function divisionChoice(divisions: DivisionConfig[], onGo: (code: string) => void): HTMLElement {
  const choice = element("select", "");
  choice.id = "go-to";
  choice.append(new Option("全部范围", ""), ...divisions.map((each) => new Option(each.name, each.code)));
  choice.addEventListener("change", () => {
    onGo(choice.value);
  });
  const label = element("label", "", "定位到");
  label.htmlFor = choice.id;
  return element("div", "field legend__go", label, choice);
}

export interface LegendActions {
  onSwitch: (name: string, shown: boolean) => void;
  onGo: (code: string) => void;
}

export function buildLegend(holder: HTMLElement, config: MapConfig, actions: LegendActions): void {
  const rows = config.layers.map((layer) => layerRow(layer, actions.onSwitch));
  const mark = element(
    "p",
    "legend__note muted small",
    element("span", "legend__cluster", "8"),
    "圆内数字为该处点位数，放大后逐个显示；",
    element("span", "legend__warn"),
    "表示非在用状态。",
  );
  const parts: HTMLElement[] = [];
  if (config.divisions.length > 0) parts.push(divisionChoice(config.divisions, actions.onGo));
  parts.push(
    element("fieldset", "legend", element("legend", "", "图层"), ...rows),
    mark,
  );
  holder.replaceChildren(...parts);
}
