// Entry of the inspector's pages: today's tasks, the form of a visit, what waits on this phone.
import "../styles/today.css";

import type { RoundLine } from "./rounds-map";
import { showToast } from "./toast";
import { VisitForm } from "./visit-form";
import { Outbox } from "./visit-outbox";
import { locate } from "./visit-position";

/** The cache that the service worker answers from when there is no network. */
const FORMS = "fuliang-today-pages";
/** Whoever stands at a crossing does not wait longer for a position [ms]; the last visit does too. */
const PATIENCE = 12_000;

function showLimits(): void {
  document.querySelectorAll<HTMLElement>("[data-reading]").forEach((field) => {
    const input = field.querySelector("input");
    const badge = field.querySelector<HTMLElement>("[data-breaks]");
    if (!input || !badge) return;
    const check = (): void => {
      const value = input.valueAsNumber;
      const { limitMin, limitMax } = field.dataset;
      badge.hidden = !((limitMin !== undefined && value < Number(limitMin)) || (limitMax !== undefined && value > Number(limitMax)));
    };
    input.addEventListener("input", check);
    input.form?.addEventListener("restored", check);
    check();
  });
}

function showNotes(): void {
  document.querySelectorAll<HTMLElement>("[data-question]").forEach((question) => {
    const note = question.querySelector<HTMLElement>(".question__note");
    const words = note?.querySelector("input");
    if (!note || !words) return;
    const check = (): void => {
      const failed = question.querySelector<HTMLInputElement>('input[value="fail"]')?.checked ?? false;
      note.hidden = !failed && words.value === "";
    };
    question.addEventListener("change", check);
    words.form?.addEventListener("restored", check);
    check();
  });
}

function sortNearest(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-sort-nearest]");
  const form = document.querySelector<HTMLFormElement>("[data-today-filters]");
  if (!button || !form || !("geolocation" in navigator)) return;
  button.hidden = false;
  const sort = async (): Promise<void> => {
    button.disabled = true;
    try {
      const found = await locate();
      const near = form.elements.namedItem("near");
      if (near instanceof HTMLInputElement) near.value = `${found.longitude.toFixed(5)},${found.latitude.toFixed(5)}`;
      form.requestSubmit();
    } catch {
      button.disabled = false;
      showToast("没有取得定位。请允许浏览器使用位置信息后重试。", "warn");
    }
  };
  button.addEventListener("click", () => { void sort(); });
}

/** The rest of one's own round is reckoned from where the phone is; without that, from the last visit. */
function locateFirst(): void {
  if (!("geolocation" in navigator)) return;
  document.querySelectorAll<HTMLFormElement>("[data-own-replan]").forEach((form) => {
    const carrier = form.elements.namedItem("place");
    const button = form.querySelector("button");
    if (!(carrier instanceof HTMLInputElement) || !button) return;
    const usual = button.textContent;
    button.hidden = false;
    const find = async (): Promise<void> => {
      button.disabled = true;
      button.textContent = "正在定位…";
      try {
        const found = await locate(PATIENCE);
        carrier.value = `${found.longitude.toFixed(6)},${found.latitude.toFixed(6)}`;
      } catch {
        carrier.value = "";
      }
      form.submit();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void find();
    });
    // Whoever comes back finds the button as it was.
    window.addEventListener("pageshow", () => {
      button.disabled = false;
      button.textContent = usual;
    });
  });
}

async function keepForms(told: HTMLElement): Promise<void> {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-visit-link]")];
  const cache = await caches.open(FORMS);
  let kept = 0;
  for (const link of links) {
    const response = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (response.ok && !response.redirected) await cache.put(link.href, response);
    kept += 1;
    told.textContent = `正在存入 ${kept} / ${links.length}…`;
  }
  told.textContent = `已存下 ${kept} 张表单。断网时从本页打开即可填写，有网后自动发送。`;
}

function offerOffline(): void {
  const button = document.querySelector<HTMLButtonElement>("[data-keep-offline]");
  const told = document.querySelector<HTMLElement>("[data-kept]");
  if (!button || !told || !("serviceWorker" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    keepForms(told)
      .catch(() => { told.textContent = "未能全部存下，请检查网络后重试。"; })
      .finally(() => { button.disabled = false; });
  });
}

/** The map library is large, so it comes only when somebody opens the map of a round. */
function offerMaps(): void {
  document.querySelectorAll<HTMLDetailsElement>("[data-own-map]").forEach((fold) => {
    const draw = async (): Promise<void> => {
      const holder = fold.querySelector<HTMLElement>(".map");
      if (!holder) return;
      const [{ RoundsMap }, { loadJson }] = await Promise.all([import("./rounds-map"), import("./thematic-data")]);
      const found = await loadJson<RoundLine[]>(fold.dataset.ownMap ?? "");
      new RoundsMap(holder, holder.dataset.title ?? "路线图").show(found, found[0]?.id);
    };
    fold.addEventListener("toggle", () => {
      draw().catch(() => { showToast("路线图未能打开，请在有网络时重试；清单不受影响。", "warn"); });
    }, { once: true });
  });
}

function start(): void {
  offerMaps();
  showLimits();
  showNotes();
  sortNearest();
  locateFirst();
  const root = document.querySelector<HTMLElement>("[data-token][data-account]");
  const panel = document.querySelector<HTMLElement>("[data-outbox]");
  if (!root || !panel) return;
  const account = root.dataset.account ?? "";
  const token = root.dataset.token ?? "";
  const outbox = new Outbox(panel, account, token);
  const form = document.querySelector<HTMLFormElement>("[data-visit-form]");
  if (form) new VisitForm(form, account, token, outbox);
  void outbox.show().then(() => outbox.sendAll());
  // Only over HTTPS or on this machine itself do browsers offer it.
  if ("serviceWorker" in navigator) {
    void navigator.serviceWorker.register("/today/worker.js", { scope: "/today" });
    offerOffline();
  }
}

start();
