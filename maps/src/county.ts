// Entry of the home page: the county's map with its search, filters, list, card and tools.
import "ol/ol.css";
import "../styles/county.css";

import type { Coordinate } from "ol/coordinate";

import { type Chosen, type Colouring, type Narrowed, readColouring } from "./address";
import { BottomSheet } from "./bottom-sheet";
import { CardPanel } from "./card-panel";
import { watchChanges } from "./changes";
import { CountyMap } from "./county-map";
import { type MapConfig, readConfig } from "./config";
import { byId } from "./elements";
import { Legend } from "./legend";
import { MapFilters } from "./map-filters";
import { MapList } from "./map-list";
import { type Found, MapSearch } from "./map-search";
import { setUpTools } from "./map-tools";
import type { Measure, Measured } from "./measure";
import type { Movable, MovePoint } from "./move-point";
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
  // Tools that few need are loaded when they are taken up.
  #measure: Measure | undefined;
  #move: MovePoint | undefined;
  readonly #print: PrintSheet;
  #counts: Record<string, number>;
  #colouring: Colouring;
  #chosen: Chosen | undefined;

  constructor(holder: HTMLElement, config: MapConfig) {
    this.#counts = Object.fromEntries(config.layers.map((layer) => [layer.name, layer.count]));
    this.#filters = new MapFilters(config, (narrowed, moved) => { this.#narrow(narrowed, moved); });
    this.#map = new CountyMap(holder, config, {
      onChoose: (chosen) => void this.#choose(chosen),
      onStill: () => { this.#list.update(); },
      onPlace: (place, byKey) => this.#take(place, byKey),
    });
    this.#colouring = readColouring(window.location.search);
    this.#legend = new Legend(byId("layers"), config, this.#colouring, {
      onSwitch: (name, shown) => { this.#map.switch(name, shown); },
      onKind: (name, kind) => { this.#filters.chooseKind(name, kind); },
      onStatus: (status) => { this.#filters.chooseStatus(status); },
      onColouring: (colouring) => {
        this.#colouring = colouring;
        this.#map.colourBy(colouring);
      },
    });
    this.#card = new CardPanel(
      config,
      () => {
        this.#chosen = undefined;
        this.#map.forget();
      },
      (moving) => void this.#beginMove(moving),
    );
    this.#list = new MapList({
      view: () => this.#map.extent,
      narrowed: () => this.#filters.now,
      onChoose: (chosen) => void this.#choose(chosen, true),
      onHover: (lonLat) => { this.#map.point(lonLat); },
    });
    this.#print = new PrintSheet(this.#map.map, config);
    this.#setUp(config);
  }

  async start(): Promise<void> {
    if (this.#filters.narrowed) this.#narrow(this.#filters.now, false);
    await this.#map.start();
    const { changes = "", known = "{}" } = byId("map-filters").dataset;
    watchChanges(changes, known, (layers) => { this.#changed(layers); });
  }

  #setUp(config: MapConfig): void {
    new MapSearch((found) => void this.#goTo(found));
    const tabs = document.querySelector<HTMLElement>(".map-side .tablist");
    if (tabs) setUpTabs(tabs, (panel) => { this.#list.show(panel === "panel-list"); });
    setUpTools({
      onMeasure: (kind) => void this.#beginMeasure(kind),
      onPrint: () => { this.#openPrint(); },
      onPictures: config.pictures.length > 0 ? (shown) => { this.#map.showPictures(shown); } : undefined,
    });
  }

  async #beginMeasure(kind: Measured): Promise<void> {
    const { Measure } = await import("./measure");
    this.#measure ??= new Measure(this.#map.map, this.#task);
    this.#measure.begin(kind);
  }

  async #beginMove(moving: Movable): Promise<void> {
    this.#sheet.open(false);
    const { MovePoint } = await import("./move-point");
    this.#move ??= new MovePoint(this.#map.map, this.#task, (moved) => { this.#again(moved); });
    this.#move.begin(moving);
  }

  #narrow(narrowed: Narrowed, moved: boolean): void {
    this.#map.narrow(narrowed);
    this.#legend.narrow(narrowed.kinds, narrowed.status);
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
    this.#chosen = chosen;
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

  /** Show layers that were changed, here or elsewhere, or whose statuses a new day changed. */
  #changed(layers: string[]): void {
    layers.forEach((layer) => { this.#map.refresh(layer); });
    this.#list.update(true);
    void this.#count();
    if (this.#chosen && layers.includes(this.#chosen.layer) && !this.#move?.active) void this.#card.show(this.#chosen);
  }

  #take(place: Coordinate, byKey: boolean): boolean {
    if (this.#move?.active) this.#move.put(place);
    else if (this.#task.busy && byKey) this.#measure?.add(place);
    return this.#task.busy;
  }

  #openPrint(): void {
    const counts = new Map(this.#legend.shown.map((name) => [name, this.#counts[name] ?? 0]));
    this.#print.open({ counts, narrowed: this.#filters.words(), colouring: this.#colouring });
  }
}

/** Let others have the page's main thread: the painter of the ground needs it for a moment when it begins. */
function pause(): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve); });
}

async function start(holder: HTMLElement): Promise<void> {
  const config = readConfig(holder);
  try {
    if (!config) throw new Error("no boundary");
    await pause();
    const county = new County(holder, config);
    await pause();
    await county.start();
  } catch (error) {
    const words = document.createElement("p");
    words.className = "notice notice--bad";
    words.setAttribute("role", "alert");
    words.textContent = `地图未能打开。${config ? "请刷新页面重试。" : "您所在行政区划还没有边界，请管理员先导入。"}`;
    holder.replaceChildren(words);
    if (config) throw error;
  }
}

const holder = document.getElementById("map");
if (holder) void start(holder);
