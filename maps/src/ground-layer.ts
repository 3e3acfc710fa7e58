// The county's own base map as a layer: a worker paints it, the page only shifts the picture while the map moves.
import type { FrameState } from "ol/Map";
import Layer from "ol/layer/Layer";

import type { Painted } from "./ground-painter";
import { takeGround } from "./ground-start";
import { BEYOND, type GroundView, groundView } from "./ground-view";
import type { FromPainter, ToPainter } from "./ground-worker";
import type { Box } from "./mercator";
import { COLOURS } from "./palette";
import { GROUND_GRID, type Place, Tiles, Zooming, keyOf } from "./tiles";

const BASE_TILES = "/tiles/base/{z}/{x}/{y}.mvt";
/** How long tiles are waited for until wider ones stand in for them [ms]. */
const PATIENCE_MS = 300;
const ANIMATING = 0;

type Drawn = Extract<FromPainter, { kind: "painted" }>;

interface Picture {
  view: GroundView;
  /** How many tiles had come when it was painted. */
  arrivals: number;
  /** Painted from every tile that it needs. */
  whole: boolean;
}

export class GroundLayer extends Layer {
  readonly #worker: Worker;
  readonly #tiles: Tiles<true>;
  readonly #frame = document.createElement("div");
  readonly #canvas = document.createElement("canvas");
  readonly #pen = this.#canvas.getContext("bitmaprenderer");
  readonly #zooming = new Zooming();
  /** Called when the painter tells whether it has a tile. */
  readonly #loading = new Map<string, (come: boolean) => void>();
  #over = false;
  #arrivals = 0;
  #awaited: Picture | undefined;
  #shown: Picture | undefined;
  #waitingSince: number | undefined;

