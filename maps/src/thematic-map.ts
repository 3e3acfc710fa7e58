// One OpenLayers map with one choropleth, or with two that a swipe divides.
import type Feature from "ol/Feature";
import Map from "ol/Map";
import type View from "ol/View";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import { getRenderPixel } from "ol/render";
import type RenderEvent from "ol/render/Event";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style, Text } from "ol/style";

import { type Areas, Choropleth } from "./choropleth";
import { chooseByKeyboard, mapControls } from "./controls";
import { FONT } from "./palette";
import type { ThematicMapData } from "./thematic-data";

export interface Listeners {
  onHover: (code: string | undefined) => void;
  onChoose: (code: string) => void;
}

const NAMES_FROM = 10.8;

function nameStyle(feature: Feature, resolution: number, level: string): Style | undefined {
  const zoom = Math.log2(156543.034 / resolution);
  if (level === "village" && zoom < NAMES_FROM) return undefined;
  return new Style({
    text: new Text({
      text: String(feature.get("name")),
      font: `600 12px ${FONT}`,
      fill: new Fill({ color: "#1f2937" }),
      stroke: new Stroke({ color: "rgba(255, 255, 255, 0.9)", width: 3 }),
      overflow: true,
    }),
  });
}

export class ThematicMap {
  readonly #map: Map;
  readonly #layers: Choropleth[];
  readonly #target: HTMLElement;
  #swipe = 0.5;

  constructor(target: HTMLElement, view: View, areas: Areas, level: string, count: number, listeners: Listeners) {
    this.#target = target;
    this.#layers = Array.from({ length: count }, () => new Choropleth(areas));
    const names = new VectorLayer({
      source: areas,
      declutter: true,
      zIndex: 20,
      style: (feature, resolution) => nameStyle(feature as Feature, resolution, level),
    });
    this.#map = new Map({
      target,
      controls: mapControls({ invented: false }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
      layers: [...this.#layers.map((layer) => layer.drawn), names],
      view,
    });
    if (count === 2) this.#cut();
    this.#listen(listeners);
  }

  show(maps: ThematicMapData[], year: number | undefined): void {
    this.#layers.forEach((layer, at) => {
      const data = maps[at];
      if (data) layer.show(data, year);
    });
  }

  choose(code: string | undefined): void {
    this.#layers.forEach((layer) => { layer.choose(code); });
  }

  swipe(place: number): void {
    this.#swipe = place;
    this.#map.render();
  }

  dispose(): void {
    this.#map.setTarget(undefined);
    this.#target.remove();
  }

  #listen({ onHover, onChoose }: Listeners): void {
    const codeAt = (pixel: number[]): string | undefined => {
      const hit = this.#map.forEachFeatureAtPixel(pixel, (feature) => feature.getId());
      return hit === undefined ? undefined : String(hit);
    };
    this.#map.on("pointermove", (event) => {
      if (event.dragging) return;
      const code = codeAt(event.pixel);
      this.#target.classList.toggle("map--over", code !== undefined);
      onHover(code);
    });
    this.#map.on("click", (event) => {
      const code = codeAt(event.pixel);
      if (code) onChoose(code);
    });
    chooseByKeyboard(this.#map, this.#target, (pixel) => {
      const code = codeAt(pixel);
      if (code) onChoose(code);
    });
  }

  /** Let the second choropleth be seen only right of the swipe. */
  #cut(): void {
    const above = this.#layers[1]?.drawn;
    if (!above) return;
    above.setZIndex(6);
    above.on("prerender", (event: RenderEvent) => {
      const pen = event.context as CanvasRenderingContext2D;
      const [width = 0, height = 0] = this.#map.getSize() ?? [];
      const left = width * this.#swipe;
      const corners = [[left, 0], [width, 0], [width, height], [left, height]];
      pen.save();
      pen.beginPath();
      corners.forEach((corner) => {
        const [x = 0, y = 0] = getRenderPixel(event, corner);
        pen.lineTo(x, y);
      });
      pen.closePath();
      pen.clip();
    });
    above.on("postrender", (event: RenderEvent) => { (event.context as CanvasRenderingContext2D).restore(); });
  }
}

export function areasSource(features: Feature[]): Areas {
  return new VectorSource({ features });
}
