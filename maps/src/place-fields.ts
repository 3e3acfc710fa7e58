// Longitude and latitude as two fields below a map, for typing what a receiver or a ledger states.
import type { Coordinate } from "ol/coordinate";

import { placeText } from "./plane";

const DIGITS = 6;

function field(title: string, id: string): { box: HTMLElement; input: HTMLInputElement } {
  const box = document.createElement("div");
  box.className = "field";
  const label = document.createElement("label");
  label.htmlFor = id;
  label.textContent = title;
  const input = document.createElement("input");
  input.id = id;
  input.inputMode = "decimal";
  input.autocomplete = "off";
  box.append(label, input);
  return { box, input };
}

export class PlaceFields {
  readonly #lon: HTMLInputElement;
  readonly #lat: HTMLInputElement;
  readonly #plane: HTMLElement;

  constructor(map: HTMLElement, onTyped: (lonLat: Coordinate) => void) {
    const lon = field("经度（°E）", "place-lon");
    const lat = field("纬度（°N）", "place-lat");
    this.#lon = lon.input;
    this.#lat = lat.input;
    this.#plane = document.createElement("p");
    this.#plane.className = "field__hint";
    const row = document.createElement("div");
    row.className = "fields place-fields";
    row.append(lon.box, lat.box);
    map.after(row, this.#plane);
    for (const input of [this.#lon, this.#lat]) {
      input.addEventListener("change", () => {
        const typed = [Number(this.#lon.value), Number(this.#lat.value)];
        if (this.#lon.value && this.#lat.value && typed.every(Number.isFinite)) {
          this.#tell(typed);
          onTyped(typed);
        }
      });
    }
  }

  show(lonLat: Coordinate): void {
    const [lon = 0, lat = 0] = lonLat;
    this.#lon.value = lon.toFixed(DIGITS);
    this.#lat.value = lat.toFixed(DIGITS);
    this.#tell(lonLat);
  }

  #tell(lonLat: Coordinate): void {
    this.#plane.textContent = `${placeText(lonLat)}（CGCS2000 / 3 度带 117°E）`;
  }
}
