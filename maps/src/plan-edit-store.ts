// What this device keeps of a scheme until the server has it (IndexedDB): edits that wait, and the save that is on its
// way, so that one whose answer was lost is sent again as the same.
import { DeviceStore } from "./device-store";
import type { Parcel } from "./plan-topology";

export interface Save {
  key: string;
  version: number;
  changes: [string, Parcel | null][];
  message: string;
}

export interface Waiting {
  /** Scheme and account. */
  id: string;
  /** The version that the changes were made upon. */
  version: number;
  changes: [string, Parcel | null][];
  sending?: Save;
  at: string;
}

const store = new DeviceStore("fuliang-plan-edits", { waiting: "id" });

export function keep(waiting: Waiting): Promise<void> {
  return store.put("waiting", waiting);
}

export function forget(id: string): Promise<void> {
  return store.remove("waiting", id);
}

export async function find(id: string): Promise<Waiting | undefined> {
  return (await store.find("waiting", id)) as Waiting | undefined;
}
