// Signing on a canvas with finger, pen or mouse.

export class SignaturePad {
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D;
  #signed = false;

  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("no canvas");
    this.#canvas = canvas;
    this.#pen = pen;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pen.beginPath();
      pen.moveTo(...this.#at(event));
      event.preventDefault();
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      pen.lineTo(...this.#at(event));
      pen.stroke();
      this.#signed = true;
    });
    canvas.addEventListener("pointerup", changed);
  }

  #at(event: PointerEvent): [number, number] {
    const box = this.#canvas.getBoundingClientRect();
    const { width, height } = this.#canvas;
    return [((event.clientX - box.left) * width) / box.width, ((event.clientY - box.top) * height) / box.height];
  }

  clear(): void {
    this.#pen.fillStyle = "#ffffff";
    this.#pen.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#pen.strokeStyle = "#1f2937";
    this.#pen.lineWidth = 4;
    this.#pen.lineCap = "round";
    this.#pen.lineJoin = "round";
    this.#signed = false;
  }

  /** What was written, as PNG; undefined when nothing was. */
  picture(): Promise<Blob | undefined> {
    if (!this.#signed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#canvas.toBlob((made) => { resolve(made ?? undefined); }, "image/png");
    });
  }
}
