// The county's map: base map, layers, what is chosen and pointed at, deep links.
import Map from "ol/Map";
import View from "ol/View";
import type { Coordinate } from "ol/coordinate";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import type BaseLayer from "ol/layer/Base";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";

import {
  type Chosen,
  type Colouring,
  type Narrowed,
  readChosen,
  readColouring,
  readNarrowed,
  readSeen,
  remember,
} from "./address";
import { CLOSE_LOOK, type LonLatExtent, type MapConfig, PADDING, readCounty } from "./config";
import { chooseByKeyboard, lonLatText, mapControls } from "./controls";
import { GroundLayer } from "./ground-layer";
import { LocationLayer } from "./locations";
import { LocationsLayer } from "./locations-layer";
import { boxIn } from "./mercator";
import { LON_LAT, VIEW, middleOf } from "./projections";

const NEAREST = 7;
const CLOSEST = 19;
const STEP_INTO_CLUSTER = 2;
const HIT_PIXELS = 6;
const KEYBOARD_HIT_PIXELS = 24;
const MOVE_MS = 350;

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
  /** Resolved when everything in sight is drawn for the first time. */
  drawn = new Promise<void>(() => undefined);
  readonly #config: MapConfig;
  readonly #layers: LocationLayer[];
  readonly #ground: GroundLayer;
  readonly #locations: LocationsLayer;
  #pictures: BaseLayer[] = [];
  #words = lonLatText;
  readonly #holder: HTMLElement;
  readonly #events: MapEvents;
  // Read before the map writes the address anew.
  #chosen = readChosen(window.location.search);
  #narrowed = readNarrowed(window.location.search);
  #colouring = readColouring(window.location.search);

  constructor(holder: HTMLElement, config: MapConfig, events: MapEvents) {
    this.#config = config;
    this.#holder = holder;
    this.#events = events;
    const within = boxIn(readCounty(holder));
    this.#layers = config.layers.map(
      (layer, i) => new LocationLayer(layer, config.inspection, i, config.layers.length, within),
    );
    this.#ground = new GroundLayer(config.base_tiles, within);
    this.#locations = new LocationsLayer(this.#layers);
    this.map = new Map({
      target: holder,
      controls: mapControls({ invented: config.invented, position: (place) => this.#words(place) }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false }),
      layers: [this.#ground, this.#locations],
      view: new View({ minZoom: NEAREST, maxZoom: CLOSEST, enableRotation: false }),
    });
  }

  /** Draw what the address tells. */
  async start(): Promise<void> {
    this.narrow(this.#narrowed);
    this.colourBy(this.#colouring);
    this.#look();
    this.#listen();
    this.drawn = this.#drawn();
    // At once, so that the first frame holds what was asked ahead.
    this.map.renderSync();
    await Promise.all([this.#addPictures(), ...this.#layers.map((layer) => layer.load())]);
    if (this.#chosen) this.#events.onChoose(this.#chosen);
  }

  /** Tell places in metres too, as soon as a pointer shows that somebody looks at them. */
  async #tellMetres(): Promise<void> {
    this.#words = (await import("./plane")).placeText;
  }

  /** The box in sight (lon/lat) [degrees]. */
  get extent(): LonLatExtent {
    const seen = this.#view.calculateExtent(this.map.getSize());
    return transformExtent(seen, VIEW, LON_LAT) as LonLatExtent;
  }

  switch(name: string, shown: boolean): void {
    this.#layers.find((layer) => layer.config.name === name)?.show(shown);
  }

  /** Show the office's own basemap of pictures, or the county's drawn one. */
  showPictures(shown: boolean): void {
    this.#pictures.forEach((layer) => { layer.setVisible(shown); });
    this.#ground.overPictures(shown);
  }

  narrow(narrowed: Narrowed): void {
    this.#narrowed = narrowed;
    this.#layers.forEach((layer) => { layer.narrow(narrowed); });
    if (this.#view.getCenter()) this.#remember();
  }

  colourBy(colouring: Colouring): void {
    this.#colouring = colouring;
    this.#layers.forEach((layer) => { layer.colourBy(colouring); });
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
    this.#view.fit(extent, { padding: PADDING, duration, maxZoom: CLOSE_LOOK });
  }

  /** Keep what is shown above a sheet that covers the map's lower edge [px]. */
  cover(pixels: number): void {
    this.#view.padding = [0, 0, pixels, 0];
  }

  point(lonLat: Coordinate | undefined): void {
    this.#locations.mark({ hovered: lonLat && fromLonLat(lonLat) });
  }

  /** Note what is chosen and mark it; go there when it is out of sight, or close when told. */
  choose(chosen: Chosen, geojson: string, close = false): void {
    const place = middleOf(geojson);
    this.#chosen = chosen;
    this.#locations.mark({ chosen: place });
    if (place) {
      if (close || !readSeen(window.location.hash)) this.#approach(place);
      else if (!this.#isInView(place)) this.#view.animate({ center: place, duration: MOVE_MS });
    }
    this.#remember();
  }

  forget(): void {
    this.#chosen = undefined;
    this.#locations.mark({ chosen: undefined });
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
    this.map.once("pointermove", () => void this.#tellMetres());
    this.map.on("pointermove", (event) => {
      const hit = !event.dragging && this.#locations.find(event.pixel, HIT_PIXELS);
      this.#holder.classList.toggle("map--over", Boolean(hit));
    });
    chooseByKeyboard(this.map, this.#holder, (pixel) => { this.#click(pixel, true); });
  }

  #click(pixel: [number, number], byKey: boolean): void {
    const at = this.map.getCoordinateFromPixel(pixel);
    if (this.#events.onPlace(at, byKey)) return;
    const hit = this.#locations.find(pixel, byKey ? KEYBOARD_HIT_PIXELS : HIT_PIXELS);
    if (!hit) return;
    if (hit.count > 1) {
      const zoom = (this.#view.getZoom() ?? NEAREST) + STEP_INTO_CLUSTER;
      this.#view.animate({ center: hit.place, zoom, duration: MOVE_MS });
      return;
    }
    this.#events.onChoose({ layer: hit.layer.name, code: hit.code });
  }

  /** Wait until all is drawn, and note the moment. */
  #drawn(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#ground.settled || !this.#locations.settled) return;
        this.map.un("postrender", look);
        performance.mark("map-drawn");
        this.#holder.dataset.drawn = "";
        resolve();
      };
      this.map.on("postrender", look);
    });
  }

  async #addPictures(): Promise<void> {
    if (this.#config.pictures.length === 0) return;
    const { pictureLayers } = await import("./pictures");
    this.#pictures = pictureLayers(this.#config.pictures);
    this.#pictures.forEach((layer) => { this.map.addLayer(layer); });
    this.#ground.overPictures(true);
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
    remember({ zoom, lon, lat }, this.#chosen, this.#narrowed, this.#colouring);
  }
}
