// The county's map: base map, layers, what is chosen and pointed at, deep links.
import Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import Map from "ol/Map";
import View from "ol/View";
import type { Coordinate } from "ol/coordinate";
import { getCenter } from "ol/extent";
import GeoJSON from "ol/format/GeoJSON";
import Point from "ol/geom/Point";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";

import { type Chosen, type Narrowed, readChosen, readNarrowed, readSeen, remember, tileQuery } from "./address";
import { baseLayers } from "./basemap";
import type { LonLatExtent, MapConfig } from "./config";
import { chooseByKeyboard, mapControls } from "./controls";
import { LocationLayer } from "./locations";
import { pictureLayers } from "./pictures";
import { LON_LAT, VIEW } from "./projections";
import { chosenStyle, hoverStyle } from "./symbols";

const NEAREST = 7;
const CLOSEST = 19;
const CLOSE_LOOK = 16;
const STEP_INTO_CLUSTER = 2;
const HIT_PIXELS = 6;
const KEYBOARD_HIT_PIXELS = 24;
const MOVE_MS = 350;

interface Hit {
  feature: FeatureLike;
  layer: LocationLayer;
}

export interface MapEvents {
  /** A location is chosen on the map. */
  onChoose: (chosen: Chosen) => void;
  /** The map stands still after a move. */
  onStill: () => void;
  /** A task takes the click or the key for itself and says so. */
  onPlace: (place: Coordinate, byKey: boolean) => boolean;
}

export class CountyMap {
  readonly map: Map;
  readonly #config: MapConfig;
  readonly #layers: LocationLayer[];
  readonly #pictures: ReturnType<typeof pictureLayers>;
  readonly #marks = new VectorSource();
  readonly #hovered = new VectorSource();
  readonly #overPictures: (over: boolean) => void;
  readonly #holder: HTMLElement;
  readonly #events: MapEvents;
  // Read before the map writes the address anew.
  #chosen = readChosen(window.location.search);
  #narrowed = readNarrowed(window.location.search);

