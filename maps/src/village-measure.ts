// Measuring on a Leaflet map, under the name and options of folium's MeasureControl. The usual plugin
// (leaflet-measure) compiles its templates at run time, which the content security policy forbids.
import L from "leaflet";

const LINE: L.PolylineOptions = { color: "#b5179e", weight: 3, dashArray: "6 5", interactive: false };
const AREA: L.PolylineOptions = { color: "#b5179e", weight: 2, fillOpacity: 0.15, interactive: false };
const CORNER: L.CircleMarkerOptions = {
  radius: 4, color: "#ffffff", weight: 2, fillColor: "#b5179e", fillOpacity: 1, interactive: false,
};
const SQUARE_METRES_PER_MU = 2000 / 3;
const CORNERS_OF_AREA = 3;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K, className: string, text = "",
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

export function lengthText(metres: number): string {
  return metres < 1000 ? `${metres.toFixed(0)} 米` : `${(metres / 1000).toFixed(2)} 公里`;
}

export function areaText(squareMetres: number): string {
  const mu = squareMetres / SQUARE_METRES_PER_MU;
  const whole = squareMetres < 1e5 ? `${squareMetres.toFixed(0)} 平方米` : `${(squareMetres / 1e4).toFixed(2)} 公顷`;
  return `${whole}（${mu.toFixed(1)} 亩）`;
}

/** Spherical excess of a ring on Leaflet's sphere [m²]; distances use the same sphere. */
export function ringArea(ring: L.LatLng[]): number {
  const turn = Math.PI / 180;
  const sum = ring.reduce((total, from, i) => {
    const to = ring[(i + 1) % ring.length] ?? from;
    return total + (to.lng - from.lng) * turn * (2 + Math.sin(from.lat * turn) + Math.sin(to.lat * turn));
  }, 0);
  return Math.abs((sum * 6371000 * 6371000) / 2);
}

export class Measure extends L.Control {
  readonly #drawn = L.layerGroup();
  #corners: L.LatLng[] = [];
  #map: L.Map | undefined;
  #active = false;
  readonly #button = element("button", "measure__button", "测量");
  readonly #panel = element("div", "measure__panel");
  readonly #told = element("p", "measure__told");

  override onAdd(map: L.Map): HTMLElement {
    this.#map = map;
    const box = element("div", "measure leaflet-bar");
    this.#button.type = "button";
    this.#button.setAttribute("aria-expanded", "false");
    this.#button.addEventListener("click", () => { this.#switch(!this.#active); });
    this.#told.setAttribute("role", "status");
    this.#panel.hidden = true;
    this.#panel.append(
      this.#told,
      this.#action("撤销一点", () => { this.#corners.pop(); this.#draw(); }),
      this.#action("清除", () => { this.#corners = []; this.#draw(); }),
    );
    box.append(this.#button, this.#panel);
    L.DomEvent.disableClickPropagation(box);
    this.#drawn.addTo(map);
    map.on("click", (event: L.LeafletMouseEvent) => { this.#add(event.latlng); });
    return box;
  }

  get active(): boolean {
    return this.#active;
  }

  #action(text: string, act: () => void): HTMLButtonElement {
    const made = element("button", "measure__action", text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }

  #switch(active: boolean): void {
    this.#active = active;
    this.#panel.hidden = !active;
    this.#button.setAttribute("aria-expanded", String(active));
    this.#map?.getContainer().classList.toggle("map--measuring", active);
    this.#corners = [];
    this.#draw();
  }

  #add(corner: L.LatLng): void {
    if (!this.#active) return;
    this.#corners.push(corner);
    this.#draw();
  }

  #draw(): void {
    const corners = this.#corners;
    this.#drawn.clearLayers();
    if (corners.length >= CORNERS_OF_AREA) this.#drawn.addLayer(L.polygon(corners, AREA));
    this.#drawn.addLayer(L.polyline(corners, LINE));
    corners.forEach((corner) => this.#drawn.addLayer(L.circleMarker(corner, CORNER)));
    this.#told.textContent = this.#result();
  }

  #result(): string {
    const corners = this.#corners;
    if (corners.length < 2) return "在地图上依次点击各点。";
    const length = corners.slice(1).reduce((sum, to, i) => sum + (corners[i]?.distanceTo(to) ?? 0), 0);
    const told = `长度 ${lengthText(length)}`;
    return corners.length < CORNERS_OF_AREA ? told : `${told}；面积 ${areaText(ringArea(corners))}`;
  }
}
