// Starting the base map's painter: by the map, or by the page's first script while the map's own are on their way.
import type { GroundView } from "./ground-view";
import type { Beginning, FromPainter } from "./ground-worker";

export interface Begun {
  worker: Worker;
  /** What the painter was asked to show. */
  view?: GroundView;
  /** What it has answered so far. */
  heard: FromPainter[];
}

let begun: Begun | undefined;

// Messages to a painter that is starting wait until the page's main thread has heard that it has started, and by then
// that thread is busy with the map's own scripts. The painter's name it has from the start.
function start(name = ""): Begun {
  const worker = new Worker(new URL("./ground-worker.ts", import.meta.url), { type: "module", name });
  const heard: FromPainter[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromPainter>) => { heard.push(data); };
  return { worker, heard };
}

/** Start the painter, and have it fetch tiles and paint them. */
export function beginGround(beginning: Beginning): void {
  begun = { ...start(JSON.stringify(beginning)), view: beginning.view };
}

/** The painter that was begun, for the first who asks; else a new one. */
export function takeGround(): Begun {
  const taken = begun ?? start();
  begun = undefined;
  return taken;
}
