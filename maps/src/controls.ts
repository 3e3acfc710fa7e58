// Controls and keyboard use that every map of ours shares.
import type Map from "ol/Map";
import Attribution from "ol/control/Attribution";
import type Control from "ol/control/Control";
import MousePosition from "ol/control/MousePosition";
import ScaleLine from "ol/control/ScaleLine";
import Zoom from "ol/control/Zoom";
import type { Coordinate } from "ol/coordinate";

import { LON_LAT } from "./projections";

export const INVENTED = "演示数据：随机生成，非真实资产";

export function lonLatText([lon = 0, lat = 0]: Coordinate): string {
  return `东经 ${lon.toFixed(5)}° 北纬 ${lat.toFixed(5)}°`;
}

export interface ControlOptions {
  invented: boolean;
  /** Words for the place (lon/lat) under the pointer; without it none is told. */
  position?: (lonLat: Coordinate) => string;
}

export function mapControls(options: ControlOptions): Control[] {
  const controls: Control[] = [
    new Zoom({ zoomInTipLabel: "放大", zoomOutTipLabel: "缩小", zoomOutLabel: "−" }),
    new ScaleLine({ units: "metric", minWidth: 80 }),
  ];
  if (options.invented) {
    controls.push(new Attribution({ collapsible: false, attributions: INVENTED }));
  }
  const { position } = options;
  if (position) {
    controls.push(
      new MousePosition({
        projection: LON_LAT,
        className: "map-position",
        placeholder: "坐标：CGCS2000 / 3 度带 117°E",
        coordinateFormat: (place) => (place ? position(place) : ""),
      }),
    );
  }
  return controls;
}

/** Let Enter choose what lies at the crosshair in the middle of a focused map. */
export function chooseByKeyboard(map: Map, target: HTMLElement, choose: (pixel: [number, number]) => void): void {
  target.tabIndex = 0;
  target.addEventListener("keydown", (event) => {
    const size = map.getSize();
    if (event.key !== "Enter" || event.target !== target || !size) return;
    event.preventDefault();
    choose([(size[0] ?? 0) / 2, (size[1] ?? 0) / 2]);
  });
}
