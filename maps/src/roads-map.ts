// The map of the pages of roads: features from the server, drawn by their kind; one is told under the pointer.
import "ol/ol.css";

import type Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import type Map from "ol/Map";
import GeoJSON from "ol/format/GeoJSON";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style } from "ol/style";

import type { LonLatExtent } from "./config";
import { extentOf, pageMap } from "./page-map";
import { boxIn } from "./mercator";
import { LON_LAT, VIEW } from "./projections";
import { loadJson } from "./thematic-data";

/** Where the view begins: about the county (lon/lat). */
const BEGIN: LonLatExtent = [117.0, 29.12, 117.72, 29.96];
const CLOSEST = 15;
const HIT_PIXELS = 6;

export const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });

function line(color: string, lineDash?: number[]): Style[] {
  return [
    new Style({ stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 8 }), zIndex: 20 }),
    new Style({ stroke: new Stroke({ color, width: 4.5, lineDash }), zIndex: 21 }),
  ];
}

const CLOSED = line("#b3261e");
const SLOW = line("#b8730d", [9, 7]);
const LOOKS: Readonly<Record<string, Style[]>> = {
  island: line("#b3261e"),
  trap: line("#aa4499", [9, 7]),
  place: [
    new Style({
      image: new Circle({ radius: 5.5, fill: new Fill({ color: "#0072b2" }), stroke: new Stroke({ color: "#ffffff", width: 2 }) }),
      zIndex: 30,
    }),
  ],
  closure: [
    new Style({
      stroke: new Stroke({ color: "#332288", width: 2.5 }),
      fill: new Fill({ color: "rgba(51, 34, 136, 0.15)" }),
      zIndex: 25,
    }),
  ],
};

function styleOf(feature: FeatureLike): Style[] {
  const kind = String(feature.get("kind"));
  if (kind === "road") return feature.get("slow") ? SLOW : CLOSED;
  return LOOKS[kind] ?? [];
}

export class RoadsMap {
  readonly map: Map;
  readonly #source = new VectorSource<Feature>();

  constructor(holder: HTMLElement) {
    holder.tabIndex = 0;
    holder.setAttribute("role", "application");
    holder.setAttribute("aria-label", `${holder.dataset.title ?? "地图"}。方向键移动，加减号缩放`);
    this.map = pageMap(holder, [new VectorLayer({ source: this.#source, style: styleOf, zIndex: 20 })]);
    this.map.getView().fit([...boxIn(BEGIN)], { padding: [10, 10, 10, 10] });
    this.#tellPointed(holder);
  }

  /** Draw what an address gives; the view moves to it. */
  async show(address: string): Promise<void> {
    const found = await loadJson<unknown>(address);
    this.#source.clear();
    this.#source.addFeatures(format.readFeatures(found));
    this.look(() => true);
  }

  /** Move the view to the features that are meant, where there are any. */
  look(meant: (feature: Feature) => boolean): void {
    const extent = extentOf(this.#source.getFeatures().filter(meant));
    if (extent) this.map.getView().fit(extent, { maxZoom: CLOSEST, padding: [40, 40, 40, 40] });
  }

  /** Tell what is under the pointer; a click on a location leads to its card. */
  #tellPointed(holder: HTMLElement): void {
    const words = document.getElementById("roads-pointed");
    this.map.on("pointermove", (event) => {
      if (event.dragging) return;
      const found = this.map.forEachFeatureAtPixel(event.pixel, (feature) => feature, { hitTolerance: HIT_PIXELS });
      holder.classList.toggle("map--over", found?.get("title") !== undefined);
      if (words) words.textContent = String(found?.get("title") ?? "");
    });
    this.map.on("click", ({ pixel }) => {
      const card: unknown = this.map.forEachFeatureAtPixel(pixel, (feature) => feature.get("card") as unknown, {
        hitTolerance: HIT_PIXELS,
      });
      if (typeof card === "string") location.assign(card);
    });
  }
}
