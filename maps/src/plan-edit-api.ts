// What the editor asks of the service: sketch, report, versions, saves, branches.
import { csrfToken } from "./htmx";
import type { Save } from "./plan-edit-store";
import { problemText } from "./problem";
import { type Parcel, type Rings, ringsFrom } from "./plan-topology";

type Coordinates = number[][][];

export interface PolygonShape { type: "Polygon"; coordinates: Coordinates }
export interface AreaShape { type: "Polygon" | "MultiPolygon"; coordinates: Coordinates | Coordinates[] }

interface Feature<P, G> { id: string; properties: P; geometry: G }
interface Use { code: string }
interface Drawn extends Use { label: string; households: number }

export interface Sketch {
  version: number;
  boundary: AreaShape;
  parcels: Feature<Drawn, PolygonShape>[];
  base: Feature<Use, PolygonShape>[];
  lines: Feature<Use & { label: string }, AreaShape>[];
}

export interface Moved { parcel: string; width_m: number; area_m2: number; geometry: object }

export interface Saved {
  version: number;
  merged: boolean;
  digest: string;
  moved: Moved[];
  parcels: Feature<Drawn, PolygonShape>[];
}

export interface Finding {
  code: string;
  severity: "error" | "permit" | "warning";
  zh: string;
  parcels: string[];
  lines: string[];
  article: string;
  fix: string;
  area_m2: number | null;
  geometry: (AreaShape | { type: string; coordinates: unknown }) | null;
}

export interface Cell { m2: number; ha: number; percent: number; parcels: string[] }
export interface Row { key: string; zh: string; depth: number; base: Cell; target: Cell; change_ha: number }
export interface Report { version: number; findings: Finding[]; structure: Row[] }

export interface Version {
  version: number;
  message: string;
  parcels: number;
  changed: number;
  author: string | null;
  saved_at: string;
}

export interface Problem { field: string; code: string; zh: string }

/** The service said no; `problems` name parcels in their fields. */
export class Refused extends Error {
  constructor(readonly status: number, text: string, readonly code: string, readonly problems: readonly Problem[] = []) {
    super(text);
  }
}

/** Browsers let requests of up to 64 KB outlive their window, all of them together [characters; three bytes at most]. */
const KEPT_ALIVE = 15_000;

/** Nobody answered. */
export class Unreachable extends Error {}

export class Api {
  /** `account`: whose edits these are. */
  constructor(readonly scheme: string, readonly account: number) {}

  sketch(version?: number, scheme = this.scheme): Promise<Sketch> {
    return this.#get(`${scheme}/sketch${version === undefined ? "" : `?version=${version}`}`);
  }

  report(): Promise<Report> {
    return this.#get(`${this.scheme}/report`);
  }

  versions(page: number): Promise<{ items: Version[]; total: number; size: number }> {
    return this.#get(`${this.scheme}/versions?page=${page}&size=20`);
  }

  save({ key, version, changes, message }: Save, scheme = this.scheme): Promise<Saved> {
    const body = { changes: Object.fromEntries(changes.map(([id, parcel]) => [id, parcel && bodyOf(parcel)])), message };
    return this.#post(`${scheme}/changes`, body, { "If-Match": `"${version}"`, "Idempotency-Key": key });
  }

  branch(title: string): Promise<{ id: number; version: number }> {
    return this.#post(`${this.scheme}/branches`, { title });
  }

  restore(ordinal: number, version: number): Promise<unknown> {
    return this.#post(`${this.scheme}/restore`, { ordinal }, { "If-Match": `"${version}"` });
  }

  #get<T>(address: string): Promise<T> {
    return answered(() => fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" }));
  }

  async #post<T>(address: string, told: object, headers: Record<string, string> = {}): Promise<T> {
    const body = JSON.stringify(told);
    const ask = (): Promise<T> => answered(() => fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrfToken(), ...headers },
      body,
      // A small save goes on when its window closes.
      keepalive: body.length < KEPT_ALIVE,
    }));
    try {
      return await ask();
    } catch (error) {
      // Whoever has signed in anew in another window needs that session's token.
      if (!(error instanceof Refused) || error.code !== "csrf_failed" || !await renewToken(this.account)) throw error;
      return ask();
    }
  }
}

/**
 * Take over the token of the session as it is now; tells whether it is another one.
 * Throws `Refused` where somebody else has signed in: nobody saves what another has drawn.
 */
async function renewToken(account: number): Promise<boolean> {
  const page = await pageNow();
  const fresh = page?.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
  const own = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
  if (!page || !fresh || !own || own.content === fresh) return false;
  const given = page.getElementById("plan-editor")?.dataset.given;
  if (given && (JSON.parse(given) as { account: number }).account !== account) {
    throw new Refused(401, "现在登录的是另一个账号，编辑还在本机。请用原来的账号登录。", "other_account");
  }
  own.content = fresh;
  return true;
}

/** This page as the session of now sees it. */
async function pageNow(): Promise<Document | undefined> {
  try {
    return new DOMParser().parseFromString(await (await fetch(location.href, { cache: "no-store" })).text(), "text/html");
  } catch {
    return undefined;
  }
}

async function answered<T>(ask: () => Promise<Response>): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await ask();
    text = await response.text();
  } catch {
    throw new Unreachable("网络不通");
  }
  // A gateway that finds nobody behind it is a broken link too.
  if ([502, 503, 504].includes(response.status)) throw new Unreachable("服务暂时不可用");
  if (!response.ok) throw refusalOf(text, response.status);
  try {
    return JSON.parse(text) as T;
  } catch {
    // Somebody on the way answered in the service's place, as the gate of a guest network does.
    throw new Unreachable("服务暂时不可用");
  }
}

function refusalOf(text: string, status: number): Refused {
  const words = problemText(text, status);
  try {
    const told = JSON.parse(text) as { code?: string; errors?: Problem[] };
    return new Refused(status, words, told.code ?? "", told.errors ?? []);
  } catch {
    return new Refused(status, words, "");
  }
}

function bodyOf({ code, label, households, rings }: Parcel): object {
  return { code, label, households, geometry: { type: "Polygon", coordinates: rings } };
}

export function parcelOf({ id, properties, geometry }: Feature<Drawn, PolygonShape>): Parcel {
  const { code, label, households } = properties;
  return { id, code, label, households, rings: ringsFrom(geometry.coordinates) };
}

export function partsOf({ type, coordinates }: AreaShape): Rings[] {
  const parts = type === "Polygon" ? [coordinates as Coordinates] : coordinates as Coordinates[];
  return parts.map(ringsFrom);
}
