// Entry of a plan's pages: its maps, and what in the lists and tables beside leads to a place on them.
//   [data-plan-map]             a map (see plan-map.ts); [data-places] on it: places of findings by their key
//   [data-show-parcels="[…]"]   shows parcels on the page's map
//   [data-show-place="key"]     shows a finding's place
//   [data-check-all="name"]     ticks every box of that name
import "../styles/plans.css";

import { showBusyForms } from "./busy-forms";
import { bindCheckAll } from "./check-all";
import { PlanMap } from "./plan-map";
import { showToast } from "./toast";

interface Place {
  key: string;
  severity: string;
  zh: string;
  geometry: object | null;
}

let map: PlanMap | undefined;

function places(): Place[] {
  const told = document.getElementById("plan-places")?.dataset.places;
  return told ? (JSON.parse(told) as Place[]) : [];
}

/** Bring the map into sight where it is not beside what was clicked, as on a phone. */
function comeToMap(): void {
  map?.holder.scrollIntoView({ block: "nearest" });
}

function show(chooser: HTMLElement): void {
  if (!map) return;
  document.querySelectorAll(".plan-chosen").forEach((each) => { each.classList.remove("plan-chosen"); });
  chooser.closest("tr, li")?.classList.add("plan-chosen");
  const { showParcels, showPlace } = chooser.dataset;
  if (showPlace !== undefined) {
    const place = places().find((each) => each.key === showPlace);
    if (place?.geometry) map.showPlace(place.geometry);
  } else if (showParcels) {
    if (!map.zoomTo(JSON.parse(showParcels) as string[])) showToast("图上没有这些图斑，可能已被删除。", "warn");
  }
  comeToMap();
}

document.addEventListener("click", (event) => {
  const chooser = (event.target as Element | null)?.closest<HTMLElement>("[data-show-parcels], [data-show-place]");
  if (!chooser) return;
  event.preventDefault();
  show(chooser);
});

showBusyForms();
bindCheckAll();

/** What came with the page or was fetched into it: places of findings, and the parcels of a number. */
function takeIn(): void {
  map?.drawFindings(places());
  const cell = document.querySelector<HTMLElement>("#cell[data-parcels]");
  if (!cell?.dataset.parcels || !map) return;
  map.show(cell.dataset.year === "base" ? "base" : "target");
  map.zoomTo(JSON.parse(cell.dataset.parcels) as string[]);
}

async function begin(): Promise<void> {
  const holder = document.querySelector<HTMLElement>("[data-plan-map]");
  if (!holder) return;
  const made = new PlanMap(holder);
  map = made;
  try {
    await made.load();
    takeIn();
    const wanted = new URLSearchParams(location.hash.slice(1)).get("parcel");
    if (wanted) made.zoomTo([wanted]);
  } catch {
    showToast("地图未能打开，请刷新页面重试；列表和表格不受影响。", "warn");
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  takeIn();
  if (event.target instanceof HTMLElement && event.target.id === "cell") comeToMap();
});
void begin();

const charts = document.querySelector<HTMLElement>("[data-transfers]");
if (charts) void import("./plan-charts").then(({ drawTransfers }) => { drawTransfers(charts); });
