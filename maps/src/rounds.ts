// Entry of the pages of inspection rounds: the map of the rounds in sight, dragging stops to another day, team or
// place (what it costs is shown first), and the dialog in which that is accepted.
import "../styles/rounds.css";

import htmx from "htmx.org";

import { type RoundLine, RoundsMap } from "./rounds-map";
import { loadJson } from "./thematic-data";
import { showToast } from "./toast";
import { locate } from "./visit-position";

function board(): HTMLElement | null {
  return document.getElementById("board");
}

// --- maps ---

/** The board's map outlives the board around it, which htmx reads anew after each change. */
class BoardMap {
  #map: RoundsMap | undefined;
  #holder: HTMLElement | undefined;
  #shown = "";
  #loading = "";

  draw(): void {
    const holder = document.getElementById("rounds-map");
    const address = board()?.dataset.lines;
    if (!holder || !address) return;
    if (holder !== this.#holder) {
      this.#holder = holder;
      this.#shown = "";
      this.#map = new RoundsMap(holder, "路线图", {
        onChoose: (id) => { openRound(id); },
        onPoint: (words) => { tellPointed(words); },
      });
    }
    this.#map?.resized();
    if (address === this.#shown) this.#map?.choose(chosenRound());
    else if (address !== this.#loading) void this.#load(address);
  }

  async #load(address: string): Promise<void> {
    this.#loading = address;
    try {
      const rounds = await loadJson<RoundLine[]>(address);
      if (board()?.dataset.lines !== address) return;
      this.#map?.show(rounds, chosenRound());
      this.#shown = address;
    } catch {
      showToast("路线图未能打开，请刷新页面重试；清单不受影响。", "warn");
    } finally {
      this.#loading = "";
    }
  }
}

function chosenRound(): number | undefined {
  return Number(document.getElementById("round")?.dataset.round) || undefined;
}

function openRound(id: number): void {
  document.querySelector<HTMLElement>(`.day-cell__link[href*="round=${id}&"], .day-cell__link[href*="round=${id}#"]`)?.click();
}

const USUAL = document.getElementById("map-told")?.textContent ?? "";

function tellPointed(words: string | undefined): void {
  const told = document.getElementById("map-told");
  const text = words ?? USUAL;
  if (told && told.textContent !== text) told.textContent = text;
}

/** Maps that only show: of the comparison. */
async function drawPlain(holder: HTMLElement): Promise<void> {
  const { lines, title } = holder.dataset;
  if (!lines) return;
  const map = new RoundsMap(holder, title ?? "路线图");
  map.show(await loadJson<RoundLine[]>(lines));
}

// --- the dialog in which a move is priced and accepted ---

function dialog(): HTMLDialogElement | null {
  return document.querySelector<HTMLDialogElement>("#move-dialog");
}

function priceMove(address: string, to: Record<string, string>): void {
  const body = document.getElementById("move-body");
  if (!body) return;
  body.replaceChildren(Object.assign(document.createElement("p"), { textContent: "正在计算代价…" }));
  dialog()?.showModal();
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(to)) query.set(name, value);
  void htmx.ajax("get", `${address}?${query.toString()}`, { target: "#move-body", swap: "innerHTML" });
}

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.target as HTMLElement | null;
  if (target?.id === "move-body" && !dialog()?.open) dialog()?.showModal();
});
document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = (event as CustomEvent<{ xhr: XMLHttpRequest }>).detail;
  dialog()?.close();
  // Somebody else's change is shown, so that the next attempt starts from it.
  if (board() && xhr.status === 409) {
    void htmx.ajax("get", window.location.pathname + window.location.search, { target: "#board", select: "#board", swap: "outerHTML" });
  }
});

// --- dragging ---

interface Dragged {
  /** The address that prices it. */
  address: string;
  ordinal?: number;
}

let dragged: Dragged | undefined;

function draggedFrom(start: HTMLElement): Dragged | undefined {
  const page = board();
  const { stop, owed, ordinal } = start.dataset;
  if (stop && page?.dataset.move) return { address: page.dataset.move.replace("/0/", `/${stop}/`), ordinal: Number(ordinal) };
  if (owed && page?.dataset.add) return { address: page.dataset.add.replace(/\/0$/, `/${owed}`) };
  return undefined;
}

