// How saving is seen: the word in the head, what the server moved or refused, who else was drawing.
import { byId } from "./elements";
import { type Moved, Refused, type Saved, parcelOf } from "./plan-edit-api";
import { type Clash, askConflict } from "./plan-edit-conflict";
import type { Desk } from "./plan-edit-desk";
import type { BalancePanel } from "./plan-edit-panel-balance";
import type { FindingsPanel } from "./plan-edit-panel-findings";
import type { VersionsPanel } from "./plan-edit-panel-versions";
import type { Given, Opened } from "./plan-edit-start";
import type { Waiting } from "./plan-edit-store";
import { type State, Sync, differing } from "./plan-edit-sync";
import { momentWords } from "./plan-words";
import { cssOf } from "./plan-looks";
import { Coverage } from "./plan-topology-coverage";
import { putUpon } from "./plan-topology-edits";
import { type Parcel, Refusal, equalParcels, freshId } from "./plan-topology";
import { showToast } from "./toast";

const STATES: Readonly<Record<State, string>> = {
  saved: "已保存", waiting: "未保存", saving: "保存中…", offline: "离线：编辑存在本机，联网后自动保存",
  failing: "未保存：服务出错，编辑在本机，会自动再试", refused: "未保存：需要处理",
  conflict: "未保存：与别人的改动冲突", "signed-out": "未保存：请重新登录",
};

export interface Panels {
  balance: BalancePanel;
  findings: FindingsPanel;
  versions?: VersionsPanel;
  /** Name who lets the server fit a parcel. */
  align: (act: (id: string) => void) => void;
}

export class Saving {
  readonly #given: Given;
  readonly #opened: Opened;
  readonly #desk: Desk;
  readonly #panels: Panels;
  readonly #sync: Sync;
  #checking = 0;
  /** Take away what still asks to sign in, and what tells that a save was refused. */
  #askedSignIn: (() => void) | undefined;
  #toldRefused: (() => void) | undefined;

