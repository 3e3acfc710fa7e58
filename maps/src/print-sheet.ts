// The printed map: an A4 sheet across, with title, legend, scale, date and north arrow; the browser prints it.
import type Map from "ol/Map";
import { getPointResolution } from "ol/proj";

import type { Colouring } from "./address";
import type { MapConfig } from "./config";
import { INVENTED } from "./controls";
import { byId, element, grouped } from "./elements";
import { statusMark, swatch } from "./legend";
import { VIEW } from "./projections";

// The size of a pixel of a style sheet on paper [m].
const PIXEL_M = 0.0254 / 96;

export interface Printed {
  /** Names of the layers in sight with their numbers. */
  counts: ReadonlyMap<string, number>;
  /** What the map is narrowed to, in words. */
  narrowed: string[];
  colouring: Colouring;
}

export class PrintSheet {
  readonly #map: Map;
  readonly #config: MapConfig;
  readonly #sheet = byId("print-sheet");
  readonly #title = byId("print-title") as HTMLInputElement;
  readonly #holder = byId("map");
  #printed: Printed | undefined;

  constructor(map: Map, config: MapConfig) {
    this.#map = map;
    this.#config = config;
    this.#title.addEventListener("input", () => { this.#head(); });
    map.on("moveend", () => { if (this.#printed) this.#facts(this.#printed); });
    byId("print-now").addEventListener("click", () => { window.print(); });
    byId("print-back").addEventListener("click", () => { this.close(); });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.#sheet.hidden) this.close();
    });
  }

  open(printed: Printed): void {
    const extent = this.#map.getView().calculateExtent(this.#map.getSize());
    document.body.classList.add("printing");
    this.#sheet.hidden = false;
    this.#map.setTarget("print-map");
    this.#map.updateSize();
    this.#map.getView().fit(extent, { nearest: false });
    this.#head();
    this.#legend(printed);
    this.#facts(printed);
    this.#printed = printed;
    byId("print-now").focus();
  }

  close(): void {
    this.#printed = undefined;
    document.body.classList.remove("printing");
    this.#sheet.hidden = true;
    this.#map.setTarget(this.#holder);
    this.#map.updateSize();
  }

  #head(): void {
    byId("print-heading").textContent = this.#title.value;
  }

  #legend({ counts, colouring }: Printed): void {
    const shown = this.#config.layers.filter((layer) => counts.has(layer.name));
    const items = shown.map((layer) => {
      const number = grouped(counts.get(layer.name) ?? 0);
      const words = `${layer.title} ${number}`;
      return element("li", "", swatch(layer.colour, layer.icon), words);
    });
    const statuses = colouring === "status" ? this.#config.inspection : [];
    const marks = statuses.map((status) => element("li", "", statusMark(status), status.title));
    byId("print-legend").replaceChildren(element("ul", "print-sheet__layers", ...items, ...marks));
  }

  #facts({ narrowed }: Printed): void {
    const parts = [
      this.#config.invented ? INVENTED : "",
      narrowed.length > 0 ? `筛选：${narrowed.join("、")}` : "",
      `比例尺约 1:${grouped(this.#scale())}`,
      "图例数字为筛选后的全部点位数",
      "坐标系 CGCS2000，Web 墨卡托显示",
      `制图日期 ${new Date().toLocaleDateString("zh-CN", { timeZone: "Asia/Shanghai" })}`,
    ];
    byId("print-facts").textContent = parts.filter(Boolean).join(" ｜ ");
  }

  /** The scale's denominator in the middle of the sheet, to two digits. */
  #scale(): number {
    const view = this.#map.getView();
    const center = view.getCenter();
    const metres = center ? getPointResolution(VIEW, view.getResolution() ?? 1, center, "m") : 1;
    const exact = metres / PIXEL_M;
    const step = 10 ** Math.max(0, Math.floor(Math.log10(exact)) - 1);
    return Math.round(exact / step) * step;
  }
}
