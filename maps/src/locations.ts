// Locations of one layer from our vector tiles: clusters, single symbols and shapes, drawn and found under a click.
import { type Colouring, type Narrowed, tilesOf } from "./address";
import { answerTo } from "./ahead";
import type { LayerConfig, StatusConfig } from "./config";
import type { Box } from "./mercator";
import { type TileFeature, type Values, readTile, trace } from "./mvt";
import { LayerSymbols, type Sprite } from "./symbols";
import { LOCATION_GRID, type Place, Tiles, addressOf, boxOf, meet } from "./tiles";

/** How far symbols reach beyond what they stand for [px]. */
const REACH = 64;
const OUTLINE = 2.5;
const EVERYTHING: Narrowed = { division: "", useStatus: "", status: "", kinds: {} };

/** What is in sight, and how large. */
export interface Sight {
  box: Box;
  /** Metres (EPSG:3857) a pixel of the page. */
  resolution: number;
  /** Device pixels a pixel of the page. */
  ratio: number;
}

interface Symbol {
  x: number;
  y: number;
  count: number;
  values: Values;
  sprite: Sprite | undefined;
}

interface Area {
  path: Path2D;
  filled: boolean;
  values: Values;
}

interface Located {
  box: Box;
  extent: number;
  symbols: Symbol[];
  areas: Area[];
  /** The look that the sprites were taken for. */
  look: number;
}

/** What lies under a click, and how far from it [px]. */
export interface Found {
  layer: LayerConfig;
  code: string;
  count: number;
  /** Where it is (EPSG:3857) [m]. */
  place: [number, number];
  away: number;
}

function pathOf(feature: TileFeature): Path2D {
  const path = new Path2D();
  trace(path, feature);
  return path;
}

function read(buffer: ArrayBuffer, place: Place): Located {
  const parts = readTile(buffer);
  const box = boxOf(place);
  const points = parts.get("locations");
  const unit = (box[2] - box[0]) / (points?.extent ?? 1);
  const symbols = (points?.features ?? []).map(({ parts: [[x = 0, y = 0] = []], values }) => (
    { x: box[0] + x * unit, y: box[3] - y * unit, count: Number(values.count), values, sprite: undefined }
  ));
  // Large clusters lie above small ones, single symbols above all.
  const rank = ({ count }: Symbol): number => (count > 1 ? count : Infinity);
  symbols.sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)));
  const shapes = parts.get("shapes");
  const areas = (shapes?.features ?? []).map((feature) => (
    { path: pathOf(feature), filled: feature.shape === "polygon", values: feature.values }
  ));
  return { box, extent: shapes?.extent ?? 4096, symbols, areas, look: -1 };
}

export class LocationLayer {
  readonly config: LayerConfig;
  readonly symbols: LayerSymbols;
  readonly #tiles: Tiles<Located>;
  #onChange: () => void = () => undefined;
  #colouring: Colouring = "kind";
  #narrowed: Narrowed = EVERYTHING;
  #shown = true;
  #ready = false;
  /** Grows whenever symbols look different from then on. */
  #look = 0;
  #ratio = 1;
  #places: Place[] = [];
  /** The last tiles that were all there; they stand in for those that are on their way. */
  #last: Place[] = [];

