// Areas in the colours of their classes, as one layer of a map.
import type Feature from "ol/Feature";
import type { FeatureLike } from "ol/Feature";
import VectorLayer from "ol/layer/Vector";
import type VectorSource from "ol/source/Vector";
import { Fill, Stroke, Style } from "ol/style";

import { COLOURS } from "./palette";
import { type ThematicMapData, colourOf, valueOf } from "./thematic-data";

const edge = new Stroke({ color: "rgba(75, 87, 104, 0.75)", width: 0.8 });
const chosenEdge = new Style({ stroke: new Stroke({ color: COLOURS.chosen, width: 3 }), zIndex: 10 });
const halo = new Style({ stroke: new Stroke({ color: "#ffffff", width: 5.5 }), zIndex: 9 });

export type Areas = VectorSource<Feature>;

export class Choropleth {
  readonly drawn: VectorLayer<Areas>;
  readonly #styles = new Map<string, Style>();
  #data: ThematicMapData | undefined;
  #year: number | undefined;
  #chosen: string | undefined;

  constructor(source: Areas) {
    this.drawn = new VectorLayer({ source, zIndex: 5, style: (feature) => this.#style(feature) });
  }

  get data(): ThematicMapData | undefined {
    return this.#data;
  }

  show(data: ThematicMapData, year: number | undefined): void {
    this.#data = data;
    this.#year = year;
    this.drawn.changed();
  }

  choose(code: string | undefined): void {
    if (code === this.#chosen) return;
    this.#chosen = code;
    this.drawn.changed();
  }

  value(code: string): number | null {
    return this.#data ? valueOf(this.#data, code, this.#year) : null;
  }

  #style(feature: FeatureLike): Style | Style[] {
    const code = String(feature.getId());
    const colour = this.#data ? colourOf(this.#data, this.value(code)) : COLOURS.land;
    let style = this.#styles.get(colour);
    if (!style) {
      style = new Style({ fill: new Fill({ color: colour }), stroke: edge });
      this.#styles.set(colour, style);
    }
    return code === this.#chosen ? [style, halo, chosenEdge] : style;
  }
}
