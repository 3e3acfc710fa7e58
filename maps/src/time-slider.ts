// The slider of years under a thematic map: it recolours at once and, when let go, brings the page up to date.
import htmx from "htmx.org";

import type { ThematicMapData } from "./thematic-data";

const STEP_MS = 700;

export class TimeSlider {
  readonly #onYear: (year: number) => void;
  readonly #box = document.getElementById("thematic-time");
  readonly #input = document.getElementById("thematic-year") as HTMLInputElement | null;
  readonly #now = document.getElementById("thematic-year-now");
  readonly #play = document.getElementById("thematic-play");
  #playing: number | undefined;

  constructor(onYear: (year: number) => void) {
    this.#onYear = onYear;
    this.#input?.addEventListener("input", () => { this.#stop(); this.#tell(); });
    this.#input?.addEventListener("change", () => { this.#settle(); });
    this.#play?.addEventListener("click", () => { if (this.#playing === undefined) this.#start(); else this.#pause(); });
  }

  get year(): number | undefined {
    return this.#box?.hidden === false ? Number(this.#input?.value) : undefined;
  }

  offer(maps: ThematicMapData[]): void {
    const years = maps.flatMap((map) => map.years);
    if (!this.#box || !this.#input) return;
    this.#box.hidden = years.length === 0;
    if (years.length === 0) { this.#stop(); return; }
    this.#input.min = String(Math.min(...years));
    this.#input.max = String(Math.max(...years));
    if (this.#playing === undefined) this.#input.value = String(maps.find((map) => map.until)?.until ?? this.#input.max);
    this.#say();
  }

  #say(): void {
    if (this.#now && this.#input) this.#now.textContent = `${this.#input.value} 年`;
    this.#input?.setAttribute("aria-valuetext", `${this.#input.value} 年`);
  }

  #tell(): void {
    this.#say();
    if (this.year !== undefined) this.#onYear(this.year);
  }

  /** Put the year into the form, so that table, address and print follow. */
  #settle(): void {
    // The last year stays unsaid, so that a saved map goes on with the years to come.
    const last = this.#input?.value === this.#input?.max;
    for (const id of ["until", "b.until"]) {
      const carrier = document.getElementById(id);
      if (carrier instanceof HTMLInputElement) carrier.value = last ? "" : String(this.year ?? "");
    }
    const form = document.getElementById("thematic-form");
    if (form) htmx.trigger(form, "submit", {});
  }

  #start(): void {
    if (!this.#input) return;
    if (this.#input.value === this.#input.max) this.#input.value = this.#input.min;
    this.#tell();
    this.#playing = window.setInterval(() => { this.#step(); }, STEP_MS);
    this.#mark(true);
  }

  #step(): void {
    if (!this.#input || this.#input.value === this.#input.max) { this.#pause(); return; }
    this.#input.value = String(Number(this.#input.value) + 1);
    this.#tell();
  }

  #pause(): void {
    this.#stop();
    this.#settle();
  }

  #stop(): void {
    window.clearInterval(this.#playing);
    this.#playing = undefined;
    this.#mark(false);
  }

  #mark(playing: boolean): void {
    this.#play?.setAttribute("aria-pressed", String(playing));
    if (this.#play) this.#play.textContent = playing ? "暂停" : "播放";
  }
}
