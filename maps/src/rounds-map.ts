// The map of a plan's rounds: lines over the roads in colours that colour-blind people tell apart, further ones
// dashed; the chosen round is thick, with its stops numbered and its station as a square.
import "ol/ol.css";

import Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import type Map from "ol/Map";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, RegularShape, Stroke, Style, Text } from "ol/style";

import { chooseByKeyboard } from "./controls";
import { extentOf, pageMap } from "./page-map";
import { FONT } from "./palette";

/** The same colours stand in maps/styles/rounds.css as .tint-0 and so on. */
const TINTS = ["#0072b2", "#d55e00", "#009e73", "#aa4499", "#a6761d", "#332288", "#3a97cf", "#882255"];
const HIT_PIXELS = 8;
const KEYBOARD_HIT_PIXELS = 22;
const CLOSEST = 15;
/** So many rounds step back behind the chosen one. */
const MANY = 12;
const INK = "#1f2937";

export interface RoundLine {
  id: number;
  tint: number;
  title: string;
  line: [number, number][];
  station: [number, number];
  stops: [id: number, ordinal: number, name: string, lon: number, lat: number][];
  broken: boolean;
}

export interface RoundsMapEvents {
  onChoose?: (id: number) => void;
  onPoint?: (words: string | undefined) => void;
}

function colourOf(tint: number): string {
  return TINTS[tint % TINTS.length] ?? INK;
}

/** `faint` is a hexadecimal opacity, or nothing. */
function lineStyles(feature: FeatureLike, chosen: boolean, faint: string): Style[] {
  const tint = Number(feature.get("tint"));
  const dashed = Math.floor(tint / TINTS.length) % 2 === 1;
  const width = chosen ? 5.5 : 3;
  const line = new Style({
    stroke: new Stroke({
      color: `${colourOf(tint)}${faint}`,
      width,
      lineDash: dashed ? [10, 8] : undefined,
    }),
    zIndex: chosen ? 20 : 10,
  });
  const casing = new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: width + 3 }), zIndex: chosen ? 19 : 9 });
  return [casing, line];
}

function stopStyle(feature: FeatureLike, chosen: boolean): Style {
  const colour = colourOf(Number(feature.get("tint")));
  if (!chosen) {
    return new Style({
      image: new Circle({ radius: 4, fill: new Fill({ color: colour }), stroke: new Stroke({ color: "#ffffff", width: 1.5 }) }),
      zIndex: 12,
    });
  }
  return new Style({
    image: new Circle({ radius: 11, fill: new Fill({ color: "#ffffff" }), stroke: new Stroke({ color: colour, width: 3 }) }),
    text: new Text({ text: String(feature.get("ordinal")), font: `600 12px ${FONT}`, fill: new Fill({ color: INK }), offsetY: 1 }),
    zIndex: 30,
  });
}

function stationStyle(chosen: boolean): Style {
  return new Style({
    image: new RegularShape({
      points: 4,
      angle: Math.PI / 4,
      radius: chosen ? 15 : 10,
      fill: new Fill({ color: INK }),
      stroke: new Stroke({ color: "#ffffff", width: 2.5 }),
    }),
    text: chosen ? new Text({ text: "站", font: `600 12px ${FONT}`, fill: new Fill({ color: "#ffffff" }), offsetY: 1 }) : undefined,
    zIndex: chosen ? 32 : 14,
  });
}

export class RoundsMap {
  readonly #map: Map;
  readonly #holder: HTMLElement;
  readonly #source = new VectorSource();
  readonly #events: RoundsMapEvents;
  #chosen: number | undefined;
  #faint = "";

