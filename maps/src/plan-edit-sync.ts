// Brings edits to the server: a few seconds after an act, kept on this device until they are there. One save is on its
// way at a time; what is drawn meanwhile goes with the next.
import { type Api, Refused, type Saved, type Sketch, Unreachable, parcelOf } from "./plan-edit-api";
import { beforeOf } from "./plan-edit-history";
import type { PlanModel } from "./plan-edit-model";
import { type Save, forget, keep } from "./plan-edit-store";
import { type Changes, type Parcel, equalParcels, freshId } from "./plan-topology";

export type State = "saved" | "waiting" | "saving" | "offline" | "failing" | "refused" | "conflict" | "signed-out";

export interface SyncEvents {
  state: (state: State, words?: string) => void;
  /** A save went in. */
  saved: (saved: Saved) => void;
  refused: (refusal: Refused) => void;
  conflict: () => void;
}

/** How long after an act it is saved, and how soon a broken link is tried again [ms]. */
const PAUSE = 2500;
const AGAIN = [5000, 15_000, 30_000];

export class Sync {
  state: State = "saved";
  readonly #api: Api;
  readonly #model: PlanModel;
  readonly #events: SyncEvents;
  readonly #kept: string;
  #timer = 0;
  #tries = 0;
  #message = "";
  #sending: Save | undefined;
  /** The saving that goes on; tells whether everything went in. */
  #running: Promise<boolean> | undefined;
  /** Writes of this device's store follow each other. */
  #writes: Promise<void> = Promise.resolve();

