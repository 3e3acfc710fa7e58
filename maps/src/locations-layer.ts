// All layers of locations on one canvas, with a ring around what is chosen and what is pointed at.
import type { FrameState } from "ol/Map";
import Layer from "ol/layer/Layer";

import type { Found, LocationLayer, Sight } from "./locations";
import { COLOURS } from "./palette";
import type { Box } from "./mercator";
import { Zooming } from "./tiles";

const ANIMATING = 0;

interface Ring {
  radius: number;
  colour: string;
  fill: string;
}

const RINGS = {
  hovered: { radius: 16, colour: COLOURS.hovered, fill: "rgba(217, 119, 6, 0.15)" },
  chosen: { radius: 18, colour: COLOURS.chosen, fill: "rgba(214, 51, 108, 0.12)" },
} as const;

/** Places (EPSG:3857) [m]. */
type Marked = Partial<Record<keyof typeof RINGS, readonly number[] | undefined>>;

export class LocationsLayer extends Layer {
  readonly #layers: readonly LocationLayer[];
  readonly #canvas = document.createElement("canvas");
  readonly #pen = this.#canvas.getContext("2d");
  readonly #zooming = new Zooming();
  #marked: Marked = {};
  #sight: Sight | undefined;

  /** The first layer lies uppermost. */
  constructor(layers: readonly LocationLayer[]) {
    super({ zIndex: 10 });
    this.#layers = layers;
    Object.assign(this.#canvas.style, { position: "absolute", left: "0", top: "0", width: "100%", height: "100%" });
    layers.forEach((layer) => { layer.onChange = () => { this.changed(); }; });
  }

  /** Mark places; those not named stay as they are. */
  mark(marked: Marked): void {
    this.#marked = { ...this.#marked, ...marked };
    this.changed();
  }

  /** Whether everything in sight is drawn. */
  get settled(): boolean {
    return this.#sight !== undefined && this.#layers.every((layer) => layer.settled);
  }

  /** What lies under a pixel of the page, or nearest to it within a tolerance [px]. */
  find(pixel: readonly number[], tolerance: number): Found | undefined {
    const [pen, sight] = [this.#pen, this.#sight];
    if (!pen || !sight) return undefined;
    const found = this.#layers
      .map((layer) => layer.find(pen, sight, pixel, tolerance))
      .filter((each) => each !== undefined);
    return found.find(({ away }) => away === Math.min(...found.map((each) => each.away)));
  }

  override render(frame: FrameState | null): HTMLElement {
    const pen = this.#pen;
    if (!frame || !pen) return this.#canvas;
    const sight = this.#clear(frame, pen);
    const zooming = this.#zooming.look(sight.resolution, Boolean(frame.viewHints[ANIMATING]));
    for (const layer of this.#layers.toReversed()) {
      layer.look(sight, !zooming);
      layer.draw(pen, sight);
    }
    for (const name of ["hovered", "chosen"] as const) {
      const place = this.#marked[name];
      if (place) drawRing(pen, sight, place, RINGS[name]);
    }
    return this.#canvas;
  }

  #clear({ extent, size, pixelRatio, viewState }: FrameState, pen: CanvasRenderingContext2D): Sight {
    const [width = 0, height = 0] = size.map((side) => Math.round(side * pixelRatio));
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    } else pen.clearRect(0, 0, width, height);
    const [west = 0, south = 0, east = 0, north = 0] = extent ?? [];
    const box: Box = [west, south, east, north];
    this.#sight = { box, resolution: viewState.resolution, ratio: pixelRatio };
    return this.#sight;
  }
}

function drawRing(pen: CanvasRenderingContext2D, sight: Sight, place: readonly number[], ring: Ring): void {
  const [x = 0, y = 0] = place;
  pen.setTransform(sight.ratio, 0, 0, sight.ratio, 0, 0);
  pen.beginPath();
  pen.arc((x - sight.box[0]) / sight.resolution, (sight.box[3] - y) / sight.resolution, ring.radius, 0, 2 * Math.PI);
  pen.fillStyle = ring.fill;
  pen.fill();
  pen.strokeStyle = ring.colour;
  pen.lineWidth = 3;
  pen.stroke();
}
