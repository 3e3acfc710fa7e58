// Drawing a closure: a line across a road or an area around several; the form carries it, and the roads that it
// touches are told and coloured before it is declared.
import Feature from "ol/Feature";
import type Map from "ol/Map";
import Draw from "ol/interaction/Draw";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style } from "ol/style";

import { chooseByKeyboard } from "./controls";
import { button, byId } from "./elements";
import { csrfToken } from "./htmx";
import { problemText } from "./problem";
import { format } from "./roads-map";

type Drawn = "LineString" | "Polygon";

const DIGITS = 6;
const HINT: Readonly<Record<Drawn, string>> = {
  LineString: "在阻断处横穿道路画一条短线：依次点击，双击结束。",
  Polygon: "把受影响的道路圈起来：依次点击，双击结束。",
};
const SHAPES: Readonly<Record<Drawn, string>> = { LineString: "line", Polygon: "area" };

const shapeStyle = new Style({
  stroke: new Stroke({ color: "#332288", width: 3, lineDash: [7, 5] }),
  fill: new Fill({ color: "rgba(51, 34, 136, 0.15)" }),
  image: new Circle({ radius: 5, fill: new Fill({ color: "#332288" }), stroke: new Stroke({ color: "#ffffff", width: 2 }) }),
});
const roadStyle = [
  new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 9 }) }),
  new Style({ stroke: new Stroke({ color: "#d6336c", width: 5 }) }),
];

interface Touched {
  count: number;
  metres: number;
  names: string[];
}

/** What is wrong with the shape, where the refusal says so. */
function faultText(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: { zh: string }[] };
    return errors?.[0]?.zh;
  } catch {
    return undefined;
  }
}

export class ClosureDrawing {
  readonly #holder: HTMLElement;
  readonly #map: Map;
  readonly #shape = new VectorSource<Feature>();
  readonly #roads = new VectorSource<Feature>();
  readonly #words = byId("closure-touched");
  readonly #carrier = byId("geom") as HTMLTextAreaElement;
  readonly #kind = byId("shape") as HTMLSelectElement;
  readonly #buttons: Record<Drawn, HTMLButtonElement>;
  #draw: Draw | undefined;
  #asked = 0;

  constructor(holder: HTMLElement, map: Map) {
    this.#holder = holder;
    this.#map = map;
    this.#buttons = {
      LineString: button("画线", () => { this.#start("LineString"); }),
      Polygon: button("画范围", () => { this.#start("Polygon"); }),
    };
    map.addLayer(new VectorLayer({ source: this.#roads, style: roadStyle, zIndex: 40 }));
    map.addLayer(new VectorLayer({ source: this.#shape, style: shapeStyle, zIndex: 50 }));
  }

  begin(): void {
    const row = byId("closure-draw");
    row.hidden = false;
    row.append(
      ...Object.values(this.#buttons),
      button("撤销一点", () => { this.#draw?.removeLastPoint(); }),
      button("清除", () => { this.#clear(); }),
    );
    const typed = byId("closure-typed");
    // Whoever draws need not see coordinates; what was typed stays in sight.
    if (typed instanceof HTMLDetailsElement && !this.#carrier.value) typed.open = false;
    for (const input of [this.#carrier, this.#kind]) {
      input.addEventListener("change", () => void this.#ask({ redraw: true }));
    }
    chooseByKeyboard(this.#map, this.#holder, (pixel) => {
      this.#draw?.appendCoordinates([this.#map.getCoordinateFromPixel(pixel)]);
    });
    this.#holder.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#stop();
    });
    if (this.#carrier.value) void this.#ask({ redraw: true });
    else this.#say("点“画线”或“画范围”，在地图上画出管制的位置。");
  }

  #start(kind: Drawn): void {
    this.#stop();
    this.#clear();
    this.#say(`${HINT[kind]}键盘：方向键移动地图，回车落点，点“完成”结束。`);
    this.#buttons[kind].setAttribute("aria-pressed", "true");
    this.#draw = new Draw({ source: this.#shape, type: kind, style: shapeStyle });
    this.#draw.on("drawend", ({ feature }) => { this.#take(feature, kind); });
    this.#map.addInteraction(this.#draw);
    byId("closure-draw").append(button("完成", () => { this.#draw?.finishDrawing(); }, "button button--small roads__finish"));
    this.#holder.focus({ preventScroll: true });
  }

  #take(feature: Feature, kind: Drawn): void {
    const geometry = feature.getGeometry();
    if (!geometry) return;
    this.#carrier.value = format.writeGeometry(geometry, { decimals: DIGITS });
    this.#kind.value = SHAPES[kind];
    // The drawing itself ends with this event; it can only be taken away after it.
    setTimeout(() => { this.#stop(); }, 0);
    void this.#ask({ redraw: false });
  }

  #stop(): void {
    if (this.#draw) this.#map.removeInteraction(this.#draw);
    this.#draw = undefined;
    for (const each of Object.values(this.#buttons)) each.removeAttribute("aria-pressed");
    document.querySelector(".roads__finish")?.remove();
  }

  #clear(): void {
    this.#asked += 1;
    this.#draw?.abortDrawing();
    this.#shape.clear();
    this.#roads.clear();
    this.#carrier.value = "";
    this.#say("");
  }

  /** Ask which roads the form's shape touches. */
  async #ask({ redraw }: { redraw: boolean }): Promise<void> {
    const mine = (this.#asked += 1);
    this.#roads.clear();
    if (redraw) this.#shape.clear();
    if (!this.#carrier.value.trim()) return;
    const response = await fetch(this.#holder.dataset.touched ?? "", {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new URLSearchParams({ geom: this.#carrier.value, shape: this.#kind.value }),
    });
    const body = await response.text();
    if (mine !== this.#asked) return;
    if (!response.ok) {
      this.#say(faultText(body) ?? problemText(body, response.status));
      return;
    }
    const found: unknown = JSON.parse(body);
    this.#roads.addFeatures(format.readFeatures(found));
    this.#tell(found as Touched);
    if (redraw) this.#look();
  }

  #tell({ count, metres, names }: Touched): void {
    if (count === 0) {
      this.#say("所画范围内没有道路，请重画：线要横穿道路，或把道路圈在里面。");
      return;
    }
    this.#say(`碰到 ${count} 段道路，共 ${(metres / 1000).toFixed(1)} 公里：${names.join("、")}${count > names.length ? "等" : ""}`);
  }

  #look(): void {
    const extent = this.#roads.getExtent();
    if (extent && this.#roads.getFeatures().length > 0) {
      this.#map.getView().fit(extent, { maxZoom: 15, padding: [60, 60, 60, 60] });
    }
  }

  #say(words: string): void {
    this.#words.textContent = words;
  }
}