  constructor(holder: HTMLElement, title: string, events: RoundsMapEvents = {}) {
    this.#holder = holder;
    this.#events = events;
    holder.setAttribute("role", "application");
    holder.setAttribute("aria-label", `${title}。方向键移动，加减号缩放，回车选中心处的路线；清单见旁边的列表`);
    this.#map = pageMap(holder, [
      new VectorLayer({ source: this.#source, zIndex: 20, style: (feature) => this.#style(feature) }),
    ]);
    this.#map.getView().setCenter(fromLonLat([117.35, 29.5]));
    this.#map.getView().setZoom(9);
    this.#listen();
  }

  /** Draw rounds; the view moves to the chosen one, else to all of them. */
  show(rounds: RoundLine[], chosen?: number): void {
    this.#source.clear();
    this.#faint = rounds.length > MANY ? "66" : "aa";
    for (const each of rounds) this.#source.addFeatures(featuresOf(each));
    this.choose(chosen);
  }

  choose(chosen: number | undefined): void {
    this.#chosen = chosen;
    this.#source.changed();
    this.#fit();
  }

  /** The holder may have been moved in the page or come into sight. */
  resized(): void {
    this.#map.updateSize();
  }

  #fit(): void {
    const all = this.#source.getFeatures();
    const own = all.filter((feature) => feature.get("round") === this.#chosen);
    const extent = extentOf(own.length > 0 ? own : all);
    if (!extent) return;
    const size: [number, number] = [this.#holder.clientWidth || 400, this.#holder.clientHeight || 300];
    this.#map.getView().fit(extent, { padding: [34, 30, 40, 30], maxZoom: CLOSEST, size });
  }

  #style(feature: FeatureLike): Style | Style[] {
    const chosen = feature.get("round") === this.#chosen;
    const kind = String(feature.get("kind"));
    if (kind === "line") return lineStyles(feature, chosen, chosen || this.#chosen === undefined ? "" : this.#faint);
    return kind === "stop" ? stopStyle(feature, chosen) : stationStyle(chosen);
  }

  #hit(pixel: number[], hitTolerance: number): FeatureLike | undefined {
    return this.#map.forEachFeatureAtPixel(pixel, (feature) => feature, { hitTolerance });
  }

  #listen(): void {
    const choose = (pixel: number[], tolerance: number): void => {
      const id = Number(this.#hit(pixel, tolerance)?.get("round"));
      if (id) this.#events.onChoose?.(id);
    };
    this.#map.on("click", (event) => { choose(event.pixel, HIT_PIXELS); });
    this.#map.on("pointermove", (event) => {
      if (event.dragging) return;
      const found = this.#hit(event.pixel, HIT_PIXELS);
      this.#holder.classList.toggle("map--over", found !== undefined);
      this.#events.onPoint?.(found && String(found.get("words")));
    });
    chooseByKeyboard(this.#map, this.#holder, (pixel) => { choose(pixel, KEYBOARD_HIT_PIXELS); });
    // Paper is as wide as it is, whatever the window: the map takes that size before it is printed.
    const sized = (printed: boolean): void => {
      this.#holder.classList.toggle("rounds-map--paper", printed);
      this.#map.updateSize();
      this.#fit();
      this.#map.renderSync();
    };
    window.addEventListener("beforeprint", () => { sized(true); });
    window.addEventListener("afterprint", () => { sized(false); });
  }
}

function featuresOf(each: RoundLine): Feature[] {
  const shared = { round: each.id, tint: each.tint };
  const line = new Feature({
    ...shared,
    kind: "line",
    words: `${each.title}${each.broken ? "（有一段道路不通，未画出）" : ""}`,
    geometry: new LineString(each.line.map((place) => fromLonLat(place))),
  });
  const station = new Feature({ ...shared, kind: "station", words: `${each.title}：工作站`, geometry: new Point(fromLonLat(each.station)) });
  const stops = each.stops.map(([, ordinal, name, lon, lat]) => new Feature({
    ...shared,
    kind: "stop",
    ordinal,
    words: `${each.title}：${ordinal} ${name}`,
    geometry: new Point(fromLonLat([lon, lat])),
  }));
  return [line, station, ...stops];
}
