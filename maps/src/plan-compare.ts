// Entry of the comparison of two states of a plan: side by side with one view, as a swipe, or what changed.
import "../styles/plans.css";

import type Feature from "ol/Feature";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style } from "ol/style";

import { button } from "./elements";
import { PlanMap } from "./plan-map";
import { hatched } from "./plan-looks";
import { planeFeature } from "./plan-plane";
import { colourSwatches } from "./swatches";
import { loadJson } from "./thematic-data";
import { showToast } from "./toast";

interface Change {
  from: string;
  to: string;
  colour: string;
  edge: string;
  parcels: string[];
  geometry: object;
}

const MODES = [["side", "并排"], ["swipe", "卷帘"], ["change", "变化图"]] as const;
type Mode = (typeof MODES)[number][0];

class Comparison {
  readonly #page: HTMLElement;
  readonly #left: PlanMap;
  readonly #right: PlanMap;
  readonly #source = new VectorSource<Feature>();
  readonly #changes: VectorLayer<VectorSource<Feature>>;
  readonly #slider = document.createElement("input");
  #mode: Mode = "side";

  constructor(page: HTMLElement, left: HTMLElement, right: HTMLElement) {
    this.#page = page;
    this.#left = new PlanMap(left);
    // One view for both: whatever moves one moves the other.
    this.#right = new PlanMap(right, this.#left.map.getView());
    this.#changes = new VectorLayer({ source: this.#source, style: styleOf, zIndex: 15, visible: false });
    this.#right.map.addLayer(this.#changes);
    this.#layOut();
  }

  async load(): Promise<void> {
    await Promise.all([this.#left.load(), this.#right.load(false)]);
    const { changes } = this.#page.dataset;
    if (!changes) return;
    const found = await loadJson<Change[]>(changes);
    this.#source.addFeatures(found.map((each) => planeFeature(each.geometry, { colour: each.colour, edge: each.edge })));
  }

  show(mode: Mode): void {
    this.#mode = mode;
    this.#page.dataset.mode = mode;
    this.#changes.setVisible(mode === "change");
    this.#right.fade(mode === "change");
    for (const each of this.#page.querySelectorAll<HTMLElement>("[data-mode-button]")) {
      each.setAttribute("aria-pressed", String(each.dataset.modeButton === mode));
    }
    this.#clip();
    this.#left.resized();
    this.#right.resized();
  }

  choose(parcels: string[]): void {
    if (!this.#left.zoomTo(parcels)) this.#right.zoomTo(parcels);
    else this.#right.highlight(parcels);
    this.#page.scrollIntoView({ block: "nearest" });
  }

  #clip(): void {
    const at = Number(this.#slider.value);
    this.#slider.parentElement?.toggleAttribute("hidden", this.#mode !== "swipe");
    const frame = this.#right.holder.querySelector<HTMLElement>(".plan-map__frame");
    if (frame) frame.style.clipPath = this.#mode === "swipe" ? `inset(0 0 0 ${at}%)` : "";
  }

  #layOut(): void {
    const bar = this.#page.querySelector(".plan-compare__bar");
    for (const [mode, words] of MODES) {
      const made = button(words, () => { this.show(mode); }, "plan-map__switch");
      made.dataset.modeButton = mode;
      bar?.append(made);
    }
    this.#slider.type = "range";
    this.#slider.min = "0";
    this.#slider.max = "100";
    this.#slider.value = "50";
    this.#slider.addEventListener("input", () => { this.#clip(); });
    const label = document.createElement("label");
    label.className = "plan-compare__slider";
    label.append("卷帘位置", this.#slider);
    bar?.append(label);
    this.show("side");
  }
}

const styles = new Map<string, Style>();

function styleOf(feature: { get: (name: string) => unknown }): Style {
  const colour = String(feature.get("colour"));
  const edge = String(feature.get("edge"));
  const key = `${colour} ${edge}`;
  const known = styles.get(key);
  if (known) return known;
  // Stripes of what it was over what it becomes.
  const made = new Style({
    fill: new Fill({ color: hatched(colour, edge, [45], 12, 3.5) }),
    stroke: new Stroke({ color: "#d6006c", width: 2.2 }),
  });
  styles.set(key, made);
  return made;
}

colourSwatches();
const page = document.getElementById("plan-compare");
const left = document.getElementById("plan-left");
const right = document.getElementById("plan-right");
if (page && left && right) {
  const comparison = new Comparison(page, left, right);
  comparison.load().catch(() => { showToast("地图未能打开，请刷新页面重试；下面的表格不受影响。", "warn"); });
  document.addEventListener("click", (event) => {
    const chooser = (event.target as Element | null)?.closest<HTMLElement>("[data-show-parcels]");
    if (!chooser?.dataset.showParcels) return;
    event.preventDefault();
    comparison.choose(JSON.parse(chooser.dataset.showParcels) as string[]);
  });
}
