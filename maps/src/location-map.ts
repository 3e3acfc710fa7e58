// The small map of a card or form: [data-location-map] with data-geometry (GeoJSON, EPSG:4490 lon/lat).
// With data-editable a point can be dragged, set by a click or typed in; the input whose id data-input names
// carries it, as GeoJSON, to the server. data-types lists the geometry types that the layer allows.
// data-also is a second place to show beside it, such as where a visit was made.
import "ol/ol.css";

import Feature from "ol/Feature";
import type Map from "ol/Map";
import type { Coordinate } from "ol/coordinate";
import { extend } from "ol/extent";
import GeoJSON from "ol/format/GeoJSON";
import type Geometry from "ol/geom/Geometry";
import Point from "ol/geom/Point";
import Translate from "ol/interaction/Translate";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { Circle, Fill, Stroke, Style } from "ol/style";

import { chooseByKeyboard } from "./controls";
import { pageMap } from "./page-map";
import { COLOURS } from "./palette";
import { PlaceFields } from "./place-fields";
import { LON_LAT, VIEW } from "./projections";

const ZOOM = 15;
const COUNTY_ZOOM = 9;
const DIGITS = 6;
const COUNTY_MIDDLE: Coordinate = [117.35, 29.5];

const style = new Style({
  image: new Circle({
    radius: 9,
    fill: new Fill({ color: COLOURS.chosen }),
    stroke: new Stroke({ color: "#ffffff", width: 3 }),
  }),
  stroke: new Stroke({ color: COLOURS.chosen, width: 3 }),
  fill: new Fill({ color: "rgba(214, 51, 108, 0.2)" }),
});

const alsoStyle = new Style({
  image: new Circle({
    radius: 7,
    fill: new Fill({ color: "#1d4e89" }),
    stroke: new Stroke({ color: "#ffffff", width: 3 }),
  }),
});

const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });

export class LocationMap {
  readonly #holder: HTMLElement;
  readonly #map: Map;
  readonly #feature = new Feature<Geometry>();
  #fields: PlaceFields | undefined;

  constructor(holder: HTMLElement) {
    this.#holder = holder;
    const source = new VectorSource({ features: [this.#feature] });
    this.#map = pageMap(holder, [new VectorLayer({ source, style, zIndex: 20 })], 19);
    this.#describe();
    this.#look();
    if (holder.dataset.editable !== undefined) this.#edit();
  }

  #describe(): void {
    this.#holder.tabIndex = 0;
    this.#holder.setAttribute("role", "application");
    const title = this.#holder.dataset.title;
    this.#holder.setAttribute("aria-label", title ? `${title}的位置图` : "位置图");
  }

  #look(): void {
    const view = this.#map.getView();
    const stated = this.#holder.dataset.geometry;
    const geometry = stated && stated !== "null" ? format.readGeometry(JSON.parse(stated)) : null;
    if (geometry) {
      this.#feature.setGeometry(geometry);
      const extent = [...geometry.getExtent()];
      const also = this.#holder.dataset.also;
      const second = also ? format.readGeometry(JSON.parse(also)) : null;
      if (second) extend(extent, this.#addAlso(second).getExtent());
      view.fit(extent, { maxZoom: ZOOM, padding: [30, 30, 30, 30] });
    } else {
      view.setCenter(fromLonLat(COUNTY_MIDDLE));
      view.setZoom(COUNTY_ZOOM);
    }
  }

  #addAlso(place: Geometry): Geometry {
    const feature = new Feature(place);
    feature.setStyle(alsoStyle);
    this.#map.addLayer(new VectorLayer({ source: new VectorSource({ features: [feature] }), zIndex: 30 }));
    return place;
  }

  #edit(): void {
    const geometry = this.#feature.getGeometry();
    const allowed = this.#holder.dataset.types?.split(" ") ?? ["Point"];
    // Lines and polygons are not drawn by hand here; they keep their shape.
    if (!allowed.includes("Point") || (geometry && !(geometry instanceof Point))) return;
    this.#holder.classList.add("map--editable");
    this.#fields = new PlaceFields(this.#holder, (lonLat) => {
      this.#place(fromLonLat(lonLat));
      this.#map.getView().setCenter(fromLonLat(lonLat));
    });
    if (geometry) this.#fields.show(toLonLat(geometry.getCoordinates()));
    const drag = new Translate({ filter: (feature) => feature === this.#feature, hitTolerance: 12 });
    drag.on("translateend", (event) => { this.#put(event.coordinate); });
    this.#map.addInteraction(drag);
    this.#map.on("click", (event) => { this.#put(event.coordinate); });
    chooseByKeyboard(this.#map, this.#holder, (pixel) => {
      this.#put(this.#map.getCoordinateFromPixel(pixel));
    });
  }

  #put(place: Coordinate): void {
    this.#place(place);
    this.#fields?.show(toLonLat(place));
  }

  #place(place: Coordinate): void {
    const point = new Point(place);
    this.#feature.setGeometry(point);
    const carrier = document.getElementById(this.#holder.dataset.input ?? "");
    if (carrier instanceof HTMLInputElement) {
      carrier.value = format.writeGeometry(point, { decimals: DIGITS });
    }
  }
}
