// How the editor draws what is chosen, what moves and what is being drawn.
import { Circle, Fill, RegularShape, Stroke, Style } from "ol/style";

const INK = "#0b3d91";
const WHITE = "#ffffff";
const ROSE = "#d6006c";
const RED = "#b3261e";

/** Fingers need larger handles than a mouse. */
const COARSE = window.matchMedia("(pointer: coarse)").matches;
const HANDLE = COARSE ? 9 : 5.5;
/** How near a pointer has to be to a node or an edge [pixels]. */
export const REACH_PIXELS = COARSE ? 24 : 12;

function square(radius: number, fill: string, edge: string, width = 2): RegularShape {
  return new RegularShape({ points: 4, angle: Math.PI / 4, radius: radius * 1.3, fill: new Fill({ color: fill }), stroke: new Stroke({ color: edge, width }) });
}

export const CHOSEN_EDGE = [
  new Style({ stroke: new Stroke({ color: WHITE, width: 6 }) }),
  new Style({ stroke: new Stroke({ color: ROSE, width: 3 }), fill: new Fill({ color: "rgba(214, 0, 108, 0.14)" }) }),
];

export const REFUSED = [
  new Style({ stroke: new Stroke({ color: WHITE, width: 6 }) }),
  new Style({ stroke: new Stroke({ color: RED, width: 3.5, lineDash: [10, 6] }), fill: new Fill({ color: "rgba(179, 38, 30, 0.25)" }) }),
];

export const HANDLES = new Style({ image: square(HANDLE, WHITE, ROSE) });
export const MIDDLES = new Style({ image: new Circle({ radius: HANDLE * 0.62, fill: new Fill({ color: "rgba(255, 255, 255, 0.85)" }), stroke: new Stroke({ color: ROSE, width: 1.3 }) }) });

export const CURRENT = [
  new Style({ image: new Circle({ radius: 13, stroke: new Stroke({ color: WHITE, width: 5 }) }) }),
  new Style({ image: new Circle({ radius: 13, stroke: new Stroke({ color: RED, width: 2.5 }) }) }),
];

export const MOVED = [
  new Style({ stroke: new Stroke({ color: WHITE, width: 6 }) }),
  new Style({ stroke: new Stroke({ color: "#7a3db8", width: 3 }), fill: new Fill({ color: "rgba(122, 61, 184, 0.5)" }) }),
];

/** Another scheme that is laid over: edges alone, so that what lies below stays to be seen. */
export const OTHER = new Style({
  stroke: new Stroke({ color: "#7a3db8", width: 2, lineDash: [8, 5] }),
  fill: new Fill({ color: "rgba(122, 61, 184, 0.06)" }),
});

export const SKETCH_AREA = new Style({ fill: new Fill({ color: "rgba(11, 61, 145, 0.15)" }) });
export const SKETCH_LINE = [
  new Style({ stroke: new Stroke({ color: WHITE, width: 5 }) }),
  new Style({ stroke: new Stroke({ color: INK, width: 2.5 }) }),
];
export const SKETCH_NODES = new Style({ image: square(HANDLE * 0.8, INK, WHITE, 1.5) });

const AT_NODE = new Style({ image: square(HANDLE * 1.6, "rgba(255, 255, 255, 0.01)", "#0a7d3b", 3) });
const AT_EDGE = new Style({ image: new Circle({ radius: HANDLE * 1.4, stroke: new Stroke({ color: "#0a7d3b", width: 3 }) }) });
const FREE = new Style({ image: new Circle({ radius: 3.5, fill: new Fill({ color: INK }), stroke: new Stroke({ color: WHITE, width: 1.5 }) }) });

/** What the pointer is held by: a square at a node, a ring on an edge, a dot where it is free. */
export function snapStyle(kind: "node" | "edge" | "free"): Style {
  return { node: AT_NODE, edge: AT_EDGE, free: FREE }[kind];
}
