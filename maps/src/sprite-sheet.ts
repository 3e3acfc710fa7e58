// Small paintings side by side on few canvases: a canvas of its own for each costs more than painting it.

/** Side of a sheet [px of the page]. */
const SHEET = 512;

/** A square of a sheet [device px]. */
export interface Painting {
  sheet: HTMLCanvasElement;
  left: number;
  top: number;
  side: number;
}

export class SpriteSheet {
  readonly #ratio: number;
  #pen: CanvasRenderingContext2D | null = null;
  #left = 0;
  #top = 0;
  /** Height of the row that is being filled. */
  #high = 0;

  /** Paint for a screen of so many pixels a pixel of the page. */
  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  /** Paint on a free square of a side [px of the page], as sharp as the screen is. */
  paint(side: number, paint: (pen: CanvasRenderingContext2D) => void): Painting {
    const pixels = Math.ceil(side * this.#ratio);
    const pen = this.#room(pixels);
    const made = { sheet: pen.canvas, left: this.#left, top: this.#top, side: pixels };
    pen.save();
    pen.translate(made.left, made.top);
    pen.beginPath();
    pen.rect(0, 0, pixels, pixels);
    pen.clip();
    pen.scale(this.#ratio, this.#ratio);
    paint(pen);
    pen.restore();
    this.#left += pixels;
    this.#high = Math.max(this.#high, pixels);
    return made;
  }

  /** Go on to where a square is free; a full sheet stays with those who still copy from it. */
  #room(pixels: number): CanvasRenderingContext2D {
    const whole = Math.ceil(SHEET * this.#ratio);
    if (this.#left + pixels > whole) [this.#left, this.#top, this.#high] = [0, this.#top + this.#high, 0];
    if (this.#pen && this.#top + pixels <= whole) return this.#pen;
    [this.#left, this.#top, this.#high] = [0, 0, 0];
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = whole;
    this.#pen = sheet.getContext("2d");
    if (!this.#pen) throw new Error("no canvas");
    return this.#pen;
  }
}