  constructor(config: LayerConfig, statuses: StatusConfig[], place: number, places: number, within: Box) {
    this.config = config;
    this.symbols = new LayerSymbols(config, statuses, place, places);
    this.#tiles = new Tiles<Located>({
      address: config.tiles,
      grid: LOCATION_GRID,
      within,
      load: async (address, at) => read(await answerTo(addressOf(address, at)), at),
      onArrival: () => { this.#onChange(); },
    });
  }

  set onChange(onChange: () => void) {
    this.#onChange = onChange;
  }

  async load(): Promise<void> {
    await this.symbols.load();
    this.#ready = true;
    this.#paintAnew();
  }

  show(shown: boolean): void {
    this.#shown = shown;
    this.#onChange();
  }

  /** Show only what the filter of the tiles lets through. */
  narrow(narrowed: Narrowed): void {
    this.#narrowed = narrowed;
    this.#ask();
  }

  colourBy(colouring: Colouring): void {
    this.#colouring = colouring;
    this.#ask();
    this.#paintAnew();
  }

  /** Fetch the tiles again after a change. */
  refresh(): void {
    this.#tiles.refresh();
  }

  /** Whether everything in sight has come. */
  get settled(): boolean {
    return !this.#shown || (this.#ready && this.#tiles.complete(this.#places));
  }

  /** Note what is in sight, and ask for it unless the map is on its way somewhere else. */
  look({ box, resolution, ratio }: Sight, ask: boolean): void {
    if (!this.#shown) return;
    this.#places = this.#tiles.covering(box, resolution);
    if (ask) this.#tiles.ask(this.#places);
    if (this.#tiles.complete(this.#places)) this.#last = this.#places;
    if (ratio === this.#ratio) return;
    this.#ratio = ratio;
    this.symbols.sharpen(ratio);
    this.#look += 1;
  }

  draw(pen: CanvasRenderingContext2D, sight: Sight): void {
    const [left, , , top] = sight.box;
    const scale = sight.ratio / sight.resolution;
    for (const tile of this.#drawn()) this.#drawAreas(pen, tile, sight);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    // All are painted before the first is copied: a sheet that was copied from is copied whole when painted on.
    for (const { x, y, sprite } of [...this.#inSight(sight)]) {
      const { sheet, side, aside } = sprite;
      // Whole pixels are copied as they are, which is quicker and sharper.
      const across = Math.round((x - left) * scale + aside[0] * sight.ratio - side / 2);
      const down = Math.round((top - y) * scale + aside[1] * sight.ratio - side / 2);
      pen.drawImage(sheet, sprite.left, sprite.top, side, side, across, down, side, side);
    }
  }

  /** What lies nearest to a pixel of the page, the topmost of equals. */
  find(pen: CanvasRenderingContext2D, sight: Sight, [across, down]: readonly number[], tolerance: number): Found | undefined {
    let found: Found | undefined;
    for (const { x, y, count, values, sprite } of this.#inSight(sight)) {
      const right = (x - sight.box[0]) / sight.resolution + sprite.aside[0] - (across ?? 0);
      const below = (sight.box[3] - y) / sight.resolution + sprite.aside[1] - (down ?? 0);
      const away = Math.max(0, Math.hypot(right, below) - sprite.reach);
      if (away > tolerance || (found && away > found.away)) continue;
      found = { layer: this.config, code: String(values.code), count, place: [x, y], away };
    }
    return found ?? this.#findArea(pen, sight, [across ?? 0, down ?? 0], tolerance);
  }

  #findArea(pen: CanvasRenderingContext2D, sight: Sight, [across, down]: [number, number], tolerance: number): Found | undefined {
    const at = [across * sight.ratio, down * sight.ratio] as const;
    const place: [number, number] = [sight.box[0] + across * sight.resolution, sight.box[3] - down * sight.resolution];
    for (const tile of this.#drawn()) {
      pen.lineWidth = (OUTLINE + 2 * tolerance) * this.#enter(pen, tile, sight);
      const hit = tile.areas.find(({ path, filled }) => (
        pen.isPointInStroke(path, ...at) || (filled && pen.isPointInPath(path, ...at, "evenodd"))
      ));
      if (hit) return { layer: this.config, code: String(hit.values.code), count: 1, place, away: tolerance };
    }
    return undefined;
  }

  #drawAreas(pen: CanvasRenderingContext2D, tile: Located, sight: Sight): void {
    if (tile.areas.length === 0) return;
    pen.lineWidth = OUTLINE * this.#enter(pen, tile, sight);
    for (const { path, filled, values } of tile.areas) {
      const status = this.#colouring === "status" ? String(values.inspection) : "";
      const { colour, fill } = this.symbols.outline(String(values.kind), status);
      pen.strokeStyle = colour;
      pen.fillStyle = fill;
      if (filled) pen.fill(path, "evenodd");
      pen.stroke(path);
    }
  }

  /** Draw in the tile's own units from now on; the answer is how many of them a pixel is wide. */
  #enter(pen: CanvasRenderingContext2D, { box, extent }: Located, sight: Sight): number {
    const scale = sight.ratio / sight.resolution;
    const unit = ((box[2] - box[0]) / extent) * scale;
    pen.setTransform(unit, 0, 0, unit, (box[0] - sight.box[0]) * scale, (sight.box[3] - box[3]) * scale);
    return sight.ratio / unit;
  }

  /** The tiles to draw: those in sight, and under those that are missing the last ones. */
  #drawn(): Located[] {
    // What is drawn before the glyph has come would have to be painted anew.
    if (!this.#shown || !this.#ready) return [];
    const come = this.#come();
    return come.length === this.#places.length ? come : [...this.#stale(come), ...come];
  }

  #come(): Located[] {
    return this.#places.map((place) => this.#tiles.get(place)).filter((tile) => tile !== undefined);
  }

  #stale(come: Located[]): Located[] {
    return this.#last
      .map((place) => this.#tiles.get(place))
      .filter((tile) => tile !== undefined)
      .filter((tile) => !come.some((each) => meet(each.box, tile.box)));
  }

  *#inSight(sight: Sight): Generator<Symbol & { sprite: Sprite }> {
    const beyond = REACH * sight.resolution;
    const [west, south, east, north] = sight.box;
    for (const tile of this.#drawn()) {
      if (tile.look !== this.#look) this.#forgetSprites(tile);
      for (const each of tile.symbols) {
        const { x, y } = each;
        if (x < west - beyond || x > east + beyond || y < south - beyond || y > north + beyond) continue;
        each.sprite ??= this.#spriteOf(each);
        yield each as Symbol & { sprite: Sprite };
      }
    }
  }

  #forgetSprites(tile: Located): void {
    tile.look = this.#look;
    for (const each of tile.symbols) each.sprite = undefined;
  }

  #spriteOf({ count, values }: Symbol): Sprite {
    const status = String(values.inspection);
    const coloured = this.#colouring === "status";
    if (count > 1) return this.symbols.cluster(count, coloured ? status : "");
    return this.symbols.single(String(values.kind), status, coloured);
  }

  #ask(): void {
    this.#tiles.moveTo(tilesOf(this.config, this.#narrowed, this.#colouring));
  }

  #paintAnew(): void {
    this.#look += 1;
    this.#onChange();
  }
}
