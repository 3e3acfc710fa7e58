// The strip below the map that leads through a task: measuring, moving a point.
import { byId, element } from "./elements";

export class TaskPanel {
  readonly #holder = byId("map-task");
  readonly #words = element("p", "map-task__words");
  #end: (() => void) | undefined;

  constructor() {
    this.#words.setAttribute("role", "status");
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#end) this.#end();
    });
  }

  get busy(): boolean {
    return this.#end !== undefined;
  }

  /** Begin a task; one that is still open ends first. Escape ends it too. */
  begin(words: string, end: () => void, ...buttons: HTMLButtonElement[]): void {
    this.#end?.();
    this.#end = end;
    this.#words.textContent = words;
    this.#holder.replaceChildren(this.#words, element("div", "map-task__buttons", ...buttons));
    this.#holder.hidden = false;
  }

  say(words: string): void {
    this.#words.textContent = words;
  }

  finish(): void {
    this.#end = undefined;
    this.#holder.hidden = true;
    this.#holder.replaceChildren();
  }
}
