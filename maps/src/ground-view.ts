// What a picture of the base map shows: somewhat more than the window, so that it can be shifted.
import type { Box } from "./mercator";

/** How much further than the window the picture reaches on each side, as a part of it. */
export const BEYOND = 0.2;

export interface GroundView {
  box: Box;
  /** Size [device px]. */
  width: number;
  height: number;
  /** Device pixels a pixel of the page. */
  ratio: number;
  /** Only edges and names, over pictures that show land and roads themselves. */
  over: boolean;
}

/** What a window shows: its middle (EPSG:3857), metres a pixel of the page, and its size [px]. */
export interface Sight {
  center: readonly number[];
  resolution: number;
  size: readonly number[];
}

export function groundView({ center, resolution, size }: Sight, ratio: number, over: boolean): GroundView {
  const [width = 1, height = 1] = size.map((side) => Math.max(1, Math.round(side * (1 + 2 * BEYOND) * ratio)));
  const [x = 0, y = 0] = center;
  const [aside, above] = [width, height].map((side) => (side * resolution) / ratio / 2) as [number, number];
  return { box: [x - aside, y - above, x + aside, y + above], width, height, ratio, over };
}