  constructor(address = BASE_TILES, within?: Box) {
    super({ zIndex: 0 });
    this.#tiles = new Tiles<true>({
      address,
      grid: GROUND_GRID,
      within,
      load: (pattern, place) => this.#load(pattern, place),
      onArrival: () => {
        this.#arrivals += 1;
        this.changed();
      },
      onDrop: (place) => { this.#tell({ kind: "drop", place }); },
    });
    Object.assign(this.#frame.style, { position: "absolute", inset: "0", overflow: "hidden" });
    Object.assign(this.#canvas.style, { position: "absolute", left: "0", top: "0", transformOrigin: "0 0" });
    this.#frame.style.backgroundColor = COLOURS.outside;
    this.#frame.append(this.#canvas);
    this.#worker = this.#takePainter();
  }

  /** Whether what was last asked for is in sight. */
  get settled(): boolean {
    return this.#shown?.whole === true && this.#awaited === undefined;
  }

  /** Draw boundaries and names alone, over pictures that show land and roads themselves. */
  overPictures(over: boolean): void {
    this.#over = over;
    this.#frame.style.backgroundColor = over ? "transparent" : COLOURS.outside;
    this.changed();
  }

  override render(frame: FrameState | null): HTMLElement {
    if (frame) {
      const zooming = this.#zooming.look(frame.viewState.resolution, Boolean(frame.viewHints[ANIMATING]));
      if (!zooming) this.#look(frame);
      this.#place(frame);
    }
    return this.#frame;
  }

  protected override disposeInternal(): void {
    this.#worker.terminate();
    super.disposeInternal();
  }

  /** Take the painter over with what it has been asked for, and has answered, before this layer was there. */
  #takePainter(): Worker {
    const { worker, view, heard } = takeGround();
    if (view) this.#awaited = { view, arrivals: 0, whole: true };
    heard.forEach((message) => { this.#hear(message); });
    worker.onmessage = ({ data }: MessageEvent<FromPainter>) => { this.#hear(data); };
    return worker;
  }

  #hear(message: FromPainter): void {
    if (message.kind === "painted") this.#show(message);
    else {
      const key = keyOf(message.place);
      this.#loading.get(key)?.(message.come);
      this.#loading.delete(key);
    }
  }

  #tell(message: ToPainter): void {
    this.#worker.postMessage(message);
  }

  async #load(address: string, place: Place): Promise<true> {
    const come = new Promise<boolean>((resolve) => { this.#loading.set(keyOf(place), resolve); });
    this.#tell({ kind: "load", address, place });
    if (!(await come)) throw new Error(address);
    return true;
  }

  /** Have a new picture painted where the last one is no longer right. */
  #look(frame: FrameState): void {
    const { resolution } = frame.viewState;
    const view = groundView({ center: middleOf(frame), resolution, size: frame.size }, frame.pixelRatio, this.#over);
    const places = this.#tiles.covering(view.box, resolution);
    this.#tiles.ask(places);
    if (this.#awaited || !this.#isOld(frame, view)) return;
    const whole = this.#tiles.complete(places);
    if (!whole && this.#isEarly()) return;
    this.#waitingSince = undefined;
    this.#awaited = { view, arrivals: this.#arrivals, whole };
    this.#tell({ kind: "paint", view, painted: places.flatMap((place) => this.#standIn(place)) });
  }

  #isOld(frame: FrameState, view: GroundView): boolean {
    const shown = this.#shown;
    if (shown?.view.over !== view.over || shown.view.ratio !== view.ratio) return true;
    if (shown.view.width !== view.width || shown.view.height !== view.height) return true;
    if (shown.arrivals !== this.#arrivals && !shown.whole) return true;
    const scale = (shown.view.box[2] - shown.view.box[0]) / (view.box[2] - view.box[0]);
    if (Math.abs(scale - 1) > 1e-6) return true;
    const [west = 0, south = 0, east = 0, north = 0] = frame.extent ?? [];
    const [left, bottom, right, top] = shown.view.box;
    // A new picture is asked for before the window leaves the old one.
    const [aside, above] = [(east - west) * (BEYOND / 3), (north - south) * (BEYOND / 3)];
    return west - aside < left || east + aside > right || south - above < bottom || north + above > top;
  }

  /** Tell whether it is better to wait for tiles; look again when patience ends. */
  #isEarly(): boolean {
    const now = performance.now();
    if (this.#waitingSince === undefined) {
      this.#waitingSince = now;
      window.setTimeout(() => { this.changed(); }, PATIENCE_MS);
    }
    return now - this.#waitingSince < PATIENCE_MS;
  }

  #standIn(place: Place): Painted[] {
    for (let up = 0; up <= place.z; up += 1) {
      const tile = { z: place.z - up, x: place.x >> up, y: place.y >> up };
      if (this.#tiles.get(tile)) return [{ place, tile }];
    }
    return [];
  }

  #show({ view, bitmap, whole }: Drawn): void {
    this.#canvas.width = view.width;
    this.#canvas.height = view.height;
    this.#canvas.style.width = `${view.width / view.ratio}px`;
    this.#canvas.style.height = `${view.height / view.ratio}px`;
    this.#pen?.transferFromImageBitmap(bitmap);
    this.#shown = this.#awaited && { ...this.#awaited, whole: this.#awaited.whole && whole };
    this.#awaited = undefined;
    this.changed();
  }

  /** Shift and stretch the picture to where it belongs now. */
  #place({ extent, pixelRatio, viewState: { resolution } }: FrameState): void {
    const view = this.#shown?.view;
    if (!view) return;
    const [west = 0, , , north = 0] = extent ?? [];
    const scale = ((view.box[2] - view.box[0]) * view.ratio) / view.width / resolution;
    let x = (view.box[0] - west) / resolution;
    let y = (north - view.box[3]) / resolution;
    if (Math.abs(scale - 1) < 1e-6) [x, y] = [x, y].map((side) => Math.round(side * pixelRatio) / pixelRatio) as [number, number];
    this.#canvas.style.transform = `matrix(${scale}, 0, 0, ${scale}, ${x}, ${y})`;
  }
}

function middleOf({ extent }: FrameState): [number, number] {
  const [west = 0, south = 0, east = 0, north = 0] = extent ?? [];
  return [(west + east) / 2, (south + north) / 2];
}
