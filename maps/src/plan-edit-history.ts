// What was done, act by act: each block holds parcels before and after, so that it can be taken back and done again.
import type { Changes, Parcel } from "./plan-topology";

export interface Block {
  readonly label: string;
  readonly before: Changes;
  readonly after: Changes;
}

/** Most acts that are remembered. */
const MOST = 500;

export class History {
  #done: Block[] = [];
  #undone: Block[] = [];

  push(block: Block): void {
    this.#done = [...this.#done.slice(-MOST + 1), block];
    this.#undone = [];
  }

  get nextUndo(): Block | undefined {
    return this.#done.at(-1);
  }

  get nextRedo(): Block | undefined {
    return this.#undone.at(-1);
  }

  get length(): number {
    return this.#done.length;
  }

  undo(): Changes | undefined {
    const block = this.#done.pop();
    if (!block) return undefined;
    this.#undone.push(block);
    return block.before;
  }

  redo(): Changes | undefined {
    const block = this.#undone.pop();
    if (!block) return undefined;
    this.#done.push(block);
    return block.after;
  }

  /**
   * Take what the server made of acts for what they did: it belongs to the last of the first `count` acts, so that one
   * step back takes both.
   */
  amend(count: number, before: Changes, after: Changes): void {
    const block = this.#done[count - 1];
    if (!block) return;
    this.#done[count - 1] = {
      label: block.label,
      before: new Map([...before, ...block.before]),
      after: new Map([...block.after, ...after]),
    };
  }

  /** Forget all acts up to the last one that touched a parcel which somebody else has changed. */
  forget(ids: ReadonlySet<string>): void {
    const touches = ({ after }: Block): boolean => [...after.keys()].some((id) => ids.has(id));
    this.#done = this.#done.slice(this.#done.findLastIndex(touches) + 1);
    if (this.#undone.some(touches)) this.#undone = [];
  }
}

/** What a set of changes takes back, read from how things stand. */
export function beforeOf(parcels: ReadonlyMap<string, Parcel>, changes: Changes): Changes {
  return new Map([...changes.keys()].map((id) => [id, parcels.get(id) ?? null]));
}
