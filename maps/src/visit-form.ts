// The form of a visit: position, photos, signature, a draft that outlives a closed page, and sending that
// outlives a lost network. Without scripts the browser sends the form by itself.
import type { Geometry } from "geojson";

import { showToast } from "./toast";
import type { Outbox } from "./visit-outbox";
import { Photos } from "./visit-photos";
import { distanceTo, locate, metresText } from "./visit-position";
import { type Fault, Refused, SignedOut, Unreachable, sendVisit } from "./visit-sending";
import { SignaturePad } from "./visit-signature";
import {
  type Picture,
  type VisitBody,
  type Waiting,
  findDraft,
  putDraft,
  putWaiting,
  takeDraft,
  takeWaiting,
} from "./visit-store";

/** crypto.randomUUID is missing where the service is not reached by HTTPS. */
function makeUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const LOCAL = new Set(["csrf_token", "uuid", "photos"]);

export class VisitForm {
  readonly #form: HTMLFormElement;
  readonly #account: string;
  readonly #token: string;
  readonly #outbox: Outbox;
  readonly #photos: Photos;
  readonly #key: string;
  #pad: SignaturePad | undefined;
  #uuid = makeUuid();
  #saving = 0;
  #done = false;

  constructor(form: HTMLFormElement, account: string, token: string, outbox: Outbox) {
    this.#form = form;
    this.#account = account;
    this.#token = token;
    this.#outbox = outbox;
    this.#key = `${account}/${form.dataset.layer ?? ""}/${form.dataset.code ?? ""}/${this.#text("purpose")}`;
    const changed = (): void => { this.#keepDraft(); };
    this.#photos = new Photos(form, Number(form.dataset.photos), changed);
    this.#setUpSignature(changed);
    this.#setUpPosition();
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    document.querySelector("[data-drop-draft]")?.addEventListener("click", () => { void this.#dropDraft(); });
    void this.#restore();
  }

  #text(name: string): string {
    const found = new FormData(this.#form).get(name);
    return typeof found === "string" ? found : "";
  }

  #part(selector: string): HTMLElement | null {
    return this.#form.querySelector<HTMLElement>(selector);
  }

  // ---- Signature and position ----

  #setUpSignature(changed: () => void): void {
    const canvas = this.#form.querySelector<HTMLCanvasElement>("[data-signature-pad]");
    const panel = this.#part("[data-signature]");
    if (!canvas || !panel) return;
    panel.hidden = false;
    const pad = new SignaturePad(canvas, changed);
    this.#part("[data-signature-clear]")?.addEventListener("click", () => { pad.clear(); });
    this.#pad = pad;
  }

  #setUpPosition(): void {
    if (!("geolocation" in navigator)) return;
    const again = this.#part("[data-locate]");
    if (again) {
      again.hidden = false;
      again.addEventListener("click", () => { void this.#locate(); });
    }
    void this.#locate();
  }

  async #locate(): Promise<void> {
    const text = this.#part("[data-position-text]");
    if (text) text.textContent = "正在定位…";
    try {
      const found = await locate();
      this.#set("lon", found.longitude.toFixed(7));
      this.#set("lat", found.latitude.toFixed(7));
      this.#set("accuracy", found.accuracy.toFixed(1));
      this.#tellDistance(found);
    } catch {
      if (text) text.textContent = "未取得定位（未允许或信号弱），也可以提交。";
    }
  }

  #tellDistance(found: GeolocationCoordinates): void {
    const geometry = JSON.parse(this.#form.dataset.geometry ?? "null") as Geometry;
    const metres = distanceTo(geometry, found.longitude, found.latitude);
    const away = metres - found.accuracy > Number(this.#form.dataset.offSite);
    const text = this.#part("[data-position-text]");
    if (text) text.textContent = `已定位，误差约 ${metresText(found.accuracy)}，离点位约 ${metresText(metres)}${away ? "，不在现场" : ""}。`;
    const field = this.#part("[data-off-site-field]");
    if (field && away) field.hidden = false;
  }

  #set(name: string, value: string): void {
    const found = this.#form.elements.namedItem(name);
    if (found instanceof HTMLInputElement) found.value = value;
  }

  // ---- Draft ----

  #fields(): [string, string][] {
    return [...new FormData(this.#form).entries()].filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && !LOCAL.has(entry[0]),
    );
  }

  #keepDraft(): void {
    window.clearTimeout(this.#saving);
    this.#saving = window.setTimeout(() => {
      if (this.#done) return;
      const draft = { key: this.#key, fields: this.#fields(), photos: this.#photos.pictures };
      // A full or forbidden store must not get into the way of filling in the form.
      putDraft(draft).catch(() => undefined);
    }, 400);
  }

  async #restore(): Promise<void> {
    const draft = await findDraft(this.#key).catch(() => undefined);
    if (!draft) return;
    for (const [name, value] of draft.fields) {
      if (["lon", "lat", "accuracy", "purpose"].includes(name)) continue;
      const found = this.#form.elements.namedItem(name);
      if (found instanceof RadioNodeList) found.value = value;
      else if (found instanceof HTMLInputElement && found.type === "radio") found.checked = found.value === value;
      else if (found instanceof HTMLInputElement || found instanceof HTMLTextAreaElement || found instanceof HTMLSelectElement) found.value = value;
    }
    this.#photos.pictures = draft.photos;
    const note = document.querySelector<HTMLElement>("[data-draft]");
    if (note) note.hidden = false;
    this.#form.dispatchEvent(new Event("restored"));
  }

  async #dropDraft(): Promise<void> {
    if (!window.confirm("清空已填的内容和照片，重新填写？")) return;
    this.#done = true;
    await takeDraft(this.#key);
    window.location.reload();
  }

  // ---- Sending ----

  #body(): VisitBody {
    const given = this.#fields();
    const starting = (start: string): [string, string][] =>
      given.filter(([name, value]) => name.startsWith(start) && value !== "").map(([name, value]) => [name.slice(start.length), value]);
    const notes = new Map(starting("note."));
    const [lon, lat] = [this.#text("lon"), this.#text("lat")];
    const accuracy = this.#text("accuracy");
    const stated = this.#text("visited_at");
    return {
      uuid: this.#uuid,
      layer: this.#form.dataset.layer ?? "",
      code: this.#form.dataset.code ?? "",
      purpose: this.#text("purpose"),
      visited_at: (stated ? new Date(stated) : new Date()).toISOString(),
      position: lon && lat ? { lon: Number(lon), lat: Number(lat), accuracy_m: accuracy ? Number(accuracy) : null } : null,
      off_site_reason: this.#text("off_site_reason") || null,
      answers: starting("answer.").map(([name, answer]) => ({ name, answer, note: notes.get(name) ?? null })),
      readings: starting("reading.").map(([name, value]) => ({ name, value: Number(value) })),
      condition: this.#text("condition") || null,
      use_status: this.#text("use_status") || null,
      note: this.#text("note") || null,
    };
  }

  async #pictures(): Promise<Picture[]> {
    const signed = await this.#pad?.picture();
    const signature: Picture[] = signed ? [{ role: "signature", name: "signature.png", content: signed }] : [];
    return [...this.#photos.pictures, ...signature];
  }

  async #submit(): Promise<void> {
    const visit: Waiting = {
      uuid: this.#uuid,
      account: this.#account,
      name: this.#form.dataset.name ?? "",
      address: window.location.pathname,
      body: this.#body(),
      pictures: await this.#pictures(),
      queuedAt: new Date().toISOString(),
    };
    this.#busy(true);
    // Kept first, sent then: whatever happens on the way, nothing of it is lost.
    const kept = await putWaiting(visit).then(() => true, () => false);
    try {
      await sendVisit(visit, this.#token, (share, text) => { this.#progress(share, text); });
      await this.#forget();
      window.location.assign(`/visits/${visit.uuid}`);
    } catch (error) {
      this.#busy(false);
      await this.#failed(visit, error, kept);
    }
  }

  async #failed(visit: Waiting, error: unknown, kept: boolean): Promise<void> {
    if (error instanceof Refused) {
      await takeWaiting(visit.uuid);
      this.#uuid = makeUuid();
      this.#tell(error.text, error.faults);
      return;
    }
    if (!(error instanceof Unreachable) && !(error instanceof SignedOut)) throw error;
    if (!kept) {
      this.#tell("网络不通，本机也无法暂存。请不要关闭页面，网络恢复后再提交。", []);
      return;
    }
    await this.#forget();
    await this.#outbox.show();
    this.#form.hidden = true;
    const text = error instanceof SignedOut ? error.message : "网络不通，网络恢复后会自动发送。";
    showToast(`“${visit.name}”的巡查记录已存入待发送。${text}`, "warn");
    document.querySelector("[data-outbox]")?.scrollIntoView({ block: "center" });
  }

