// The page around the thematic maps: what is shown, hovered, chosen, played and printed.
import type Feature from "ol/Feature";
import View from "ol/View";
import GeoJSON from "ol/format/GeoJSON";

import { showToast } from "./toast";
import type { Areas } from "./choropleth";
import { problemText } from "./problem";
import { LON_LAT, VIEW } from "./projections";
import { ThematicChart } from "./thematic-chart";
import { type ThematicData, loadJson, valueOf, valueText } from "./thematic-data";
import { ThematicMap, areasSource } from "./thematic-map";
import { keepFilters } from "./thematic-filters";
import { printSheet } from "./thematic-print";
import { TimeSlider } from "./time-slider";

const MOVE_MS = 300;
const CLOSEST = 15;

export class ThematicPage {
  readonly #holder: HTMLElement;
  readonly #hover = document.getElementById("thematic-hover");
  readonly #view = new View({ minZoom: 7, maxZoom: CLOSEST, enableRotation: false });
  readonly #chart = new ThematicChart();
  readonly #slider = new TimeSlider((year) => { this.#draw(year); });
  readonly #sources = new Map<string, Promise<Areas>>();
  #maps: ThematicMap[] = [];
  #shape = "";
  #data: ThematicData | undefined;
  #year: number | undefined;
  #asked = "";

  constructor(holder: HTMLElement) {
    this.#holder = holder;
  }

  async start(): Promise<void> {
    this.#listen();
    await this.#refresh();
  }

  #listen(): void {
    keepFilters();
    document.addEventListener("htmx:afterSettle", () => void this.#refresh());
    document.addEventListener("click", (event) => {
      const button = (event.target as Element | null)?.closest<HTMLElement>(".thematic__go");
      if (button?.dataset.code) this.#choose(button.dataset.code);
    });
    document.addEventListener("focusin", (event) => {
      const button = (event.target as Element | null)?.closest<HTMLElement>(".thematic__go");
      if (button?.dataset.code) this.#point(button.dataset.code);
    });
    document.addEventListener("submit", (event) => {
      const form = event.target as HTMLFormElement;
      if (form.id !== "thematic-print") return;
      event.preventDefault();
      void printSheet(form);
    });
  }

  /** Load what the result part of the page now names, unless it is drawn already. */
  async #refresh(): Promise<void> {
    const address = document.getElementById("thematic-result")?.dataset.numbers;
    if (!address || address === this.#asked) return;
    this.#asked = address;
    try {
      const data = await loadJson<ThematicData>(address);
      if (address !== this.#asked) return;
      this.#data = data;
      // The slider takes room from the map, so it comes before the map is fitted.
      this.#slider.offer(data.maps);
      await this.#arrange(data);
      this.#draw(this.#slider.year);
    } catch (error) {
      const status = Number(error instanceof Error ? error.message : "");
      showToast(problemText("", Number.isFinite(status) ? status : 0), "bad");
    }
  }

  /** Lay out one or two maps anew when the level or the comparison changed. */
  async #arrange(data: ThematicData): Promise<void> {
    const shape = `${data.level}/${data.compare}`;
    if (shape === this.#shape) return;
    const areas = await this.#areas(data.level);
    const first = this.#shape === "";
    const anotherLevel = !this.#shape.startsWith(`${data.level}/`);
    this.#shape = shape;
    this.#maps.forEach((map) => { map.dispose(); });
    this.#holder.replaceChildren();
    this.#holder.dataset.compare = data.compare;
    const count = data.compare === "beside" ? 2 : 1;
    this.#maps = Array.from({ length: count }, (_, at) => this.#map(areas, data, at));
    if (data.compare === "swipe") this.#addSwipe();
    const extent = areas.getExtent();
    if ((first || anotherLevel) && extent) this.#view.fit(extent, { padding: [16, 16, 40, 16], size: this.#size() });
  }

  #size(): [number, number] {
    const map = this.#holder.querySelector(".thematic__canvas");
    return [map?.clientWidth ?? 600, map?.clientHeight ?? 400];
  }

