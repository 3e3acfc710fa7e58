// What one may draw along beside parcels: control lines, and a scheme that is laid over.
import RBush from "ol/structs/RBush.js";

import { type Box, type Place, type Ring, type Rings, boxOf, segments, wider } from "./plan-topology";

interface Guide {
  edge: [Place, Place];
  ring: Ring;
}

export class Guides {
  readonly #kinds = new Map<string, RBush<Guide>>();

  /** Put rings in place of those of a kind. */
  set(kind: string, rings: Rings): void {
    const guides = rings.flatMap((ring) => segments(ring).map((edge): Guide => ({ edge, ring })));
    const tree = new RBush<Guide>(16);
    tree.load(guides.map(({ edge }) => boxOf([edge])), guides);
    this.#kinds.set(kind, tree);
  }

  edgesIn(box: Box): [Place, Place][] {
    return this.#in(box).map(({ edge }) => edge);
  }

  /** Rings that pass a place. */
  ringsAt([east, north]: Place, within: number): Ring[] {
    return [...new Set(this.#in(wider([east, north, east, north], within)).map(({ ring }) => ring))];
  }

  #in(box: Box): Guide[] {
    return [...this.#kinds.values()].flatMap((tree) => tree.getInExtent(box));
  }
}
