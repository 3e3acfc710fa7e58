// Coordinates in metres: the 3-degree zone of CGCS2000 on 117°E (EPSG:4548), which cadastral work in the county uses.
// Its library is large, so the county's map loads this module once it is drawn.
import type { Coordinate } from "ol/coordinate";
import proj4 from "proj4";

import { lonLatText } from "./controls";

const plane = proj4(
  "+proj=longlat +ellps=GRS80 +no_defs +type=crs",
  "+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs",
);

/** A place (lon/lat) in degrees and in metres; X points north, as surveyors write it. */
export function placeText([lon = 0, lat = 0]: Coordinate): string {
  const [east = 0, north = 0] = plane.forward([lon, lat]);
  return `${lonLatText([lon, lat])} ｜ X ${north.toFixed(0)} Y ${east.toFixed(0)}`;
}
