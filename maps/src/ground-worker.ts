// The base map's painter, beside the page's main thread.
import { GroundPainter, type GroundView, type Painted } from "./ground-painter";
import type { Place } from "./tiles";

export type ToPainter =
  | { kind: "hold"; place: Place; buffer: ArrayBuffer }
  | { kind: "drop"; place: Place }
  | { kind: "paint"; view: GroundView; painted: Painted[] };

export interface FromPainter {
  view: GroundView;
  bitmap: ImageBitmap;
}

const painter = new GroundPainter();

self.addEventListener("message", ({ data }: MessageEvent<ToPainter>) => {
  if (data.kind === "hold") painter.hold(data.place, data.buffer);
  else if (data.kind === "drop") painter.drop(data.place);
  else {
    const bitmap = painter.paint(data.view, data.painted);
    const answer: FromPainter = { view: data.view, bitmap };
    self.postMessage(answer, { transfer: [bitmap] });
  }
});