  async #forget(): Promise<void> {
    this.#done = true;
    window.clearTimeout(this.#saving);
    await takeDraft(this.#key).catch(() => undefined);
  }

  #tell(text: string, faults: readonly Fault[]): void {
    this.#form.querySelectorAll<HTMLElement>("[data-fault]").forEach((each) => { each.hidden = true; });
    const others: string[] = [];
    for (const fault of faults) {
      const place = document.getElementById(`fault-${fault.field ?? ""}`);
      if (place) {
        place.textContent = fault.zh;
        place.hidden = false;
      } else others.push(fault.zh);
    }
    const notice = document.querySelector<HTMLElement>("[data-refusal]");
    if (!notice) return;
    notice.textContent = [text, ...others].join(" ");
    notice.hidden = false;
    notice.scrollIntoView({ block: "center" });
  }

  #busy(on: boolean): void {
    const button = this.#form.querySelector<HTMLButtonElement>("button[type=submit]");
    if (button) button.disabled = on;
    const bar = this.#part("[data-progress]");
    if (bar) bar.hidden = !on;
    const text = this.#part("[data-send-text]");
    if (text && !on) text.textContent = "";
  }

  #progress(share: number, text: string): void {
    const bar = this.#form.querySelector<HTMLProgressElement>("[data-progress]");
    if (bar) bar.value = Math.round(share * 100);
    const words = this.#part("[data-send-text]");
    if (words) words.textContent = text;
  }
}
