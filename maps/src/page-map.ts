// What the maps in the midst of a page share: the county's ground, keys, zooming, and looking at what is meant.
import type Feature from "ol/Feature";
import Map from "ol/Map";
import View from "ol/View";
import { type Extent, createEmpty, extend, isEmpty } from "ol/extent";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import type BaseLayer from "ol/layer/Base";

import { mapControls } from "./controls";
import { GroundLayer } from "./ground-layer";

export function pageMap(target: HTMLElement, layers: BaseLayer[], maxZoom = 18): Map {
  return new Map({
    target,
    controls: mapControls({ invented: false }),
    interactions: defaultInteractions({
      altShiftDragRotate: false,
      pinchRotate: false,
      // A page is scrolled by the wheel; a map that catches it half-way is in the way.
      mouseWheelZoom: false,
    }),
    layers: [new GroundLayer(), ...layers],
    view: new View({ minZoom: 8, maxZoom, enableRotation: false }),
  });
}

/** The box around features; nothing where they have none. */
export function extentOf(features: readonly Feature[]): Extent | undefined {
  const extent = createEmpty();
  for (const each of features) {
    const own = each.getGeometry()?.getExtent();
    if (own) extend(extent, own);
  }
  return isEmpty(extent) ? undefined : extent;
}
