// Entry of a plan's public notice: its map with numbered pins of opinions, and pointing at a place for one's own.
//   [data-notice-map]  a map (see plan-map.ts); data-pins: number, place (EPSG:4548), parcel of each opinion;
//                      data-form: id of the form that takes a parcel and a place (east, north)
//   [data-pin="n"]     shows where opinion n points
import "../styles/plan-procedure.css";

import Feature from "ol/Feature";
import type { Coordinate } from "ol/coordinate";
import Point from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style, Text } from "ol/style";

import { PlanMap } from "./plan-map";
import { showToast } from "./toast";

interface Pin {
  number: number;
  place: [number, number] | null;
  parcel: string | null;
}

/** As near as an opinion's place is shown [m per pixel]: what lies around it tells where it is. */
const AROUND_M = 1;
const WHITE = "#ffffff";
const PIN = "#1d4e89";
const OWN = "#b42318";

function pinStyle(colour: string, words = ""): Style {
  return new Style({
    image: new Circle({ radius: 11, fill: new Fill({ color: colour }), stroke: new Stroke({ color: WHITE, width: 2 }) }),
    text: new Text({ text: words, fill: new Fill({ color: WHITE }), font: "bold 12px sans-serif" }),
  });
}

/** Numbered pins of opinions, and where each of them points. */
class Pins {
  readonly #map: PlanMap;
  readonly #pins: readonly Pin[];

  constructor(map: PlanMap, pins: readonly Pin[]) {
    this.#map = map;
    this.#pins = pins;
    const features = pins.filter((each) => each.place).map((each) => {
      const made = new Feature(new Point(each.place as Coordinate));
      made.setStyle(pinStyle(PIN, String(each.number)));
      return made;
    });
    map.map.addLayer(new VectorLayer({ source: new VectorSource({ features }), zIndex: 30 }));
  }

  show(number: number): void {
    const pin = this.#pins.find((each) => each.number === number);
    if (!pin) return;
    if (pin.parcel) this.#map.zoomTo([pin.parcel]);
    else if (pin.place) this.#map.showPlace({ type: "Point", coordinates: pin.place });
    const view = this.#map.map.getView();
    view.setResolution(Math.max(view.getResolution() ?? 0, AROUND_M));
    this.#map.holder.scrollIntoView({ block: "nearest" });
  }
}

/** The place that somebody points at, in the form's own fields. */
class Pointing {
  readonly #own = new VectorSource<Feature>();
  readonly #form: HTMLFormElement;
  readonly #note: HTMLElement | null;

  constructor(map: PlanMap, form: HTMLFormElement) {
    this.#form = form;
    this.#note = form.querySelector("[data-pinned]");
    map.map.addLayer(new VectorLayer({ source: this.#own, style: pinStyle(OWN), zIndex: 31 }));
    map.onChoose = (id) => { this.#input("parcel").value = id; this.#tell(); };
    map.map.on("click", (event) => { this.#put(event.coordinate); });
    form.querySelector("[data-unpin]")?.addEventListener("click", () => { this.#clear(); });
    this.#input("parcel").addEventListener("input", () => { this.#tell(); });
    const [east, north] = [Number(this.#input("east").value), Number(this.#input("north").value)];
    if (east && north) this.#put([east, north]);
  }

  #input(name: string): HTMLInputElement {
    const found = this.#form.elements.namedItem(name);
    if (!(found instanceof HTMLInputElement)) throw new Error(`the form has no ${name}`);
    return found;
  }

  #put(place: Coordinate): void {
    const [east = 0, north = 0] = place;
    this.#input("east").value = east.toFixed(2);
    this.#input("north").value = north.toFixed(2);
    this.#own.clear();
    this.#own.addFeature(new Feature(new Point(place)));
    this.#tell();
  }

  #clear(): void {
    for (const name of ["east", "north", "parcel"]) this.#input(name).value = "";
    this.#own.clear();
    this.#tell();
  }

  #tell(): void {
    if (!this.#note) return;
    const placed = this.#input("east").value !== "";
    this.#note.hidden = !placed;
    const parcel = this.#input("parcel").value;
    const words = this.#note.querySelector("[role=status]");
    if (words) words.textContent = parcel ? `已标在图上（图斑 ${parcel}）。` : "已标在图上。";
  }
}

for (const holder of document.querySelectorAll<HTMLElement>("[data-notice-map]")) {
  const map = new PlanMap(holder);
  const pins = new Pins(map, JSON.parse(holder.dataset.pins ?? "[]") as Pin[]);
  const form = document.getElementById(holder.dataset.form ?? "");
  if (form instanceof HTMLFormElement) new Pointing(map, form);
  document.addEventListener("click", (event) => {
    const asked = (event.target as Element | null)?.closest<HTMLElement>("[data-pin]");
    if (asked) pins.show(Number(asked.dataset.pin));
  });
  map.load().catch(() => {
    showToast("地图未能打开，请刷新页面重试；表格和意见不受影响。", "warn");
  });
}
