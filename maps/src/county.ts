// Entry of the home page: the county's map with its search, filters, list, card and tools.
import "ol/ol.css";
import "../styles/county.css";

import type { Coordinate } from "ol/coordinate";

import { type Chosen, type Narrowed } from "./address";
import { BottomSheet } from "./bottom-sheet";
import { CardPanel } from "./card-panel";
import { CountyMap } from "./county-map";
import { type MapConfig, loadConfig } from "./config";
import { byId } from "./elements";
import { Legend } from "./legend";
import { MapFilters } from "./map-filters";
import { MapList } from "./map-list";
import { type Found, MapSearch } from "./map-search";
import { setUpTools } from "./map-tools";
import { Measure } from "./measure";
import { MovePoint } from "./move-point";
import { PrintSheet } from "./print-sheet";
import { problemText } from "./problem";
import { setUpTabs } from "./tabs";
import { TaskPanel } from "./task-panel";
import { showToast } from "./toast";

const DIVISION = "division";

class County {
  readonly #map: CountyMap;
  readonly #filters: MapFilters;
  readonly #legend: Legend;
  readonly #list: MapList;
  readonly #card: CardPanel;
  readonly #sheet = new BottomSheet((pixels) => { this.#map.cover(pixels); });
  readonly #task = new TaskPanel();
  readonly #measure: Measure;
  readonly #move: MovePoint;
  readonly #print: PrintSheet;
  #counts: Record<string, number>;

  constructor(holder: HTMLElement, config: MapConfig) {
    this.#counts = Object.fromEntries(config.layers.map((layer) => [layer.name, layer.count]));
    this.#filters = new MapFilters(config, (narrowed, moved) => { this.#narrow(narrowed, moved); });
    this.#map = new CountyMap(holder, config, {
      onChoose: (chosen) => void this.#choose(chosen),
      onStill: () => { this.#list.update(); },
      onPlace: (place, byKey) => this.#take(place, byKey),
    });
    this.#legend = new Legend(byId("layers"), config, {
      onSwitch: (name, shown) => { this.#map.switch(name, shown); },
      onKind: (name, kind) => { this.#filters.chooseKind(name, kind); },
    });
    this.#card = new CardPanel(
      config,
      () => { this.#map.forget(); },
      (moving) => { this.#sheet.open(false); this.#move.begin(moving); },
    );
    this.#list = new MapList({
      view: () => this.#map.extent,
      narrowed: () => this.#filters.now,
      onChoose: (chosen) => void this.#choose(chosen, true),
      onHover: (lonLat) => { this.#map.point(lonLat); },
    });
    this.#measure = new Measure(this.#map.map, this.#task);
    this.#move = new MovePoint(this.#map.map, this.#task, (moved) => { this.#again(moved); });
    this.#print = new PrintSheet(this.#map.map, config);
    this.#setUp(config);
  }

  async start(): Promise<void> {
    if (this.#filters.narrowed) this.#narrow(this.#filters.now, false);
    await this.#map.start();
  }

  #setUp(config: MapConfig): void {
    new MapSearch((found) => void this.#goTo(found));
    const tabs = document.querySelector<HTMLElement>(".map-side .tablist");
    if (tabs) setUpTabs(tabs, (panel) => { this.#list.show(panel === "panel-list"); });
    setUpTools({
      onMeasure: (kind) => { this.#measure.begin(kind); },
      onPrint: () => { this.#openPrint(); },
      onPictures: config.pictures.length > 0 ? (shown) => { this.#map.showPictures(shown); } : undefined,
    });
  }

  #narrow(narrowed: Narrowed, moved: boolean): void {
    this.#map.narrow(narrowed);
    this.#legend.narrow(narrowed.kinds);
    if (moved) this.#map.goToDivision(narrowed.division);
    this.#list.update();
    void this.#count();
  }

  async #count(): Promise<void> {
    try {
      this.#counts = await this.#filters.counts();
      this.#legend.count(this.#counts);
    } catch (error) {
      showToast(problemText("", Number(error instanceof Error ? error.message : "")), "bad");
    }
  }

  async #choose(chosen: Chosen, close = false): Promise<void> {
    const geometry = await this.#card.show(chosen);
    if (geometry === undefined) return;
    this.#sheet.open(true);
    this.#map.choose(chosen, geometry, close);
    byId("map-side").scrollTop = 0;
  }

  async #goTo(found: Found): Promise<void> {
    if (found.layer === DIVISION) {
      this.#map.goTo(found.extent);
      return;
    }
    await this.#choose(found, true);
  }

  /** Show what was moved as it is now. */
  #again(moved: Chosen): void {
    this.#map.refresh(moved.layer);
    this.#list.update(true);
    void this.#choose(moved);
  }

  #take(place: Coordinate, byKey: boolean): boolean {
    if (this.#move.active) this.#move.put(place);
    else if (this.#task.busy && byKey) this.#measure.add(place);
    return this.#task.busy;
  }

  #openPrint(): void {
    const counts = new Map(this.#legend.shown.map((name) => [name, this.#counts[name] ?? 0]));
    this.#print.open({ counts, narrowed: this.#filters.words() });
  }
}

async function start(holder: HTMLElement): Promise<void> {
  const address = holder.dataset.config ?? "/api/v1/map-config";
  try {
    await new County(holder, await loadConfig(address)).start();
  } catch (error) {
    const status = Number(error instanceof Error ? error.message : "");
    const words = document.createElement("p");
    words.className = "notice notice--bad";
    words.setAttribute("role", "alert");
    words.textContent = `地图未能打开。${Number.isFinite(status) ? problemText("", status) : "请刷新页面重试。"}`;
    holder.replaceChildren(words);
  }
}

const holder = document.getElementById("map");
if (holder) void start(holder);
