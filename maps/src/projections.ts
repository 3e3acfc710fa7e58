// CGCS2000 (EPSG:4490) and its 3-degree zone on 117°E (EPSG:4548), which cadastral work in the county uses.
import { register } from "ol/proj/proj4";
import proj4 from "proj4";

proj4.defs("EPSG:4490", "+proj=longlat +ellps=GRS80 +no_defs +type=crs");
proj4.defs(
  "EPSG:4548",
  "+proj=tmerc +lat_0=0 +lon_0=117 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs +type=crs",
);
register(proj4);

export const LON_LAT = "EPSG:4490";
export const PLANE = "EPSG:4548";
export const VIEW = "EPSG:3857";
