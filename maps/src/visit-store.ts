// What a phone keeps until it is sent: drafts of forms and visits that wait, with their photos (IndexedDB).
import { DeviceStore } from "./device-store";

export interface VisitBody {
  uuid: string;
  layer: string;
  code: string;
  visited_at: string;
  [field: string]: unknown;
}

/** A picture that waits; it is taken out of its visit once the server has it. */
export interface Picture {
  role: "visit" | "signature";
  name: string;
  content: Blob;
}

export interface Waiting {
  uuid: string;
  account: string;
  name: string;
  address: string;
  body: VisitBody;
  pictures: Picture[];
  queuedAt: string;
  /** What the server said against it; only the person can help then. */
  refusal?: string;
}

export interface Draft {
  key: string;
  fields: [string, string][];
  photos: Picture[];
}

const store = new DeviceStore("fuliang-visits", { outbox: "uuid", drafts: "key" });

export function putWaiting(visit: Waiting): Promise<void> {
  return store.put("outbox", visit);
}

export function takeWaiting(uuid: string): Promise<void> {
  return store.remove("outbox", uuid);
}

/** Every visit of one account that waits, the oldest first. */
export async function allWaiting(account: string): Promise<Waiting[]> {
  const found = (await store.all("outbox")) as Waiting[];
  return found
    .filter((each) => each.account === account)
    .sort((a, b) => a.queuedAt.localeCompare(b.queuedAt));
}

export function putDraft(draft: Draft): Promise<void> {
  return store.put("drafts", draft);
}

export function takeDraft(key: string): Promise<void> {
  return store.remove("drafts", key);
}

export async function findDraft(key: string): Promise<Draft | undefined> {
  return (await store.find("drafts", key)) as Draft | undefined;
}