  constructor(given: Given, opened: Opened, desk: Desk, panels: Panels) {
    this.#given = given;
    this.#opened = opened;
    this.#desk = desk;
    this.#panels = panels;
    this.#sync = new Sync(opened.api, opened.model, opened.kept, {
      state: (state, words) => {
        if (state === "signed-out") this.#askSignIn();
        if (state === "saved") this.#clearTold();
        this.#show(state, words);
      },
      saved: (saved) => { this.#saved(saved); },
      refused: (refusal) => { this.#refused(refusal); },
      conflict: () => { void this.#conflict(); },
    });
    panels.align((id) => {
      const parcel = desk.model.parcels.get(id);
      if (parcel) void this.#sync.flush(parcel);
    });
  }

  /** Take up what this device kept, and watch what is done. */
  begin(waiting: Waiting | undefined): void {
    const { model } = this.#desk;
    if (waiting && waiting.version <= model.version) {
      this.#sync.resume(waiting.sending);
      model.put(new Map(waiting.changes));
      showToast(`找回了 ${momentWords(waiting.at)} 没有保存的编辑（${waiting.changes.length} 个图斑），正在保存。`, "info");
    }
    this.#show("saved");
    model.onChange(({ parcels }) => { if (parcels && parcels.size > 0) this.#sync.note(); });
    if (waiting) void this.#sync.flush();
    window.addEventListener("beforeunload", (event) => { if (this.#sync.hasUnsaved) event.preventDefault(); });
  }

  async save(message: string): Promise<boolean> {
    const [any] = this.#desk.model.parcels.values();
    const done = await this.#sync.save(message, message ? any : undefined);
    if (done) this.#desk.tell(`已保存为第 ${this.#desk.model.version} 版。`);
    return done;
  }

  /** Read the scheme anew. */
  async reload(): Promise<void> {
    const sketch = await this.#opened.api.sketch();
    const parcels = sketch.parcels.map(parcelOf);
    const { model } = this.#desk;
    model.history.forget(new Set(differing(model.saved, parcels)));
    model.reset(parcels, sketch.version);
    this.#sync.settled();
    this.check();
  }

  /** Ask for the report of what is saved; of several in a row the last counts. */
  check(): void {
    this.#checking += 1;
    const mine = this.#checking;
    void this.#opened.api.report().then((report) => {
      if (mine !== this.#checking) return;
      this.#panels.findings.show(report);
      this.#panels.balance.confirm(report);
    }, () => { this.#panels.findings.fail(); });
  }

  #show(state: State, words?: string): void {
    const holder = byId("pe-state");
    holder.dataset.state = state;
    const text = words && state !== "refused" ? words : `${STATES[state]}${state === "saved" ? ` · 第 ${this.#desk.model.version} 版` : ""}`;
    const told = byId("pe-state-words");
    if (told.textContent !== text) told.textContent = text;
  }

  #askSignIn(): void {
    // It is tried again and again, and asked once.
    this.#askedSignIn ??= showToast("登录已过期，编辑还在本机。请登录后回到本页，会自动接着保存。", "bad", {
      label: "在新窗口登录", act: () => { window.open(this.#given.sign_in, "_blank", "noopener"); },
    });
  }

  /** What stood in the way of saving is over. */
  #clearTold(): void {
    this.#askedSignIn?.();
    this.#askedSignIn = undefined;
    this.#toldRefused?.();
    this.#panels.findings.clearRefused();
  }

  #saved(saved: Saved): void {
    this.#clearTold();
    this.#desk.map.clearMarks();
    if (saved.merged) showToast("别人同时改了其他图斑，已自动合并。", "info");
    if (saved.moved.length > 0) this.#tellMoved(saved.moved);
    this.check();
    void this.#panels.versions?.refresh();
  }

  #tellMoved(moved: readonly Moved[]): void {
    const widest = Math.max(...moved.map(({ width_m: width }) => width));
    const { map } = this.#desk;
    map.markMoved(moved.map(({ geometry }) => geometry));
    showToast(`保存时自动对齐了 ${moved.length} 处边界，最宽 ${widest.toFixed(2)} 米，图上已用紫色标出。`, "info", {
      label: "查看",
      act: () => {
        const parcels = moved.map(({ parcel }) => this.#desk.model.parcels.get(parcel)).filter((each) => each !== undefined);
        map.lookAt(parcels.flatMap(({ rings }) => rings));
      },
    });
  }

  #refused(refusal: Refused): void {
    const { model, map } = this.#desk;
    const parcels = refusal.problems.map(({ field }) => model.parcels.get(field)).filter((each) => each !== undefined);
    map.markRefused(parcels);
    this.#panels.findings.refuse(refusal.problems, refusal.message);
    const words = refusal.problems[0]?.zh ?? refusal.message;
    this.#toldRefused?.();
    this.#toldRefused = showToast(`没有保存：${words}`, "bad", parcels.length > 0 ? { label: "定位", act: () => { map.lookAt(parcels.flatMap(({ rings }) => rings)); } } : undefined);
  }

  // --- somebody else ---

  async #conflict(): Promise<void> {
    const { model } = this.#desk;
    let newest: Parcel[];
    let version: number;
    try {
      const sketch = await this.#opened.api.sketch();
      [newest, version] = [sketch.parcels.map(parcelOf), sketch.version];
    } catch {
      this.#toldRefused?.();
      this.#toldRefused = showToast("别人也改了同样的图斑，但对方的版本未能读取。请检查网络后点“保存”重试。", "bad");
      this.#sync.settled();
      return;
    }
    const others = new Set(differing(model.saved, newest));
    const both = [...model.dirty().keys()].filter((id) => others.has(id));
    // Where both did the same, or an answer was lost on its way, nobody need be asked.
    if (both.length > 0 && this.#clashes(both, newest).length === 0 && this.#resolve(new Set(), newest, version)) return;
    this.#ask(both, newest, version);
  }

  /** Own changes that are not as the newest version has them. */
  #clashes(ids: readonly string[], newest: readonly Parcel[]): Clash[] {
    const mine = this.#desk.model.dirty();
    const theirs = new Map(newest.map((each) => [each.id, each]));
    return ids
      .map((id): Clash => ({ id, mine: mine.get(id) ?? undefined, theirs: theirs.get(id) }))
      .filter((each) => !equalParcels(each.mine, each.theirs));
  }

  #ask(both: readonly string[], newest: readonly Parcel[], version: number): void {
    const { model } = this.#desk;
    const theirs = new Map(newest.map((each) => [each.id, each]));
    // Parcels that nobody else changed may still not fit beside theirs: then all of them are asked for.
    const found = this.#clashes(both, newest);
    const clashes = found.length > 0 ? found : this.#clashes([...model.dirty().keys()], newest);
    if (clashes.length === 0) {
      this.#resolve(new Set(model.dirty().keys()), newest, version);
      return;
    }
    const own = new Map(model.parcels);
    const colours = new Map(this.#opened.uses.map(({ code, colour }) => [code, colour]));
    const colourOf = (code: string): string => cssOf(colours.get(code) ?? colours.get(code.slice(0, 4)) ?? [255, 255, 255]);
    const side = { nameOf: this.#desk.nameOf, colourOf };
    askConflict(clashes, { ...side, parcels: own }, { ...side, parcels: theirs }, {
      resolve: (kept) => {
        if (this.#resolve(new Set(clashes.map(({ id }) => id).filter((id) => !kept.has(id))), newest, version)) return;
        showToast("所选的图斑叠不到对方的版本上，请改选对方的，或把您的另存为新方案。", "bad");
        void this.#conflict();
      },
      branch: (title) => this.#branch(title, own, newest, version),
    });
  }

  /** Lay the own changes upon the newest version, but for those that are given up; tells whether they fit. */
  #resolve(givenUp: ReadonlySet<string>, newest: readonly Parcel[], version: number): boolean {
    const { model } = this.#desk;
    const mine = model.dirty();
    const upon = new Coverage(model.coverage.boundary, newest);
    try {
      putUpon(upon, new Map([...mine].filter(([id]) => !givenUp.has(id))));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return false;
    }
    const theirs = new Map(newest.map((each) => [each.id, each]));
    const changed = differing(theirs, [...upon.parcels.values()]);
    model.history.forget(new Set([...mine.keys(), ...differing(model.saved, newest)]));
    model.reset([...newest], version);
    model.put(new Map(changed.map((id) => [id, upon.parcels.get(id) ?? null])));
    this.#sync.settled();
    void this.#sync.flush();
    this.check();
    return true;
  }

  /** Keep the own state as a scheme of its own; here the other's goes on. Tells why it was not done. */
  async #branch(
    title: string, own: ReadonlyMap<string, Parcel>, newest: readonly Parcel[], version: number,
  ): Promise<string | undefined> {
    const { api, model } = this.#opened;
    try {
      const made = await api.branch(title);
      const theirs = new Map(newest.map((each) => [each.id, each]));
      const changes = differing(theirs, [...own.values()]).map((id): [string, Parcel | null] => [id, own.get(id) ?? null]);
      await api.save({ key: freshId(), version: made.version, changes, message: "与他人改动冲突，另存" }, api.scheme.replace(/\d+$/, String(made.id)));
      model.history.forget(new Set([...model.dirty().keys(), ...differing(model.saved, newest)]));
      model.reset([...newest], version);
      this.#sync.settled();
      this.check();
      showToast(`您的编辑已另存为方案“${title}”。`, "ok", {
        label: "打开它", act: () => { location.assign(this.#given.editor.replace("/0/", `/${made.id}/`)); },
      });
      return undefined;
    } catch (error) {
      return error instanceof Refused ? error.message : "网络不通，没有另存。请检查网络后重试。";
    }
  }
}