  constructor(api: Api, model: PlanModel, kept: string, events: SyncEvents) {
    this.#api = api;
    this.#model = model;
    this.#kept = kept;
    this.#events = events;
    window.addEventListener("online", () => { void this.flush(); });
    window.addEventListener("focus", () => { if (this.state === "signed-out") void this.flush(); });
    window.addEventListener("offline", () => { if (this.#hasMore()) this.#be("offline"); });
    // Whoever turns away may not come back: a phone ends windows that are out of sight.
    document.addEventListener("visibilitychange", () => { if (document.hidden && this.state === "waiting") void this.flush(); });
  }

  /** Take up a save whose answer this device never saw. */
  resume(sending: Save | undefined): void {
    this.#sending = sending;
  }

  /** An act was done, or taken back. */
  note(): void {
    void this.#store();
    if (this.state === "conflict") return;
    if (!this.#hasMore()) {
      if (!this.#running) this.#be("saved");
      return;
    }
    if (this.state !== "offline") this.#be("waiting");
    this.#later(PAUSE);
  }

  get hasUnsaved(): boolean {
    return this.#running !== undefined || this.#hasMore();
  }

  /** Save what a person asks for, after what is on its way; else as `flush`. */
  async save(message: string, touch?: Parcel): Promise<boolean> {
    await this.#running;
    if (message) this.#message = message;
    return this.flush(touch);
  }

  /** Save now; tells whether everything is there afterwards. `touch` saves a version even if nothing changed. */
  async flush(touch?: Parcel): Promise<boolean> {
    window.clearTimeout(this.#timer);
    if (this.#running || this.state === "conflict") return false;
    if (!navigator.onLine && this.#hasMore()) {
      // Nothing leaves this device, so nothing is on its way: all of it goes as one when the link is back.
      this.#be("offline");
      return false;
    }
    this.#running = this.#sendAll(touch);
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #sendAll(touch?: Parcel): Promise<boolean> {
    for (let first = touch; this.#next(first); first = undefined) {
      this.#be("saving");
      if (!await this.#send()) return false;
    }
    this.#be("saved");
    return true;
  }

  /** A conflict was answered, or all was read anew. */
  settled(): void {
    this.#sending = undefined;
    this.state = "waiting";
    void this.#store();
    this.note();
  }

  #hasMore(): boolean {
    return this.#sending !== undefined || this.#model.dirty().size > 0;
  }

  #next(touch?: Parcel): boolean {
    if (this.#sending) return true;
    const changes: [string, Parcel | null][] = [...this.#model.dirty()];
    if (changes.length === 0 && touch) changes.push([touch.id, touch]);
    if (changes.length === 0) return false;
    this.#sending = { key: freshId() + freshId(), version: this.#model.version, changes, message: this.#message };
    this.#message = "";
    return true;
  }

  async #send(): Promise<boolean> {
    const save = this.#sending;
    if (!save) return true;
    const acts = this.#model.history.length;
    // What is on its way is kept first: a window that closes now sends it again as the same.
    await this.#store();
    try {
      const saved = await this.#api.save(save);
      // Only what was taken over is done with: what is asked for again meets the same answer.
      await this.#take(save, saved, acts);
      this.#tries = 0;
      this.#sending = undefined;
      void this.#store();
      this.#events.saved(saved);
      return true;
    } catch (error) {
      this.#fail(save, error);
      return false;
    }
  }

  /** Take over what the server made of a save. */
  async #take(save: Save, saved: Saved, acts: number): Promise<void> {
    const sent: Changes = new Map(save.changes);
    const fitted = new Map(saved.parcels.map(parcelOf).map((each) => [each.id, each]));
    if (saved.merged) {
      await this.#takeAll(sent);
      return;
    }
    const model = this.#model;
    // Whoever was drawn upon meanwhile stays as drawn, and is fitted with the next save.
    const still = new Map([...fitted].filter(([id]) => equalParcels(model.parcels.get(id), sent.get(id) ?? model.saved.get(id))));
    model.history.amend(acts, beforeOf(model.parcels, still), still);
    model.put(still);
    model.note(new Map([...sent, ...fitted]), saved.version);
  }

  /** Others have drawn too: everything is read anew, and what was drawn here since is laid upon it. */
  async #takeAll(sent: Changes): Promise<void> {
    const model = this.#model;
    const since = new Map([...model.dirty()].filter(([id, now]) => !equalParcels(now ?? undefined, sent.get(id) ?? undefined)));
    const sketch = await this.#api.sketch();
    const parcels = sketch.parcels.map(parcelOf);
    const others = new Set(differing(model.saved, parcels).filter((id) => !sent.has(id)));
    model.history.forget(others);
    model.reset(parcels, sketch.version);
    model.put(since);
  }

  #fail(save: Save, error: unknown): void {
    if (error instanceof Unreachable) {
      this.#be("offline");
      this.#again();
      return;
    }
    // Nothing of it was kept, so the next one takes along what is drawn since.
    this.#sending = undefined;
    this.#message ||= save.message;
    void this.#store();
    if (!(error instanceof Refused)) throw error;
    if (error.code === "conflict") {
      this.#be("conflict");
      this.#events.conflict();
    } else if (error.status === 401) {
      this.#be("signed-out", error.code === "other_account" ? error.message : undefined);
      this.#later(AGAIN[1] ?? PAUSE);
    } else if (error.status === 429 || error.status >= 500) {
      this.#be("failing", `未保存：${error.message}编辑在本机，会自动再试。`);
      this.#again();
    } else {
      this.#be("refused", error.message);
      this.#events.refused(error);
    }
  }

  /** Try again, less and less often. */
  #again(): void {
    this.#later(AGAIN[Math.min(this.#tries, AGAIN.length - 1)] ?? PAUSE);
    this.#tries += 1;
  }

  #later(pause: number): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => { void this.flush(); }, pause);
  }

  #be(state: State, words?: string): void {
    this.state = state;
    this.#events.state(state, words);
  }

  /** Keep on this device what the server does not have. */
  #store(): Promise<void> {
    const changes = [...this.#model.dirty()];
    const { version } = this.#model;
    const sending = this.#sending;
    this.#writes = this.#writes.then(async () => {
      try {
        if (changes.length === 0 && !sending) await forget(this.#kept);
        else await keep({ id: this.#kept, version, changes, ...(sending ? { sending } : {}), at: new Date().toISOString() });
      } catch {
        // Without a store (a private window) edits live as long as the page; leaving it asks.
      }
    });
    return this.#writes;
  }
}

/** Ids of parcels that are other, new or gone in a newer state. */
export function differing(before: ReadonlyMap<string, Parcel>, after: readonly Parcel[]): string[] {
  const now = new Map(after.map((each) => [each.id, each]));
  return [...new Set([...before.keys(), ...now.keys()])].filter((id) => !equalParcels(before.get(id), now.get(id)));
}

export function parcelsOf(sketch: Sketch): Parcel[] {
  return sketch.parcels.map(parcelOf);
}