function zoneOf(event: Event): HTMLElement | null {
  const at = event.target as Element | null;
  return at?.closest<HTMLElement>("[data-drop], #round .stop") ?? null;
}

function clearMarks(): void {
  document.querySelectorAll(".drop--here").forEach((zone) => { zone.classList.remove("drop--here"); });
  board()?.classList.remove("rb--dragging");
}

/** Where something dropped on a zone goes; nothing where it came from. */
function targetOf(zone: HTMLElement, from: Dragged): Record<string, string> | undefined {
  const { team, day } = zone.dataset;
  if (team && day) return { to_team: team, to_day: day };
  const home = document.getElementById("round")?.dataset;
  const before = Number(zone.dataset.ordinal);
  if (!home?.team || !home.day || !before) return undefined;
  // Dropped on a stop it goes before that one; without it the ones behind move up.
  const to = from.ordinal !== undefined && from.ordinal < before ? before - 1 : before;
  return to === from.ordinal ? undefined : { to_team: home.team, to_day: home.day, to: String(to) };
}

document.addEventListener("dragstart", (event) => {
  const start = (event.target as Element | null)?.closest<HTMLElement>("[data-stop], [data-owed]");
  dragged = start ? draggedFrom(start) : undefined;
  if (!dragged || !event.dataTransfer || !start) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", start.querySelector("a")?.textContent ?? "");
  board()?.classList.add("rb--dragging");
});
document.addEventListener("dragover", (event) => {
  const zone = zoneOf(event);
  if (!zone || !dragged) return;
  event.preventDefault();
  if (zone.classList.contains("drop--here")) return;
  document.querySelectorAll(".drop--here").forEach((other) => { other.classList.remove("drop--here"); });
  zone.classList.add("drop--here");
});
document.addEventListener("drop", (event) => {
  const zone = zoneOf(event);
  const from = dragged;
  dragged = undefined;
  clearMarks();
  if (!zone || !from) return;
  event.preventDefault();
  const to = targetOf(zone, from);
  if (to) priceMove(from.address, to);
});
document.addEventListener("dragend", () => {
  dragged = undefined;
  clearMarks();
});

// --- the rest ---

// htmx would carry style attributes over to what it reads anew, which the content security policy forbids.
htmx.config.attributesToSettle = ["class"];

const boardMap = new BoardMap();
let focused: string | undefined;

// What had the focus has it again after the board was read anew, or a keyboard would start from the top.
document.addEventListener("htmx:beforeSwap", () => {
  focused = document.activeElement?.getAttribute("aria-label") ?? undefined;
});
document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.target as HTMLElement | null;
  if (!target || !["board", "round", "week"].includes(target.id)) return;
  boardMap.draw();
  showPrint();
  if (document.activeElement !== document.body || !focused) return;
  document.querySelector<HTMLElement>(`#board [aria-label="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
});

function showPrint(): void {
  document.querySelectorAll<HTMLElement>("[data-print]").forEach((button) => { button.hidden = false; });
}

document.addEventListener("click", (event) => {
  if ((event.target as Element | null)?.closest("[data-print]")) window.print();
});

/** Where the team is, told by the phone of whoever plans again on the way. */
function offerLocating(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-locate]");
  const told = document.querySelector<HTMLElement>("[data-located]");
  const carrier = document.getElementById(button?.dataset.locate ?? "");
  if (!button || !told || !(carrier instanceof HTMLInputElement) || !("geolocation" in navigator)) return;
  button.hidden = false;
  const find = async (): Promise<void> => {
    told.textContent = "正在定位…";
    try {
      const found = await locate();
      carrier.value = JSON.stringify({ type: "Point", coordinates: [found.longitude, found.latitude] });
      told.textContent = `已取得定位：东经 ${found.longitude.toFixed(5)}°，北纬 ${found.latitude.toFixed(5)}°。`;
    } catch {
      told.textContent = "没有取得定位。请允许浏览器使用位置信息，或在地图上点出位置。";
    }
  };
  button.addEventListener("click", () => void find());
}

showPrint();
offerLocating();
boardMap.draw();
document.querySelectorAll<HTMLElement>("[data-rounds-map][data-lines]").forEach((holder) => {
  drawPlain(holder).catch(() => { showToast("路线图未能打开，请刷新页面重试。", "warn"); });
});
