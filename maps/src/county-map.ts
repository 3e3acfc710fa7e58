// The county's map: base map, layers, card panel, deep links.
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

import { type Chosen, readChosen, readSeen, remember } from "./address";
import { baseLayers } from "./basemap";
import type { LonLatExtent, MapConfig } from "./config";
import { chooseByKeyboard, mapControls } from "./controls";
import { loadFragment } from "./htmx";
import { buildLegend } from "./legend";
import { LocationLayer } from "./locations";
import { LON_LAT, VIEW } from "./projections";
import { chosenStyle } from "./symbols";

const NEAREST = 7;
const CLOSEST = 19;
const CLOSE_LOOK = 15;
const STEP_INTO_CLUSTER = 2;
const HIT_PIXELS = 6;
const KEYBOARD_HIT_PIXELS = 24;
const MOVE_MS = 350;

interface Hit {
  feature: FeatureLike;
  layer: LocationLayer;
}

export class CountyMap {
  readonly #config: MapConfig;
  readonly #layers: LocationLayer[];
  readonly #marks = new VectorSource();
  readonly #holder: HTMLElement;
  readonly #map: Map;
  readonly #card: HTMLElement | null = document.getElementById("card");
  #chosen: Chosen | undefined;

  constructor(holder: HTMLElement, config: MapConfig) {
    this.#config = config;
    this.#holder = holder;
    this.#layers = config.layers.map((layer, i) => new LocationLayer(layer, i, config.layers.length));
    const { ground, names } = baseLayers(config.base_tiles);
    this.#map = new Map({
      target: holder,
      controls: mapControls({ invented: config.invented, position: true }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
      layers: [
        ground,
        names,
        ...this.#layers.map((layer) => layer.drawn),
        new VectorLayer({ source: this.#marks, style: chosenStyle, zIndex: 50 }),
      ],
      view: new View({ minZoom: NEAREST, maxZoom: CLOSEST, enableRotation: false }),
    });
  }

  async start(): Promise<void> {
    this.#look();
    this.#listen();
    const holder = document.getElementById("layers");
    if (holder) {
      buildLegend(holder, this.#config, {
        onSwitch: (name, shown) => { this.#switch(name, shown); },
        onGo: (code) => { this.#goTo(code); },
      });
    }
    await Promise.all(this.#layers.map((layer) => layer.load()));
    const chosen = readChosen(window.location.search);
    if (chosen) await this.#open(chosen);
  }

  get #view(): View {
    return this.#map.getView();
  }

  #look(): void {
    const seen = readSeen(window.location.hash);
    if (seen) {
      this.#view.setCenter(fromLonLat([seen.lon, seen.lat]));
      this.#view.setZoom(seen.zoom);
    } else {
      this.#fit(this.#config.extent, 0);
    }
  }

  #listen(): void {
    this.#map.on("click", (event) => void this.#choose(event.pixel as [number, number], HIT_PIXELS));
    this.#map.on("moveend", () => { this.#remember(); });
    window.addEventListener("hashchange", () => { this.#look(); });
    this.#map.on("pointermove", (event) => {
      const hit = !event.dragging && this.#hit(event.pixel as [number, number], HIT_PIXELS);
      this.#holder.classList.toggle("map--over", Boolean(hit));
    });
    chooseByKeyboard(this.#map, this.#holder, (pixel) => void this.#choose(pixel, KEYBOARD_HIT_PIXELS));
  }

  #fit([west, south, east, north]: LonLatExtent, duration = MOVE_MS): void {
    const extent = transformExtent([west, south, east, north], LON_LAT, VIEW);
    this.#view.fit(extent, { padding: [24, 24, 32, 24], duration });
  }

  #switch(name: string, shown: boolean): void {
    this.#layers.find((layer) => layer.config.name === name)?.drawn.setVisible(shown);
  }

  #goTo(code: string): void {
    const division = this.#config.divisions.find((each) => each.code === code);
    this.#fit(division?.extent ?? this.#config.extent);
  }

  #hit(pixel: [number, number], hitTolerance: number): Hit | undefined {
    return this.#map.forEachFeatureAtPixel(
      pixel,
      (feature, drawn) => ({ feature, layer: drawn.get("location") as LocationLayer }),
      { hitTolerance, layerFilter: (drawn) => drawn.get("location") instanceof LocationLayer },
    );
  }

  async #choose(pixel: [number, number], hitTolerance: number): Promise<void> {
    const hit = this.#hit(pixel, hitTolerance);
    if (!hit) return;
    const place = this.#placeOf(hit.feature) ?? this.#map.getCoordinateFromPixel(pixel);
    if (Number(hit.feature.get("count")) > 1) {
      const zoom = (this.#view.getZoom() ?? NEAREST) + STEP_INTO_CLUSTER;
      this.#view.animate({ center: place, zoom, duration: MOVE_MS });
      return;
    }
    this.#mark(place);
    await this.#show({ layer: hit.layer.config.name, code: String(hit.feature.get("code")) });
  }

  #placeOf(feature: FeatureLike): Coordinate | undefined {
    const geometry = feature.getGeometry();
    return geometry?.getType() === "Point" ? getCenter(geometry.getExtent()) : undefined;
  }

  #mark(place: Coordinate): void {
    this.#marks.clear();
    this.#marks.addFeature(new Feature(new Point(place)));
  }

  async #show(chosen: Chosen): Promise<void> {
    const layer = this.#config.layers.find((each) => each.name === chosen.layer);
    if (!layer || !this.#card) return;
    this.#chosen = chosen;
    this.#remember();
    await loadFragment(layer.card.replace("{code}", encodeURIComponent(chosen.code)), this.#card);
    this.#card.scrollIntoView({ block: "nearest" });
  }

  /** Open what the address names; the card carries its geometry, which tells where to look. */
  async #open(chosen: Chosen): Promise<void> {
    await this.#show(chosen);
    const stated = this.#card?.querySelector<HTMLElement>("[data-geometry]")?.dataset.geometry;
    if (!stated) return;
    const format = new GeoJSON({ dataProjection: LON_LAT, featureProjection: VIEW });
    const geometry = format.readGeometry(JSON.parse(stated));
    if (!geometry) return;
    const place = getCenter(geometry.getExtent());
    this.#mark(place);
    if (!readSeen(window.location.hash) || !this.#isInView(place)) {
      this.#view.setCenter(place);
      this.#view.setZoom(CLOSE_LOOK);
    }
  }

  #isInView(place: Coordinate): boolean {
    const [west = 0, south = 0, east = 0, north = 0] = this.#view.calculateExtent(this.#map.getSize());
    const [x = 0, y = 0] = place;
    return x >= west && x <= east && y >= south && y <= north;
  }

  #remember(): void {
    const center = this.#view.getCenter();
    const zoom = this.#view.getZoom();
    if (!center || zoom === undefined) return;
    const [lon = 0, lat = 0] = toLonLat(center);
    remember({ zoom, lon, lat }, this.#chosen);
  }
}