  constructor(holder: HTMLElement, config: MapConfig, events: MapEvents) {
    this.#config = config;
    this.#holder = holder;
    this.#events = events;
    this.#layers = config.layers.map((layer, i) => new LocationLayer(layer, i, config.layers.length));
    this.#pictures = pictureLayers(config.pictures);
    const { ground, names, overPictures } = baseLayers(config.base_tiles);
    this.#overPictures = overPictures;
    this.map = new Map({
      target: holder,
      controls: mapControls({ invented: config.invented, position: true }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
      layers: [
        ...this.#pictures,
        ground,
        names,
        ...this.#layers.map((layer) => layer.drawn),
        new VectorLayer({ source: this.#hovered, style: hoverStyle, zIndex: 49 }),
        new VectorLayer({ source: this.#marks, style: chosenStyle, zIndex: 50 }),
      ],
      view: new View({ minZoom: NEAREST, maxZoom: CLOSEST, enableRotation: false }),
    });
    if (this.#pictures.length > 0) overPictures(true);
  }

  async start(): Promise<void> {
    this.narrow(this.#narrowed);
    this.#look();
    this.#listen();
    await Promise.all(this.#layers.map((layer) => layer.load()));
    if (this.#chosen) this.#events.onChoose(this.#chosen);
  }

  /** The box in sight (lon/lat) [degrees]. */
  get extent(): LonLatExtent {
    const seen = this.#view.calculateExtent(this.map.getSize());
    return transformExtent(seen, VIEW, LON_LAT) as LonLatExtent;
  }

  switch(name: string, shown: boolean): void {
    this.#layers.find((layer) => layer.config.name === name)?.drawn.setVisible(shown);
  }

  /** Show the office's own basemap of pictures, or the county's drawn one. */
  showPictures(shown: boolean): void {
    this.#pictures.forEach((layer) => { layer.setVisible(shown); });
    this.#overPictures(shown);
  }

  narrow(narrowed: Narrowed): void {
    this.#narrowed = narrowed;
    for (const layer of this.#layers) {
      layer.narrow(tileQuery(narrowed, layer.config.name, layer.config.kind_field));
    }
    if (this.#view.getCenter()) this.#remember();
  }

  refresh(name: string): void {
    this.#layers.find((layer) => layer.config.name === name)?.refresh();
  }

  goToDivision(code: string): void {
    const division = this.#config.divisions.find((each) => each.code === code);
    this.goTo(division?.extent ?? this.#config.extent);
  }

  goTo([west, south, east, north]: LonLatExtent, duration = MOVE_MS): void {
    const extent = transformExtent([west, south, east, north], LON_LAT, VIEW);
    this.#view.fit(extent, { padding: [64, 24, 32, 24], duration, maxZoom: CLOSE_LOOK });
  }

  /** Keep what is shown above a sheet that covers the map's lower edge [px]. */
  cover(pixels: number): void {
    this.#view.padding = [0, 0, pixels, 0];
  }

  point(lonLat: Coordinate | undefined): void {
    this.#hovered.clear();
    if (lonLat) this.#hovered.addFeature(new Feature(new Point(fromLonLat(lonLat))));
  }

  /** Note what is chosen and mark it; go there when it is out of sight, or close when told. */
  choose(chosen: Chosen, geojson: string, close = false): void {
    const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });
    const geometry = format.readGeometry(JSON.parse(geojson));
    const place = geometry ? getCenter(geometry.getExtent()) : undefined;
    this.#chosen = chosen;
    this.#marks.clear();
    if (place) {
      this.#marks.addFeature(new Feature(new Point(place)));
      if (close || !readSeen(window.location.hash)) this.#approach(place);
      else if (!this.#isInView(place)) this.#view.animate({ center: place, duration: MOVE_MS });
    }
    this.#remember();
  }

  forget(): void {
    this.#chosen = undefined;
    this.#marks.clear();
    this.#remember();
  }

  get #view(): View {
    return this.map.getView();
  }

  #approach(center: Coordinate): void {
    const zoom = Math.max(this.#view.getZoom() ?? 0, CLOSE_LOOK);
    this.#view.animate({ center, zoom, duration: MOVE_MS });
  }

  #look(): void {
    const seen = readSeen(window.location.hash);
    if (seen) {
      this.#view.setCenter(fromLonLat([seen.lon, seen.lat]));
      this.#view.setZoom(seen.zoom);
    } else {
      this.goTo(this.#config.extent, 0);
    }
  }

  #listen(): void {
    this.map.on("click", (event) => { this.#click(event.pixel as [number, number], false); });
    this.map.on("moveend", () => {
      this.#remember();
      this.#events.onStill();
    });
    window.addEventListener("hashchange", () => { this.#look(); });
    this.map.on("pointermove", (event) => {
      const hit = !event.dragging && this.#hit(event.pixel as [number, number], HIT_PIXELS);
      this.#holder.classList.toggle("map--over", Boolean(hit));
    });
    chooseByKeyboard(this.map, this.#holder, (pixel) => { this.#click(pixel, true); });
  }

  #hit(pixel: [number, number], hitTolerance: number): Hit | undefined {
    return this.map.forEachFeatureAtPixel(
      pixel,
      (feature, drawn) => ({ feature, layer: drawn.get("location") as LocationLayer }),
      { hitTolerance, layerFilter: (drawn) => drawn.get("location") instanceof LocationLayer },
    );
  }

  #click(pixel: [number, number], byKey: boolean): void {
    const at = this.map.getCoordinateFromPixel(pixel);
    if (this.#events.onPlace(at, byKey)) return;
    const hit = this.#hit(pixel, byKey ? KEYBOARD_HIT_PIXELS : HIT_PIXELS);
    if (!hit) return;
    if (Number(hit.feature.get("count")) > 1) {
      const geometry = hit.feature.getGeometry();
      const zoom = (this.#view.getZoom() ?? NEAREST) + STEP_INTO_CLUSTER;
      const center = geometry?.getType() === "Point" ? getCenter(geometry.getExtent()) : at;
      this.#view.animate({ center, zoom, duration: MOVE_MS });
      return;
    }
    this.#events.onChoose({ layer: hit.layer.config.name, code: String(hit.feature.get("code")) });
  }

  #isInView(place: Coordinate): boolean {
    const [x = -1, y = -1] = this.map.getPixelFromCoordinate(place);
    const [width = 0, height = 0] = this.map.getSize() ?? [];
    const covered = this.#view.padding?.[2] ?? 0;
    return x >= 0 && x <= width && y >= 0 && y <= height - covered;
  }

  #remember(): void {
    const center = this.#view.getCenter();
    const zoom = this.#view.getZoom();
    if (!center || zoom === undefined) return;
    const [lon = 0, lat = 0] = toLonLat(center);
    remember({ zoom, lon, lat }, this.#chosen, this.#narrowed);
  }
}