  #map(areas: Areas, data: ThematicData, at: number): ThematicMap {
    const target = document.createElement("div");
    target.className = "thematic__canvas map";
    target.setAttribute("role", "application");
    target.setAttribute("aria-label", `专题地图${data.compare === "beside" ? `，图${at === 0 ? "一" : "二"}` : ""}。方向键移动，加减号缩放，回车选择中心处的地区`);
    this.#holder.append(target);
    const layers = data.compare === "swipe" ? 2 : 1;
    return new ThematicMap(target, this.#view, areas, data.level, layers, {
      onHover: (code) => { if (code) this.#point(code); },
      onChoose: (code) => { this.#choose(code); },
    });
  }

  #addSwipe(): void {
    const label = document.createElement("label");
    label.className = "thematic__swipe";
    const words = document.createElement("span");
    words.textContent = "卷帘：左为图一，右为图二";
    const slider = document.createElement("input");
    slider.type = "range";
    slider.id = "thematic-swipe";
    slider.min = "0";
    slider.max = "100";
    slider.value = "50";
    slider.addEventListener("input", () => { this.#maps[0]?.swipe(Number(slider.value) / 100); });
    label.append(words, slider);
    this.#holder.append(label);
  }

  #areas(level: string): Promise<Areas> {
    const known = this.#sources.get(level);
    if (known) return known;
    const loading = this.#loadAreas(level);
    this.#sources.set(level, loading);
    loading.catch(() => this.#sources.delete(level));
    return loading;
  }

  async #loadAreas(level: string): Promise<Areas> {
    const address = `${this.#holder.dataset.areas ?? ""}?${new URLSearchParams({ level }).toString()}`;
    const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });
    const features = format.readFeatures(await loadJson<object>(address)) as Feature[];
    return areasSource(features);
  }

  #draw(year: number | undefined): void {
    const data = this.#data;
    const first = data?.maps[0];
    if (!data || !first) return;
    this.#year = year;
    this.#maps.forEach((map, at) => { map.show(data.compare === "beside" ? data.maps.slice(at) : data.maps, year); });
    this.#chart.show(first, year);
  }

  /** Mark an area and say its value. */
  #point(code: string): void {
    const data = this.#data;
    const named = data?.maps[0]?.areas[code];
    if (!data || !named || !this.#hover) return;
    this.#maps.forEach((map) => { map.choose(code); });
    const values = data.maps.map((map) => `${map.title}：${valueText(map, valueOf(map, code, this.#year))}`);
    const place = document.createElement("b");
    place.textContent = named.slice(0, 2).filter(Boolean).join(" ");
    const link = document.createElement("a");
    link.href = this.#listAddress(code);
    link.textContent = "查看点位";
    this.#hover.replaceChildren(place, ` ${values.join("；")} `, link);
  }

  #listAddress(code: string): string {
    const address = new URL(this.#data?.maps[0]?.list ?? "/", window.location.origin);
    address.searchParams.set("township", code.slice(0, 9));
    if (code.length > 9) address.searchParams.set("village", code);
    return address.pathname + address.search;
  }

  #choose(code: string): void {
    this.#point(code);
    void this.#zoomTo(code);
    document.querySelectorAll("tr[data-code]").forEach((row) => {
      const here = row instanceof HTMLElement && row.dataset.code === code;
      row.classList.toggle("thematic__chosen", here);
      if (here) row.scrollIntoView({ block: "nearest" });
    });
  }

  async #zoomTo(code: string): Promise<void> {
    const areas = await this.#areas(this.#data?.level ?? "township");
    const extent = areas.getFeatureById(code)?.getGeometry()?.getExtent();
    const duration = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : MOVE_MS;
    if (extent) this.#view.fit(extent, { padding: [60, 60, 60, 60], maxZoom: 13, duration });
  }
}
