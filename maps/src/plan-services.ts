// Entry of the page of a plan's services: homesteads by how long they are on the way, facilities, sites.
//   .services-map[data-coverage]          address of who is reached; [data-sites] chosen sites
//   [data-show-parcels="[…]"]             shows parcels on the map
//   [data-show-site="0"]                  shows a chosen site with whom it serves
import "../styles/plan-services.css";

import Feature from "ol/Feature";
import Point from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, RegularShape, Stroke, Style, Text } from "ol/style";

import { showBusyForms } from "./busy-forms";
import { PlanMap } from "./plan-map";
import { planeFeature } from "./plan-plane";
import { loadJson } from "./thematic-data";
import { showToast } from "./toast";

interface Homestead {
  parcel: string;
  name: string;
  x: number;
  y: number;
  households: number;
  minutes: number | null;
  straight: number | null;
  facility: string | null;
}

interface Facility {
  key: string;
  name: string;
  origin: string;
  x: number;
  y: number;
  households: number;
}

interface Coverage {
  minutes: number;
  homesteads: Homestead[];
  facilities: Facility[];
  area: object;
}

interface Site {
  x: number;
  y: number;
  homesteads: string[];
}

/** Colours of times, the quickest first: two thirds of the limit, the limit, beyond it, far beyond it. */
const COLOURS = ["#1a6aa8", "#4fa3cf", "#a9d3e8", "#f29d52", "#b3261e"] as const;
const EDGE = new Stroke({ color: "#1f2937", width: 1 });
const AREA = new Style({ fill: new Fill({ color: "rgba(26, 106, 168, 0.14)" }), stroke: new Stroke({ color: "#1a6aa8", width: 1.2, lineDash: [5, 4] }) });

const square = (colour: string, angle: number): Style => new Style({
  image: new RegularShape({ points: 4, radius: 9, angle, fill: new Fill({ color: colour }), stroke: new Stroke({ color: "#fff", width: 2 }) }),
  zIndex: 5,
});
const MARKS: Record<string, Style> = { existing: square("#14532d", Math.PI / 4), proposed: square("#7a3e9d", 0) };

function colourOf(minutes: number | null, limit: number): string {
  if (minutes === null || minutes > 1.5 * limit) return COLOURS[4];
  if (minutes > limit) return COLOURS[3];
  return COLOURS[Math.min(Math.floor((3 * minutes) / limit), 2)] ?? COLOURS[2];
}

function dot(home: Homestead, limit: number): Style {
  const late = home.minutes === null || home.minutes > limit;
  return new Style({
    image: new Circle({
      radius: 4 + Math.min(Math.sqrt(home.households) * 1.4, 8),
      fill: new Fill({ color: colourOf(home.minutes, limit) }),
      stroke: late ? new Stroke({ color: "#7f1d1d", width: 2 }) : EDGE,
    }),
    zIndex: late ? 2 : 1,
  });
}

function numbered(words: string): Style {
  return new Style({
    image: new RegularShape({ points: 5, radius: 14, radius2: 7, fill: new Fill({ color: "#c2185b" }), stroke: new Stroke({ color: "#fff", width: 2 }) }),
    text: new Text({ text: words, offsetY: -20, font: "bold 14px sans-serif", fill: new Fill({ color: "#7a0f3a" }), stroke: new Stroke({ color: "#fff", width: 4 }) }),
    zIndex: 6,
  });
}

function at(place: { x: number; y: number }, style: Style | undefined): Feature {
  const made = new Feature(new Point([place.x, place.y]));
  made.setStyle(style);
  return made;
}

function minutesText(value: number | null): string {
  return value === null ? "不通" : `${value.toFixed(1)} 分钟`;
}

class ServiceMap {
  readonly #box: HTMLElement;
  readonly #map: PlanMap;
  readonly #sites: Site[];
  readonly #area = new VectorSource<Feature>();
  readonly #places = new VectorSource<Feature>();
  #homes = new Map<string, Homestead>();
  #facilities = new Map<string, Facility>();

  constructor(box: HTMLElement, holder: HTMLElement) {
    this.#box = box;
    this.#sites = JSON.parse(box.dataset.sites ?? "[]") as Site[];
    this.#map = new PlanMap(holder);
    this.#map.map.addLayer(new VectorLayer({ source: this.#area, style: AREA, zIndex: 12 }));
    this.#map.map.addLayer(new VectorLayer({ source: this.#places, zIndex: 25 }));
    this.#map.onChoose = (id) => { this.#tell(id); };
  }

  async load(): Promise<void> {
    const { coverage } = this.#box.dataset;
    await this.#map.load();
    if (!coverage) return;
    const found = await loadJson<Coverage>(coverage);
    this.#homes = new Map(found.homesteads.map((home) => [home.parcel, home]));
    this.#facilities = new Map(found.facilities.map((each) => [each.key, each]));
    this.#area.addFeature(planeFeature(found.area));
    this.#places.addFeatures([
      ...found.homesteads.map((home) => at(home, dot(home, found.minutes))),
      ...found.facilities.map((each) => at(each, MARKS[each.origin] ?? MARKS.existing)),
      ...this.#sites.map((site, number) => at(site, numbered(String(number + 1)))),
    ]);
    this.#box.dataset.served = String(found.homesteads.length);
  }

  showParcels(ids: string[]): void {
    if (!this.#map.zoomTo(ids)) showToast("图上没有这些图斑，可能已被修改。", "warn");
    if (ids.length === 1 && ids[0]) this.#tell(ids[0]);
    this.#comeIntoSight();
  }

  showSite(number: number): void {
    const site = this.#sites[number];
    if (!site) return;
    if (!this.#map.zoomTo(site.homesteads)) this.#map.showPlace({ type: "Point", coordinates: [site.x, site.y] });
    this.#say(`站点 ${number + 1} 服务 ${site.homesteads.length} 处宅基地，已在图上标出。`);
    this.#comeIntoSight();
  }

  /** How long a homestead is on the way, in words for everybody. */
  #tell(id: string): void {
    const home = this.#homes.get(id);
    if (!home) {
      this.#say("");
      return;
    }
    const facility = home.facility === null ? undefined : this.#facilities.get(home.facility);
    this.#say(`图斑 ${id}（${home.households} 户）：${facility ? `到${facility.name} ` : ""}${minutesText(home.minutes)}，直线估算 ${minutesText(home.straight)}。`);
  }

  #say(words: string): void {
    const told = this.#box.querySelector<HTMLElement>("[data-told]");
    if (told) told.textContent = words;
  }

  #comeIntoSight(): void {
    this.#box.scrollIntoView({ block: "nearest" });
  }
}

async function begin(): Promise<void> {
  const box = document.querySelector<HTMLElement>(".services-map");
  const holder = box?.querySelector<HTMLElement>("[data-plan-map]");
  if (!box || !holder) return;
  const shown = new ServiceMap(box, holder);
  document.addEventListener("click", (event) => {
    const chooser = (event.target as Element | null)?.closest<HTMLElement>("[data-show-parcels], [data-show-site]");
    if (!chooser) return;
    const { showParcels, showSite } = chooser.dataset;
    if (showSite !== undefined) shown.showSite(Number(showSite));
    else if (showParcels) shown.showParcels(JSON.parse(showParcels) as string[]);
  });
  try {
    await shown.load();
  } catch {
    showToast("地图未能打开，请刷新页面重试；列表不受影响。", "warn");
  }
}

showBusyForms();
void begin();
