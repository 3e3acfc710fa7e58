// A read-only map of a plan's scheme on the plane EPSG:4548, made from an element that names its sketch:
//   data-sketch   address of the sketch (boundary, parcels, base, lines)
//   data-edition  edition of its codes (2023)
//   data-report   optional address of a report whose findings are drawn
//   data-show     "base" begins with the base year
//   data-edit     optional address of the editor, to which a parcel leads
import "ol/ol.css";
import "../styles/plans.css";

import Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import OlMap from "ol/Map";
import type View from "ol/View";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import { boundingExtent, createEmpty, extend, isEmpty } from "ol/extent";
import type { Geometry } from "ol/geom";
import Polygon from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";

import { chooseByKeyboard, mapControls } from "./controls";
import { button, element } from "./elements";
import { type LegendUse, showLegend } from "./plan-legend";
import {
  BOUNDARY, CHOSEN, type LineCode, type Look, ParcelStyles, type UseCode, findingStyle, lineStyles, looksOf,
} from "./plan-looks";
import { planeFeature, planeFormat, planeView } from "./plan-plane";
import { shortArea } from "./plan-words";
import { loadJson } from "./thematic-data";

export interface Sketch {
  boundary: object;
  parcels: object[];
  base: object[];
  lines: object[];
}

interface Told {
  findings: { severity: string; zh: string; parcels: string[]; geometry: object | null }[];
}

export type Year = "base" | "target";

const CLOSEST_M = 0.05;
const AROUND = [36, 36, 48, 36];

/** The codes of an edition and the control lines; asked for once a page. */
const asked = new Map<string, Promise<unknown>>();
function once<T>(address: string): Promise<T> {
  const known = asked.get(address) as Promise<T> | undefined;
  if (known) return known;
  const loading = loadJson<T>(address);
  asked.set(address, loading);
  return loading;
}

export class PlanMap {
  readonly map: OlMap;
  readonly holder: HTMLElement;
  /** Told when a parcel is chosen on the map. */
  onChoose: ((id: string, feature: Feature) => void) | undefined;
  readonly #canvas = element("div", "plan-map__canvas map");
  readonly #facts = element("div", "plan-map__facts");
  readonly #legend = element("div", "plan-legend");
  readonly #years = element("div", "plan-map__years");
  readonly #sources: Record<Year, VectorSource<Feature>> = { base: new VectorSource(), target: new VectorSource() };
  readonly #lines = new VectorSource<Feature>();
  readonly #boundary = new VectorSource<Feature>();
  readonly #findings = new VectorSource<Feature>();
  readonly #chosen = new VectorSource<Feature>();
  readonly #styles = new ParcelStyles();
  readonly #parcels: VectorLayer<VectorSource<Feature>>;
  readonly #lineLayer: VectorLayer<VectorSource<Feature>>;
  #looks = new Map<string, Look>();
  #lineCodes: LineCode[] = [];
  #year: Year = "target";
  #labels = true;

