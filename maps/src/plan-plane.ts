// Plans are seen as they are drawn: on the plane of EPSG:4548, in metres, so that a corner is where it is stored.
import Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import { addProjection } from "ol/proj";
import Projection from "ol/proj/Projection";
import View from "ol/View";

const PLANE = "EPSG:4548";
/** The zone's reach [m], east and north. */
const REACH = [300_000, 2_000_000, 700_000, 5_000_000];

addProjection(new Projection({ code: PLANE, units: "m", extent: REACH, axisOrientation: "enu" }));

/** A view of the plane that begins amid the county; `closest` is how near it comes [m per pixel]. */
export function planeView(closest: number): View {
  return new View({ projection: PLANE, center: [520_000, 3_250_000], resolution: 20, minResolution: closest, maxResolution: 80, enableRotation: false });
}

export const planeFormat = new GeoJSON({ dataProjection: PLANE, featureProjection: PLANE });

/** A feature of a geometry (GeoJSON on the plane) with what is to be known of it. */
export function planeFeature(geometry: object, told: Record<string, unknown> = {}): Feature {
  const made = new Feature(told);
  made.setGeometry(planeFormat.readGeometry(geometry) ?? undefined);
  return made;
}
