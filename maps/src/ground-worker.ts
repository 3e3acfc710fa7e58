// The base map's painter, beside the page's main thread; it fetches its tiles itself.
import { GroundPainter, type Painted } from "./ground-painter";
import type { GroundView } from "./ground-view";
import { type Place, addressOf, bytesOf, keyOf } from "./tiles";

export type ToPainter =
  | { kind: "load"; address: string; place: Place }
  | { kind: "drop"; place: Place }
  | { kind: "paint"; view: GroundView; painted: Painted[] };

/** Tiles to fetch and to paint before the map that will ask for them is there. */
export interface Beginning {
  view: GroundView;
  address: string;
  places: Place[];
}

export type FromPainter =
  /** `whole` tells that no tile was missing. */
  | { kind: "painted"; view: GroundView; bitmap: ImageBitmap; whole: boolean }
  | { kind: "loaded"; place: Place; come: boolean };

const painter = new GroundPainter();
/** What was fetched before it was asked for. */
const ahead = new Map<string, Promise<boolean>>();

async function load(address: string, place: Place): Promise<boolean> {
  try {
    painter.hold(place, await bytesOf(addressOf(address, place)));
    return true;
  } catch {
    return false;
  }
}

function paint(view: GroundView, painted: readonly Painted[], whole: boolean): void {
  const bitmap = painter.paint(view, painted);
  const answer: FromPainter = { kind: "painted", view, bitmap, whole };
  self.postMessage(answer, { transfer: [bitmap] });
}

async function begin({ view, address, places }: Beginning): Promise<void> {
  const loads = places.map((place) => load(address, place));
  places.forEach((place, i) => { ahead.set(keyOf(place), loads[i] ?? Promise.resolve(false)); });
  const come = await Promise.all(loads);
  paint(view, places.map((place) => ({ place, tile: place })), come.every(Boolean));
}

async function answer(address: string, place: Place): Promise<void> {
  const begun = ahead.get(keyOf(place));
  ahead.delete(keyOf(place));
  const told: FromPainter = { kind: "loaded", place, come: await (begun ?? load(address, place)) };
  self.postMessage(told);
}

self.addEventListener("message", ({ data }: MessageEvent<ToPainter>) => {
  if (data.kind === "load") void answer(data.address, data.place);
  else if (data.kind === "drop") painter.drop(data.place);
  else paint(data.view, data.painted, true);
});

if (self.name) void begin(JSON.parse(self.name) as Beginning);
