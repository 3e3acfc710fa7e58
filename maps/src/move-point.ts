// Moving a point on the county's map: drag, or arrow keys and Enter; save with the version that was read.
import Feature from "ol/Feature";
import type Map from "ol/Map";
import type { Coordinate } from "ol/coordinate";
import Point from "ol/geom/Point";
import Translate from "ol/interaction/Translate";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style } from "ol/style";

import type { Chosen } from "./address";
import { button } from "./elements";
import { lengthText, lineLength } from "./geodesic";
import { COLOURS } from "./palette";
import { problemText } from "./problem";
import type { TaskPanel } from "./task-panel";
import { csrfToken } from "./htmx";
import { showToast } from "./toast";

const DIGITS = 7;
const HINT = "移动位置：拖动红点，或点击新的位置，然后保存。按 Esc 取消。";

export interface Movable extends Chosen {
  version: number;
  lonLat: Coordinate;
}

const style = new Style({
  image: new Circle({
    radius: 10,
    fill: new Fill({ color: COLOURS.chosen }),
    stroke: new Stroke({ color: "#ffffff", width: 3 }),
  }),
});

async function write(moved: Chosen, act: string, version: number, body: object): Promise<Response> {
  const { layer, code } = moved;
  return fetch(`/api/v1/layers/${layer}/locations/${encodeURIComponent(code)}/${act}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "If-Match": `"${version}"`,
      "X-CSRFToken": csrfToken(),
    },
    body: JSON.stringify(body),
  });
}

export class MovePoint {
  readonly #map: Map;
  readonly #panel: TaskPanel;
  readonly #onMoved: (moved: Chosen) => void;
  readonly #source = new VectorSource<Feature<Point>>();
  readonly #drag: Translate;
  #moving: Movable | undefined;

  constructor(map: Map, panel: TaskPanel, onMoved: (moved: Chosen) => void) {
    this.#map = map;
    this.#panel = panel;
    this.#onMoved = onMoved;
    const drawn = new VectorLayer({ source: this.#source, style, zIndex: 70 });
    map.addLayer(drawn);
    this.#drag = new Translate({ layers: [drawn], hitTolerance: 14 });
    this.#drag.on("translating", () => { this.#tell(); });
    this.#drag.setActive(false);
    map.addInteraction(this.#drag);
  }

  begin(moving: Movable): void {
    const save = button("保存", () => void this.#save(), "button button--small button--primary");
    this.#panel.begin(HINT, () => { this.end(); }, save, button("取消", () => { this.end(); }));
    this.#moving = moving;
    this.#source.addFeature(new Feature(new Point(fromLonLat(moving.lonLat))));
    this.#drag.setActive(true);
    this.#map.getTargetElement()?.focus();
  }

  get active(): boolean {
    return this.#moving !== undefined;
  }

  put(place: Coordinate): void {
    this.#source.getFeatures()[0]?.setGeometry(new Point(place));
    this.#tell();
  }

  end(): void {
    this.#moving = undefined;
    this.#drag.setActive(false);
    this.#source.clear();
    this.#panel.finish();
  }

  #place(): Coordinate | undefined {
    const geometry = this.#source.getFeatures()[0]?.getGeometry();
    return geometry && toLonLat(geometry.getCoordinates());
  }

  #tell(): void {
    const place = this.#place();
    if (!this.#moving || !place) return;
    const metres = lengthText(lineLength([this.#moving.lonLat, place]));
    const [lon = 0, lat = 0] = place;
    this.#panel.say(`离原位置 ${metres}；东经 ${lon.toFixed(6)}°，北纬 ${lat.toFixed(6)}°。`);
  }

  async #save(): Promise<void> {
    const moving = this.#moving;
    const place = this.#place();
    if (!moving || !place) return;
    const coordinates = place.map((degrees) => Number(degrees.toFixed(DIGITS)));
    const geom = { type: "Point", coordinates };
    const response = await this.#send(moving, "move", moving.version, { geom });
    if (!response) return;
    this.end();
    this.#onMoved(moving);
    const { version } = (await response.json()) as { version: number };
    const act = (): void => void this.#undo(moving, version);
    showToast("位置已保存。", "ok", version > moving.version ? { label: "撤销", act } : undefined);
  }

  async #undo(moved: Movable, version: number): Promise<void> {
    if (!(await this.#send(moved, "undo", version, { to_version: moved.version }))) return;
    this.#onMoved(moved);
    showToast("已恢复原位置。", "ok");
  }

  async #send(moved: Movable, act: string, version: number, body: object): Promise<Response | undefined> {
    try {
      const response = await write(moved, act, version, body);
      if (response.ok) return response;
      showToast(problemText(await response.text(), response.status), "bad");
      // Somebody else's change is shown, so that the next attempt starts from it.
      if (response.status === 409) {
        this.end();
        this.#onMoved(moved);
      }
    } catch {
      showToast("网络不通，未保存。请检查网络后重试。", "bad");
    }
    return undefined;
  }
}
