// Entry of the calendar of obligations: groups and single obligations are dragged to a day, or chosen and moved
// with the bar, which works by keyboard and on a phone as well. Every move can be taken back.
import "../styles/calendar.css";

import htmx from "htmx.org";

import { csrfToken } from "./htmx";
import { problemText } from "./problem";
import { showToast } from "./toast";

interface Former {
  id: number;
  version: number;
  planned_on: string | null;
  assignee_id: number | null;
}

interface Told {
  done: number;
  refused: number;
  reason: string;
  former: Former[];
}

interface Asked {
  to?: string | null;
  assignee?: number | null;
}

const CHIP = ".chip[data-count]";

function page(): HTMLElement | null {
  return document.getElementById("calendar");
}

function chosen(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("#calendar [data-choose]:checked")]
    .map((box) => box.closest<HTMLElement>(CHIP))
    .filter((chip) => chip !== null);
}

function countOf(chips: HTMLElement[]): number {
  return chips.reduce((sum, chip) => sum + Number(chip.dataset.count), 0);
}

/** Show the bar while something is chosen. */
function tellChosen(): void {
  const bar = document.getElementById("calendar-bar");
  const words = document.getElementById("calendar-chosen");
  if (!bar || !words) return;
  const chips = chosen();
  bar.hidden = chips.length === 0;
  const text = chips.length > 0 ? `已选 ${countOf(chips)} 项` : "";
  if (words.textContent !== text) words.textContent = text;
  document.querySelectorAll<HTMLElement>(`#calendar ${CHIP}`).forEach((chip) => {
    chip.classList.toggle("chip--chosen", chips.includes(chip));
  });
}

async function post(address: string, body: object): Promise<Told> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(problemText(text, response.status));
  return JSON.parse(text) as Told;
}

async function refresh(): Promise<void> {
  // The whole calendar comes anew: every number in it may have changed.
  await htmx.ajax("get", window.location.pathname + window.location.search, {
    target: "#calendar", select: "#calendar", swap: "outerHTML",
  });
}

async function plan(chips: HTMLElement[], asked: Asked, words: (count: number) => string): Promise<void> {
  const address = page()?.dataset.plan;
  if (!address || chips.length === 0) return;
  const groups = chips.filter((chip) => chip.dataset.kind !== undefined)
    .map(({ dataset }) => ({ kind: dataset.kind, day: dataset.day ?? "", key: dataset.key ?? "" }));
  const ids = chips.filter((chip) => chip.dataset.id !== undefined).map((chip) => Number(chip.dataset.id));
  const most = Number(document.querySelector<HTMLInputElement>("#calendar-most")?.value ?? "");
  try {
    const told = await post(address, { groups, ids, ...asked, ...(most > 0 ? { most } : {}) });
    const rest = told.refused > 0 ? `另 ${told.refused} 项未动：${told.reason}` : "";
    showToast(`${words(told.done)}${rest}`, rest ? "warn" : "ok", { label: "撤销", act: () => void takeBack(told.former) });
  } catch (error) {
    showToast(error instanceof Error ? error.message : "网络不通，未完成。请检查网络后重试。", "bad");
  }
  await refresh();
}

async function takeBack(former: Former[]): Promise<void> {
  const address = page()?.dataset.undo;
  if (!address) return;
  try {
    const told = await post(address, { former });
    showToast(`已撤销 ${told.done} 项的安排。${told.refused > 0 ? `另 ${told.refused} 项未能撤销：${told.reason}` : ""}`, "ok");
  } catch (error) {
    showToast(error instanceof Error ? error.message : "未能撤销，请稍后重试。", "bad");
  }
  await refresh();
}

function moveTo(chips: HTMLElement[], day: string): Promise<void> {
  if (day === "") return plan(chips, { to: null }, (count) => `已取消 ${count} 项的计划日期。`);
  return plan(chips, { to: day }, (count) => `已将 ${count} 项安排到 ${day}。`);
}

// --- the bar ---

function act(name: string): void {
  const chips = chosen();
  const to = document.querySelector<HTMLInputElement>("#calendar-to");
  const person = document.querySelector<HTMLSelectElement>("#calendar-person");
  if (name === "move") {
    if (to && !to.value) {
      showToast("请先选择要移到的日期。", "warn");
      to.focus();
      return;
    }
    void moveTo(chips, to?.value ?? "");
  } else if (name === "unplan") {
    void moveTo(chips, "");
  } else if (name === "assign") {
    const assignee = person?.value ? Number(person.value) : null;
    const who = person?.selectedOptions[0]?.textContent ?? "";
    void plan(chips, { assignee }, (count) => (assignee === null ? `已取消 ${count} 项的指派。` : `已将 ${count} 项指派给${who}。`));
  } else {
    document.querySelectorAll<HTMLInputElement>("#calendar [data-choose]:checked").forEach((box) => { box.checked = false; });
    tellChosen();
  }
}

// --- dragging ---

let dragged: HTMLElement[] = [];

function zoneOf(event: Event): HTMLElement | null {
  return (event.target as Element | null)?.closest<HTMLElement>("[data-drop]") ?? null;
}

function clearMarks(): void {
  document.querySelectorAll(".drop--here").forEach((zone) => { zone.classList.remove("drop--here"); });
  page()?.classList.remove("calendar--dragging");
}

document.addEventListener("dragstart", (event) => {
  const chip = (event.target as Element | null)?.closest<HTMLElement>(CHIP);
  if (!chip || !event.dataTransfer) return;
  const all = chosen();
  dragged = all.includes(chip) ? all : [chip];
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", `${countOf(dragged)} 项`);
  page()?.classList.add("calendar--dragging");
});
document.addEventListener("dragover", (event) => {
  const zone = zoneOf(event);
  if (!zone || dragged.length === 0) return;
  event.preventDefault();
  if (zone.classList.contains("drop--here")) return;
  document.querySelectorAll(".drop--here").forEach((other) => { other.classList.remove("drop--here"); });
  zone.classList.add("drop--here");
});
document.addEventListener("drop", (event) => {
  const zone = zoneOf(event);
  const chips = dragged;
  dragged = [];
  clearMarks();
  if (!zone || chips.length === 0) return;
  event.preventDefault();
  const day = zone.dataset.drop ?? "";
  // Dropped where it came from, nothing changes.
  if (chips.every((chip) => chip.dataset.day === day && chip.dataset.kind !== undefined)) return;
  void moveTo(chips, day);
});
document.addEventListener("dragend", () => {
  dragged = [];
  clearMarks();
});

document.addEventListener("change", (event) => {
  if ((event.target as Element | null)?.matches("[data-choose]")) tellChosen();
});
document.addEventListener("click", (event) => {
  const name = (event.target as Element | null)?.closest<HTMLElement>("#calendar-bar [data-act]")?.dataset.act;
  if (name) act(name);
});
// On a phone the panel lies below the days, so what was opened there is brought into sight.
document.addEventListener("htmx:afterSettle", (event) => {
  const target = event.target as HTMLElement | null;
  if (target?.id === "calendar-detail") target.scrollIntoView({ block: "nearest" });
  tellChosen();
});
tellChosen();
