// Entry of the compliance board: the map and the charts of what the page's tables tell.
import "ol/ol.css";
import "../styles/board.css";

import type Feature from "ol/Feature";
import View from "ol/View";
import GeoJSON from "ol/format/GeoJSON";

import { BoardCharts, type Figures } from "./board-charts";
import { LON_LAT, VIEW } from "./projections";
import { loadJson, valueText } from "./thematic-data";
import { ThematicMap, areasSource } from "./thematic-map";
import { showToast } from "./toast";

const CLOSEST = 15;

class Board {
  readonly #features = new Map<string, Promise<Feature[]>>();
  #map: ThematicMap | undefined;
  #charts: BoardCharts | undefined;

  async draw(): Promise<void> {
    this.#map?.dispose();
    this.#map = undefined;
    this.#charts?.dispose();
    const page = document.getElementById("board");
    if (!page?.dataset.figures) return;
    const figures = JSON.parse(page.dataset.figures) as Figures;
    this.#charts = new BoardCharts(figures);
    await this.#drawMap(page, figures);
  }

  async #drawMap(page: HTMLElement, figures: Figures): Promise<void> {
    const target = page.querySelector<HTMLElement>(".board__canvas");
    if (!target) return;
    const all = await this.#load(page.dataset.areas ?? "", figures.level);
    // Another page may have come while the outlines were on their way.
    if (!target.isConnected) return;
    const source = areasSource(all.filter((each) => String(each.getId()).startsWith(figures.division)).map((each) => {
      const copy = each.clone();
      copy.setId(each.getId());
      return copy;
    }));
    target.setAttribute("role", "application");
    target.setAttribute("aria-label", "按期合规率地图。方向键移动，加减号缩放，回车选择中心处的地区；数值见下表");
    const view = new View({ minZoom: 7, maxZoom: CLOSEST, enableRotation: false });
    const map = new ThematicMap(target, view, source, figures.level, 1, {
      onHover: (code) => { if (code) this.#tell(page, figures, code); },
      onChoose: (code) => { this.#choose(page, figures, code); },
    });
    this.#map = map;
    map.show([figures.map], undefined);
    const extent = source.getExtent();
    const size: [number, number] = [target.clientWidth || 600, target.clientHeight || 400];
    if (source.getFeatures().length > 0 && extent) view.fit(extent, { padding: [12, 12, 36, 12], size });
    listenToTable(page, (code) => { this.#tell(page, figures, code); });
  }

  #load(address: string, level: string): Promise<Feature[]> {
    const known = this.#features.get(level);
    if (known) return known;
    const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });
    const loading = loadJson<object>(`${address}?${new URLSearchParams({ level }).toString()}`)
      .then((found) => format.readFeatures(found) as Feature[]);
    this.#features.set(level, loading);
    loading.catch(() => this.#features.delete(level));
    return loading;
  }

  #tell(page: HTMLElement, figures: Figures, code: string): void {
    this.#map?.choose(code);
    const words = page.querySelector("#board-hover");
    const named = figures.map.areas[code];
    if (!words) return;
    if (!named) {
      words.textContent = "该地区在统计期内没有巡查任务。";
      return;
    }
    const [onTime = 0, judged = 0] = figures.judged[code] ?? [];
    const place = document.createElement("b");
    place.textContent = named.slice(0, 2).filter(Boolean).join(" ");
    const rate = valueText(figures.map, named[2]);
    words.replaceChildren(place, ` 按期合规率 ${rate}（按期 ${onTime} ÷ 已到期或已完成 ${judged}）`);
  }

  #choose(page: HTMLElement, figures: Figures, code: string): void {
    this.#tell(page, figures, code);
    if (code === figures.division || !figures.map.areas[code]) return;
    window.location.assign((page.dataset.drill ?? "").replace("CODE", encodeURIComponent(code)));
  }
}

/** Pointing at a row of the table shows its area on the map. */
function listenToTable(page: HTMLElement, tell: (code: string) => void): void {
  page.querySelectorAll<HTMLElement>("tr[data-code]").forEach((row) => {
    const code = row.dataset.code ?? "";
    row.addEventListener("pointerenter", () => { tell(code); });
    row.addEventListener("focusin", () => { tell(code); });
  });
}

const board = new Board();

function drawAll(): void {
  board.draw().catch(() => { showToast("地图未能打开，请刷新页面重试；下方表格不受影响。", "warn"); });
}

document.addEventListener("click", (event) => {
  if ((event.target as Element | null)?.closest("[data-print]")) window.print();
});
document.addEventListener("htmx:afterSettle", (event) => {
  if ((event.target as Element | null)?.id === "board") drawAll();
});
drawAll();
