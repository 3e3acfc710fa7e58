// Measuring on the map: lengths and areas on the ellipsoid, by mouse, finger or keys.
import type Map from "ol/Map";
import type { Coordinate } from "ol/coordinate";
import { LineString, Polygon } from "ol/geom";
import Draw from "ol/interaction/Draw";
import VectorLayer from "ol/layer/Vector";
import { toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style } from "ol/style";

import { button } from "./elements";
import { areaText, lengthText, lineLength, ringArea } from "./geodesic";
import { COLOURS } from "./palette";
import type { TaskPanel } from "./task-panel";

export type Measured = "LineString" | "Polygon";

const HINT = {
  LineString: "测量距离：依次点击各点，双击结束；按 Esc 退出。",
  Polygon: "测量面积：依次点击各点，双击结束；按 Esc 退出。",
} as const;

const style = new Style({
  stroke: new Stroke({ color: COLOURS.chosen, width: 2.5, lineDash: [7, 5] }),
  fill: new Fill({ color: "rgba(214, 51, 108, 0.12)" }),
  image: new Circle({
    radius: 5,
    fill: new Fill({ color: COLOURS.chosen }),
    stroke: new Stroke({ color: "#ffffff", width: 2 }),
  }),
});

function told(geometry: LineString | Polygon): string {
  if (geometry instanceof LineString) {
    return `距离 ${lengthText(lineLength(geometry.getCoordinates().map((place) => toLonLat(place))))}`;
  }
  const ring = (geometry.getCoordinates()[0] ?? []).map((place) => toLonLat(place));
  return `面积 ${areaText(ringArea(ring.slice(0, -1)))}；周长 ${lengthText(lineLength(ring))}`;
}

export class Measure {
  readonly #map: Map;
  readonly #panel: TaskPanel;
  readonly #source = new VectorSource();
  #draw: Draw | undefined;

  constructor(map: Map, panel: TaskPanel) {
    this.#map = map;
    this.#panel = panel;
    map.addLayer(new VectorLayer({ source: this.#source, style, zIndex: 60 }));
  }

  begin(kind: Measured): void {
    this.#panel.begin(
      HINT[kind],
      () => { this.end(); },
      button("撤销一点", () => { this.#draw?.removeLastPoint(); }),
      button("清除", () => { this.#clear(HINT[kind]); }),
      button("结束测量", () => { this.end(); }),
    );
    this.#draw = new Draw({ source: this.#source, type: kind, style });
    this.#draw.on("drawstart", ({ feature }) => {
      this.#source.clear();
      const geometry = feature.getGeometry();
      geometry?.on("change", () => { this.#panel.say(told(geometry as LineString | Polygon)); });
    });
    this.#map.addInteraction(this.#draw);
  }

  /** Put a corner at a place, for those who work by keys. */
  add(place: Coordinate): void {
    this.#draw?.appendCoordinates([place]);
  }

  end(): void {
    if (this.#draw) this.#map.removeInteraction(this.#draw);
    this.#draw = undefined;
    this.#source.clear();
    this.#panel.finish();
  }

  #clear(hint: string): void {
    this.#draw?.abortDrawing();
    this.#source.clear();
    this.#panel.say(hint);
  }
}
