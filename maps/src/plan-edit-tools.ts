// Tools and how pointer events reach the one that is in hand.
import type MapBrowserEvent from "ol/MapBrowserEvent";
import Interaction from "ol/interaction/Interaction";

import type { Place } from "./plan-topology";

export type ToolName = "select" | "box" | "draw" | "split" | "hole" | "reshape" | "copy";

/** Where the pointer is. */
export interface Spot {
  place: Place;
  shift: boolean;
  alt: boolean;
}

export interface Tool {
  /** What to do with it, told when it is taken in hand. */
  readonly words: string;
  start?(): void;
  stop?(): void;
  click?(spot: Spot): void;
  doubleClick?(spot: Spot): void;
  move?(spot: Spot): void;
  /** Whether a drag begins here; otherwise the map is moved. */
  down?(spot: Spot): boolean;
  drag?(spot: Spot): void;
  up?(spot: Spot): void;
  /** Whether a key meant something. */
  key?(event: KeyboardEvent): boolean;
}

export class ToolInteraction extends Interaction {
  tool: Tool | undefined;
  #dragging = false;

  override handleEvent(event: MapBrowserEvent<PointerEvent>): boolean {
    const { tool } = this;
    if (!tool) return true;
    const spot = spotOf(event);
    switch (event.type) {
      case "pointerdown":
        this.#dragging = event.originalEvent.button === 0 && (tool.down?.(spot) ?? false);
        return !this.#dragging;
      case "pointerdrag":
        if (!this.#dragging) return true;
        tool.drag?.(spot);
        return false;
      case "pointerup":
        if (!this.#dragging) return true;
        this.#dragging = false;
        tool.up?.(spot);
        return false;
      case "pointermove":
        tool.move?.(spot);
        return true;
      case "click":
        tool.click?.(spot);
        return false;
      case "dblclick":
        tool.doubleClick?.(spot);
        return false;
      default:
        return true;
    }
  }
}

function spotOf({ coordinate, originalEvent }: MapBrowserEvent<PointerEvent>): Spot {
  const [east = NaN, north = NaN] = coordinate;
  return { place: [east, north], shift: originalEvent.shiftKey || originalEvent.ctrlKey || originalEvent.metaKey, alt: originalEvent.altKey };
}