  constructor(holder: HTMLElement, view?: View) {
    this.holder = holder;
    holder.classList.add("plan-map");
    this.#parcels = new VectorLayer({
      source: this.#sources.target,
      style: (feature, resolution) => this.#styles.of(feature, resolution, this.#labels),
      declutter: true,
      renderBuffer: 8,
      updateWhileInteracting: false,
      zIndex: 1,
    });
    this.#lineLayer = new VectorLayer({ source: this.#lines, zIndex: 5 });
    this.map = new OlMap({
      target: this.#canvas,
      controls: mapControls({ invented: false }),
      // A page is scrolled by the wheel; with Ctrl it zooms, as the buttons and keys do.
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, mouseWheelZoom: false }),
      layers: [
        this.#parcels,
        this.#lineLayer,
        new VectorLayer({ source: this.#boundary, style: BOUNDARY, zIndex: 8 }),
        new VectorLayer({ source: this.#findings, style: findingStyle, zIndex: 10 }),
        new VectorLayer({ source: this.#chosen, style: CHOSEN, zIndex: 20 }),
      ],
      view: view ?? planeView(CLOSEST_M),
    });
    this.#layOut();
    this.#listen();
  }

  /** Ask for the sketch and draw it; the view moves to the village. */
  async load(fit = true): Promise<void> {
    const { sketch: address, edition, report, show } = this.holder.dataset;
    if (!address) return;
    this.holder.setAttribute("aria-busy", "true");
    try {
      const [sketch, codes, lines] = await Promise.all([
        loadJson<Sketch>(address),
        once<UseCode[]>(`/plans/codes.json?edition=${edition ?? "2023"}`),
        once<LineCode[]>("/plans/control-lines.json"),
      ]);
      this.draw(sketch, codes, lines);
      this.show(show === "base" ? "base" : "target");
      if (fit) this.fit();
      if (report) this.drawFindings((await loadJson<Told>(report)).findings);
    } finally {
      this.holder.removeAttribute("aria-busy");
      this.holder.dataset.drawn = "";
    }
  }

  draw(sketch: Sketch, codes: readonly UseCode[], lines: readonly LineCode[]): void {
    const read = (features: object[]): Feature[] => planeFormat.readFeatures({ type: "FeatureCollection", features });
    const drawn = { base: read(sketch.base), target: read(sketch.parcels) };
    const known = new Map(codes.map((use) => [use.code, use]));
    this.#lineCodes = [...lines];
    this.#looks = looksOf([...drawn.base, ...drawn.target].map((each) => String(each.get("code"))), known);
    this.#styles.looks = this.#looks;
    this.#lineLayer.setStyle(lineStyles(lines));
    for (const [source, features] of [
      [this.#sources.base, drawn.base], [this.#sources.target, drawn.target], [this.#lines, read(sketch.lines)],
      [this.#boundary, [planeFeature(sketch.boundary)]],
    ] as const) {
      source.clear(true);
      source.addFeatures([...features]);
    }
    this.#years.hidden = drawn.base.length === 0 || drawn.target.length === 0;
  }

  drawFindings(findings: readonly { severity: string; zh?: string; geometry: object | null }[]): void {
    this.#findings.clear();
    for (const each of findings) {
      if (!each.geometry) continue;
      this.#findings.addFeature(planeFeature(each.geometry, { severity: each.severity, words: each.zh ?? "" }));
    }
  }

  /** Show the base year or the target year. */
  show(year: Year): void {
    this.#year = year;
    this.#parcels.setSource(this.#sources[year]);
    for (const each of this.#years.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", String(each.dataset.year === year));
    }
    this.#showLegend();
  }

  fit(): void {
    const extent = createEmpty();
    for (const source of [this.#boundary, this.#sources.target, this.#sources.base]) {
      if (source.getFeatures().length > 0) extend(extent, source.getExtent() ?? createEmpty());
    }
    if (!isEmpty(extent)) this.#look(extent);
  }

  /** Mark parcels; ids that this year does not have are looked for in the other. */
  highlight(ids: readonly string[]): void {
    this.#chosen.clear();
    this.#chosen.addFeatures(this.#found(ids).map((each) => new Feature(each.getGeometry())));
  }

  /** Mark parcels and move the view to them; tells whether there were any. */
  zoomTo(ids: readonly string[]): boolean {
    this.highlight(ids);
    return this.#lookAtChosen();
  }

  /** Mark a place (GeoJSON on the plane) and move the view to it. */
  showPlace(geometry: object): void {
    this.#chosen.clear();
    this.#chosen.addFeature(planeFeature(geometry));
    this.#lookAtChosen();
  }

  /** Let the parcels step back behind what is drawn over them. */
  fade(faint: boolean): void {
    this.#parcels.setOpacity(faint ? 0.3 : 1);
  }

  /** The holder may have been moved in the page or come into sight. */
  resized(): void {
    this.map.updateSize();
  }

  #found(ids: readonly string[]): Feature[] {
    const of = (year: Year): Feature[] => ids
      .map((id) => this.#sources[year].getFeatureById(id)).filter((each) => each !== null);
    const here = of(this.#year);
    return here.length > 0 ? here : of(this.#year === "base" ? "target" : "base");
  }

  #lookAtChosen(): boolean {
    const extent = createEmpty();
    for (const each of this.#chosen.getFeatures()) extend(extent, each.getGeometry()?.getExtent() ?? createEmpty());
    if (isEmpty(extent)) return false;
    this.#look(extent);
    return true;
  }

  #look(extent: number[]): void {
    const size: [number, number] = [this.#canvas.clientWidth || 400, this.#canvas.clientHeight || 300];
    this.map.getView().fit(extent, { padding: AROUND, size, minResolution: 0.2 });
  }

  #showLegend(): void {
    const sums = new Map<string, LegendUse>();
    for (const each of this.#sources[this.#year].getFeatures()) {
      const look = this.#looks.get(String(each.get("code")));
      if (!look) continue;
      const sum = sums.get(look.code) ?? { look, m2: 0, parcels: [] };
      sum.m2 += areaOf(each);
      sum.parcels.push(String(each.getId()));
      sums.set(look.code, sum);
    }
    const counts = new Map<string, number>();
    for (const each of this.#lines.getFeatures()) {
      const code = String(each.get("code"));
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    const uses = [...sums.values()].sort((one, other) => one.look.code.localeCompare(other.look.code));
    const lines = this.#lineCodes.filter((each) => counts.has(each.code))
      .map((each) => ({ ...each, count: counts.get(each.code) ?? 0 }));
    showLegend(this.#legend, uses, lines, (parcels) => { this.zoomTo(parcels); });
  }

  #layOut(): void {
    const title = this.holder.dataset.title ?? "规划图";
    this.#canvas.setAttribute("role", "application");
    this.#canvas.setAttribute("aria-label", `${title}。方向键移动，加减号缩放，回车查看中心处的图斑`);
    for (const [year, words] of [["base", "基期"], ["target", "目标"]] as const) {
      const made = button(words, () => { this.show(year); }, "plan-map__switch");
      made.dataset.year = year;
      this.#years.append(made);
    }
    this.#years.setAttribute("role", "group");
    this.#years.setAttribute("aria-label", "年份");
    const bar = element(
      "div", "plan-map__bar no-print", this.#years, toggle("标注", (on) => { this.#labels = on; this.#parcels.changed(); }),
      toggle("管控边界", (on) => { this.#lineLayer.setVisible(on); }),
      button("全图", () => { this.fit(); }, "plan-map__switch"),
    );
    const legend = element("details", "plan-map__legend", element("summary", "", "图例"), this.#legend);
    legend.open = this.holder.dataset.legend !== "closed" && window.innerWidth > 700;
    this.#facts.setAttribute("aria-live", "polite");
    this.holder.replaceChildren(bar, element("div", "plan-map__frame", this.#canvas, this.#facts), legend);
  }

  #listen(): void {
    this.map.on("click", ({ pixel }) => { this.#choose(pixel); });
    chooseByKeyboard(this.map, this.#canvas, (pixel) => { this.#choose(pixel); });
    this.map.on("pointermove", (event) => {
      if (event.dragging) return;
      this.#canvas.classList.toggle("map--over", this.map.hasFeatureAtPixel(event.pixel, { layerFilter: (l) => l === this.#parcels }));
    });
    this.#canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.map.getView().adjustZoom(event.deltaY < 0 ? 0.5 : -0.5, this.map.getEventCoordinate(event));
    }, { passive: false });
    new ResizeObserver(() => { this.resized(); }).observe(this.#canvas);
  }

  #choose(pixel: number[]): void {
    const place = this.map.getCoordinateFromPixel(pixel);
    const near = this.#parcels.getSource()?.getFeaturesInExtent(boundingExtent([place])) ?? [];
    const parcel = near.find((each) => each.getGeometry()?.intersectsCoordinate(place));
    const findings = this.#findings.getFeaturesAtCoordinate(place);
    this.#chosen.clear();
    if (!parcel) {
      this.#facts.replaceChildren();
      return;
    }
    const id = String(parcel.getId());
    this.highlight([id]);
    this.#tell(parcel, findings);
    this.onChoose?.(id, parcel);
  }

  /** What is known of a parcel, and of what was found there. */
  #tell(parcel: Feature, findings: readonly FeatureLike[]): void {
    const id = String(parcel.getId());
    const code = String(parcel.get("code"));
    const inside = this.#lines.getFeatures()
      .filter((line) => line.getGeometry()?.intersectsCoordinate(middleOf(parcel)))
      .map((line) => this.#lineCodes.find((each) => each.code === line.get("code"))?.zh ?? String(line.get("code")));
    const rows: [string, string][] = [
      ["图斑", id], ["用途", `${code} ${this.#looks.get(code)?.zh ?? ""}`], ["面积", shortArea(areaOf(parcel))],
      ["名称", String(parcel.get("label") ?? "")], ["户数", Number(parcel.get("households") ?? 1) > 1 ? String(parcel.get("households")) : ""],
      ["所在管控", [...new Set(inside)].join("、")], ["年份", this.#year === "base" ? "基期" : "目标"],
    ];
    const facts = element("dl", "facts");
    for (const [name, value] of rows) if (value) facts.append(element("dt", "", name), element("dd", "", value));
    const found = findings.map((each) => String(each.get("words"))).filter((words) => words !== "");
    const { edit } = this.holder.dataset;
    const close = button("×", () => { this.#facts.replaceChildren(); this.#chosen.clear(); }, "toast__close");
    close.setAttribute("aria-label", "关闭");
    this.#facts.replaceChildren(close, facts, ...found.map((words) => element("p", "small", words)));
    if (edit && this.#year === "target") {
      const link = element("a", "button button--small", "到编辑器修改");
      link.href = `${edit}#parcel=${encodeURIComponent(id)}`;
      this.#facts.append(link);
    }
  }
}

function toggle(words: string, act: (on: boolean) => void): HTMLElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.checked = true;
  box.addEventListener("change", () => { act(box.checked); });
  return element("label", "check", box, words);
}

/** The area of a parcel [m²]: its coordinates are those of the plane itself. */
function areaOf(feature: Feature): number {
  const geometry: Geometry | undefined = feature.getGeometry();
  return geometry instanceof Polygon ? geometry.getArea() : 0;
}

function middleOf(feature: Feature): number[] {
  const geometry = feature.getGeometry();
  return geometry instanceof Polygon ? geometry.getInteriorPoint().getCoordinates() : [0, 0];
}
