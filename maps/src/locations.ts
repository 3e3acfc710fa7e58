// Layers of locations from our vector tiles: clusters, single symbols and shapes.
import type { FeatureLike } from "ol/Feature";
import MVT from "ol/format/MVT";
import VectorTileLayer from "ol/layer/VectorTile";
import VectorTileSource from "ol/source/VectorTile";
import type { Style } from "ol/style";
import { createXYZ } from "ol/tilegrid";

import type { LayerConfig } from "./config";
import { LayerSymbols } from "./symbols";

// The server counts in 16 × 16 cells a tile; a tile of this size makes a cell 64 to 128 pixels wide, which tells
// where things are and leaves room for the clusters of several layers.
const TILE_PIXELS = 1024;
// The server's SINGLES_FROM: deeper tiles would hold nothing new.
const DEEPEST = 13;

export class LocationLayer {
  readonly config: LayerConfig;
  readonly drawn: VectorTileLayer;
  readonly #source: VectorTileSource;
  readonly symbols: LayerSymbols;

  constructor(config: LayerConfig, place: number, places: number) {
    this.config = config;
    this.symbols = new LayerSymbols(config, place, places);
    this.#source = new VectorTileSource({
      format: new MVT(),
      url: config.tiles,
      tileGrid: createXYZ({ tileSize: TILE_PIXELS, maxZoom: DEEPEST }),
    });
    this.drawn = new VectorTileLayer({
      source: this.#source,
      // Symbols reach beyond their tile.
      renderBuffer: 64,
      zIndex: 10 + places - place,
      style: (feature) => this.#style(feature),
    });
    this.drawn.set("location", this);
  }

  async load(): Promise<void> {
    await this.symbols.load();
    this.drawn.changed();
  }

  /** Show only what the filter of the tiles lets through. */
  narrow(query: URLSearchParams): void {
    const wanted = query.size > 0 ? `${this.config.tiles}?${query.toString()}` : this.config.tiles;
    if (this.#source.getUrls()?.[0] !== wanted) this.#source.setUrl(wanted);
  }

  /** Fetch the tiles again after a change. */
  refresh(): void {
    this.#source.refresh();
  }

  #style(feature: FeatureLike): Style {
    const kind = String(feature.get("kind"));
    if (feature.get("layer") === "shapes") return this.symbols.shape(kind);
    const count = Number(feature.get("count"));
    return count > 1 ? this.symbols.cluster(count) : this.symbols.single(kind, String(feature.get("status")));
  }
}
