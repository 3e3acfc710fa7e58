// The map beside the list of key villages: their points in the colour of their level, on the county's own map.
// #village-points carries them as GeoJSON; htmx replaces it with every new filter.
import "ol/ol.css";
import "../styles/villages.css";

import type { FeatureLike } from "ol/Feature";
import Map from "ol/Map";
import View from "ol/View";
import GeoJSON from "ol/format/GeoJSON";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";

import { GroundLayer } from "./ground-layer";
import { chooseByKeyboard, mapControls } from "./controls";
import { zoomOf } from "./mercator";
import { COLOURS, FONT } from "./palette";
import { LON_LAT, VIEW } from "./projections";
import { colourSwatches } from "./swatches";

const NAMES_FROM = 10.2;
const HIT_PIXELS = 8;
const KEYBOARD_HIT_PIXELS = 24;
const RADIUS = 7;
const RADIUS_CHOSEN = 10;

const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });

function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

class VillagesMap {
  readonly #holder: HTMLElement;
  readonly #source = new VectorSource();
  readonly #layer: VectorLayer;
  readonly #map: Map;
  readonly #colours: Record<string, string>;
  #chosen = "";

  constructor(holder: HTMLElement) {
    this.#holder = holder;
    this.#colours = JSON.parse(holder.dataset.colours ?? "{}") as Record<string, string>;
    this.#layer = new VectorLayer({
      source: this.#source,
      declutter: true,
      zIndex: 20,
      style: (feature, resolution) => this.#style(feature, zoomOf(resolution)),
    });
    this.#map = new Map({
      target: holder,
      controls: mapControls({ invented: false }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
      layers: [new GroundLayer(), this.#layer],
      view: new View({ minZoom: 7, maxZoom: 17, enableRotation: false }),
    });
    this.#listen();
    this.show();
  }

  show(): void {
    colourSwatches();
    const stated = byId("village-points")?.dataset.points;
    this.#source.clear();
    if (!stated) return;
    this.#source.addFeatures(format.readFeatures(JSON.parse(stated)));
    const extent = this.#source.getExtent();
    if (!extent || this.#source.isEmpty()) return;
    this.#map.getView().fit(extent, { padding: [40, 40, 40, 40], maxZoom: 12.5 });
  }

  choose(code: string): void {
    if (this.#chosen === code) return;
    this.#chosen = code;
    this.#layer.changed();
    document.querySelectorAll<HTMLElement>("[data-village]").forEach((row) => {
      row.classList.toggle("village--chosen", row.dataset.village === code);
    });
  }

  #style(feature: FeatureLike, zoom: number): Style {
    const chosen = feature.get("code") === this.#chosen;
    const look = {
      image: new Circle({
        radius: chosen ? RADIUS_CHOSEN : RADIUS,
        fill: new Fill({ color: this.#colours[String(feature.get("level"))] ?? COLOURS.chosen }),
        stroke: new Stroke({ color: chosen ? COLOURS.label : "#ffffff", width: chosen ? 3 : 2 }),
        declutterMode: "none",
      }),
      zIndex: chosen ? 1 : 0,
    };
    if (!chosen && zoom < NAMES_FROM) return new Style(look);
    const text = new Text({
      text: String(feature.get("name")),
      font: `${chosen ? "600 " : ""}12px ${FONT}`,
      offsetY: -16,
      fill: new Fill({ color: COLOURS.label }),
      stroke: new Stroke({ color: COLOURS.halo, width: 3 }),
    });
    return new Style({ ...look, text });
  }

  #listen(): void {
    this.#map.on("click", (event) => { this.#open(event.pixel as [number, number], HIT_PIXELS); });
    this.#map.on("pointermove", (event) => {
      const code = event.dragging ? "" : this.#hit(event.pixel as [number, number], HIT_PIXELS);
      this.#holder.classList.toggle("map--over", code !== "");
      this.choose(code);
    });
    chooseByKeyboard(this.#map, this.#holder, (pixel) => { this.#open(pixel, KEYBOARD_HIT_PIXELS); });
    const rowOf = (event: Event): string =>
      (event.target as Element).closest<HTMLElement>("[data-village]")?.dataset.village ?? "";
    for (const name of ["mouseover", "focusin"]) {
      byId("villages")?.addEventListener(name, (event) => { this.choose(rowOf(event)); });
    }
    document.addEventListener("htmx:afterSettle", () => { this.show(); });
  }

  #hit(pixel: [number, number], hitTolerance: number): string {
    const found = this.#map.forEachFeatureAtPixel(pixel, (feature) => String(feature.get("code")), {
      hitTolerance,
      layerFilter: (layer) => layer === this.#layer,
    });
    return found ?? "";
  }

  #open(pixel: [number, number], hitTolerance: number): void {
    const code = this.#hit(pixel, hitTolerance);
    if (code) window.location.assign(`/villages/${code}`);
  }
}

const holder = byId("villages-map");
if (holder) new VillagesMap(holder);
