// Opening a scheme: what the page says, the drawing as the server has it, and what this device still keeps of it.
import { Api, type Sketch, parcelOf, partsOf } from "./plan-edit-api";
import { PlanModel } from "./plan-edit-model";
import type { Other } from "./plan-edit-panel-layers";
import { type Waiting, find } from "./plan-edit-store";
import type { LineCode, UseCode } from "./plan-looks";
import { loadJson } from "./thematic-data";

/** What the page carries: see fuliang_gis/web/pages/plan_editor.py. */
export interface Given {
  scheme: number;
  title: string;
  editable: boolean;
  account: number;
  api: string;
  codes: string;
  lines: string;
  /** The editor's address, with 0 for the scheme. */
  editor: string;
  sign_in: string;
  others: Other[];
  /** The row of the structure table that each code counts in. */
  rows: Record<string, string>;
}

export interface Opened {
  api: Api;
  sketch: Sketch;
  uses: UseCode[];
  lineCodes: LineCode[];
  model: PlanModel;
  kept: string;
  waiting: Waiting | undefined;
}

export async function open(given: Given): Promise<Opened> {
  const api = new Api(given.api, given.account);
  const kept = await ownKey(`${given.scheme}/${given.account}`);
  const [sketch, uses, lineCodes, waiting] = await Promise.all([
    api.sketch(), loadJson<UseCode[]>(given.codes), loadJson<LineCode[]>(given.lines), given.editable ? keptOf(kept) : undefined,
  ]);
  // Edits that wait are upon the version that they were made upon; the server joins them to what came since.
  const older = waiting && waiting.version < sketch.version ? await api.sketch(waiting.version) : undefined;
  const upon = older ?? sketch;
  const model = new PlanModel(partsOf(sketch.boundary), upon.parcels.map(parcelOf), upon.version);
  return { api, sketch, uses, lineCodes, model, kept, waiting };
}

/** Most windows of one scheme that keep edits apart. */
const SLOTS = 8;

/** Where this window keeps its edits: each window of a scheme holds a place of its own until it closes. */
async function ownKey(name: string): Promise<string> {
  // The interface is there in a secure context alone.
  if (!("locks" in navigator)) return name;
  const keys = Array.from({ length: SLOTS }, (_, slot) => (slot === 0 ? name : `${name}/${slot + 1}`));
  const waiting = await Promise.all(keys.map(keptOf));
  // What a window left unsaved comes first, whichever place it had.
  for (const key of [...keys.filter((_, i) => waiting[i]), ...keys.filter((_, i) => !waiting[i])]) {
    if (await held(`fuliang-plan-edits ${key}`)) return key;
  }
  return name;
}

/** Hold a lock until the window closes; tells whether it was free. */
function held(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock && new Promise<never>(() => undefined);
    });
  });
}

async function keptOf(kept: string): Promise<Waiting | undefined> {
  try {
    return await find(kept);
  } catch {
    return undefined;
  }
}
