// The scheme that is edited: its parcels, what the server has of them, what is chosen, and what was done.
import { type Block, History, beforeOf } from "./plan-edit-history";
import { type Changes, type Parcel, type Rings, equalParcels } from "./plan-topology";
import { Coverage } from "./plan-topology-coverage";

/** What has changed, for whoever shows it. */
export interface Told {
  /** Ids of parcels that are new, other or gone. */
  parcels?: ReadonlySet<string>;
  /** Everything was read anew. */
  all?: boolean;
  chosen?: boolean;
}

export class PlanModel {
  coverage: Coverage;
  readonly history = new History();
  /** The parcels as the server has them at `version`. */
  saved: ReadonlyMap<string, Parcel>;
  version: number;
  readonly #listeners: ((told: Told) => void)[] = [];
  readonly #touched = new Set<string>();
  #chosen: readonly string[] = [];

  constructor(boundary: readonly Rings[], parcels: readonly Parcel[], version: number) {
    this.coverage = new Coverage(boundary, parcels);
    this.saved = new Map(parcels.map((each) => [each.id, each]));
    this.version = version;
  }

  get parcels(): ReadonlyMap<string, Parcel> {
    return this.coverage.parcels;
  }

  onChange(listener: (told: Told) => void): void {
    this.#listeners.push(listener);
  }

  /** Do one act of a person; what is chosen afterwards may be named. */
  act(label: string, changes: Changes, chosen?: readonly string[]): void {
    if (changes.size === 0) return;
    const block: Block = { label, before: beforeOf(this.parcels, changes), after: changes };
    this.history.push(block);
    this.#put(changes, chosen);
  }

  undo(): string | undefined {
    const label = this.history.nextUndo?.label;
    const changes = this.history.undo();
    if (changes) this.#put(changes);
    return label;
  }

  redo(): string | undefined {
    const label = this.history.nextRedo?.label;
    const changes = this.history.redo();
    if (changes) this.#put(changes);
    return label;
  }

  /** Put parcels in place without an act of their own: what the server made, what was kept, what others drew. */
  put(changes: Changes): void {
    this.#put(changes);
  }

  /** Begin anew from what the server has. */
  reset(parcels: readonly Parcel[], version: number): void {
    this.coverage = new Coverage(this.coverage.boundary, parcels);
    this.saved = new Map(parcels.map((each) => [each.id, each]));
    this.version = version;
    this.#touched.clear();
    this.#chosen = this.#chosen.filter((id) => this.parcels.has(id));
    this.#tell({ all: true, chosen: true });
  }

  /** What the server does not have yet. */
  dirty(): Map<string, Parcel | null> {
    const found = new Map<string, Parcel | null>();
    for (const id of this.#touched) {
      const now = this.parcels.get(id);
      if (!equalParcels(now, this.saved.get(id))) found.set(id, now ?? null);
    }
    return found;
  }

  /** The server has these now. */
  note(saved: Changes, version: number): void {
    const known = new Map(this.saved);
    for (const [id, parcel] of saved) {
      if (parcel) known.set(id, parcel);
      else known.delete(id);
    }
    this.saved = known;
    this.version = version;
    const still = this.dirty();
    for (const id of this.#touched) if (!still.has(id)) this.#touched.delete(id);
    this.#tell({ parcels: new Set() });
  }

  get chosen(): readonly string[] {
    return this.#chosen;
  }

  get chosenParcels(): Parcel[] {
    return this.#chosen.map((id) => this.parcels.get(id)).filter((each) => each !== undefined);
  }

  choose(ids: readonly string[]): void {
    const next = [...new Set(ids)].filter((id) => this.parcels.has(id));
    if (next.length === this.#chosen.length && next.every((id, i) => id === this.#chosen[i])) return;
    this.#chosen = next;
    this.#tell({ chosen: true });
  }

  toggle(id: string): void {
    this.choose(this.#chosen.includes(id) ? this.#chosen.filter((each) => each !== id) : [...this.#chosen, id]);
  }

  #put(changes: Changes, chosen?: readonly string[]): void {
    this.coverage.apply(changes);
    for (const id of changes.keys()) this.#touched.add(id);
    this.#chosen = [...new Set(chosen ?? this.#chosen)].filter((id) => this.parcels.has(id));
    this.#tell({ parcels: new Set(changes.keys()), chosen: true });
  }

  #tell(told: Told): void {
    for (const listener of this.#listeners) listener(told);
  }
}
