// Keys and buttons of the whole editor.
import { chooseByKeyboard } from "./controls";
import { byId } from "./elements";
import type { Desk } from "./plan-edit-desk";
import { isDialogOpen } from "./plan-edit-dialog";
import { showHelp } from "./plan-edit-help";
import type { ParcelsPanel } from "./plan-edit-panel-parcels";
import type { Saving } from "./plan-edit-saving";
import type { Toolbox } from "./plan-edit-toolbox";
import type { ToolName } from "./plan-edit-tools";
import type { Vertex } from "./plan-edit-vertex";

const TOOLS: Readonly<Record<string, ToolName>> = { v: "select", b: "box", d: "draw", s: "split", h: "hole", r: "reshape" };

export class Keys {
  readonly #desk: Desk;
  readonly #toolbox: Toolbox;
  readonly #vertex: Vertex;
  readonly #parcels: ParcelsPanel;
  readonly #saving: Saving;
  readonly #showParcels: () => void;

  constructor(desk: Desk, toolbox: Toolbox, vertex: Vertex, parcels: ParcelsPanel, saving: Saving, showParcels: () => void) {
    this.#desk = desk;
    this.#toolbox = toolbox;
    this.#vertex = vertex;
    this.#parcels = parcels;
    this.#saving = saving;
    this.#showParcels = showParcels;
    document.addEventListener("keydown", (event) => { if (this.#key(event)) event.preventDefault(); });
    document.querySelectorAll<HTMLButtonElement>("[data-act]").forEach((each) => {
      each.addEventListener("click", () => { this.#act(each.dataset.act ?? ""); });
    });
    document.querySelectorAll<HTMLButtonElement>("[data-switch]").forEach((each) => {
      each.addEventListener("click", () => { this.#switch(each.dataset.switch ?? ""); });
    });
    const holder = byId("pe-map");
    chooseByKeyboard(desk.map.map, holder, (pixel) => { this.#enter(pixel); });
    desk.model.onChange(() => { this.#showSteps(); });
    this.#showSteps();
  }

  #key(event: KeyboardEvent): boolean {
    const at = event.target as Element | null;
    if (isDialogOpen() || this.#toolbox.paused || event.isComposing) return false;
    const typing = at?.matches("input, select, textarea") ?? false;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return this.#withCtrl(key, event.shiftKey, typing);
    if (typing || event.altKey) return false;
    // On a button Enter presses it.
    if (event.key === "Enter" && at?.matches("button, a, summary")) return false;
    if (this.#toolbox.tool.key?.(event)) return true;
    // Inside a panel a letter is no shortcut: nothing is removed there by a slip.
    if (at?.closest(".pe-side, .pe-layers")) return false;
    // A key that is held acts once: what it removed leads to the next.
    if (event.repeat) return false;
    if (key === "?") this.#act("help");
    else if (!this.#desk.editable) return false;
    else if (TOOLS[key]) this.#toolbox.take(TOOLS[key]);
    else if (key === "m") this.#act("merge");
    else if (event.key === "Delete") this.#act("remove");
    else if (key === "q") this.#switch("snap");
    else if (key === "t") this.#switch("trace");
    else if (key === "l" && this.#desk.model.chosen.length > 0) {
      this.#showParcels();
      this.#parcels.focusCode(true);
    } else if (key === "f") this.#desk.map.lookAt(this.#desk.model.chosenParcels.flatMap(({ rings }) => rings));
    else return false;
    return true;
  }

  #withCtrl(key: string, shift: boolean, typing: boolean): boolean {
    if (key === "s") {
      if (typing) takeTyped();
      this.#act("save");
    }
    // Inside a field the browser takes back what was typed.
    else if (typing) return false;
    else if (key === "z") this.#act(shift ? "redo" : "undo");
    else if (key === "y") this.#act("redo");
    else return false;
    return true;
  }

  #act(name: string): void {
    const { model } = this.#desk;
    if (name === "help") showHelp();
    else if (!this.#desk.editable) return;
    else if (name === "save") void this.#saving.save("");
    else if (name === "undo") this.#tellStep("已撤销", model.undo());
    else if (name === "redo") this.#tellStep("已重做", model.redo());
    else if (name === "merge") this.#parcels.merge();
    else if (name === "remove") {
      if (this.#vertex.place) this.#vertex.remove();
      else this.#parcels.remove();
    }
  }

  #tellStep(words: string, label: string | undefined): void {
    this.#desk.tell(label ? `${words}：${label}。` : "没有可以撤销或重做的了。");
  }

  #switch(name: string): void {
    const on = name === "snap" ? !this.#desk.snapping : !this.#desk.tracing;
    if (name === "snap") this.#desk.snapping = on;
    else this.#desk.tracing = on;
    document.querySelector(`[data-switch="${name}"]`)?.setAttribute("aria-pressed", String(on));
    this.#desk.tell(`${name === "snap" ? "捕捉" : "追踪"}已${on ? "打开" : "关闭"}。`);
  }

  /** Enter on the map: what a click in its middle would do. */
  #enter(pixel: [number, number]): void {
    if (this.#toolbox.name !== "select") return;
    const [east = NaN, north = NaN] = this.#desk.map.map.getCoordinateFromPixel(pixel);
    const found = this.#desk.parcelAt([east, north]);
    this.#desk.model.choose(found ? [found.id] : []);
    if (found) this.#desk.say(`选中 ${found.code} ${this.#desk.nameOf(found.code)} ${found.label}`);
  }

  #showSteps(): void {
    const { history } = this.#desk.model;
    for (const [name, block] of [["undo", history.nextUndo], ["redo", history.nextRedo]] as const) {
      const found = document.querySelector<HTMLButtonElement>(`[data-act="${name}"]`);
      if (!found) continue;
      found.disabled = !block;
      found.title = `${name === "undo" ? "撤销" : "重做"}${block ? `：${block.label}` : ""}（${name === "undo" ? "Ctrl+Z" : "Ctrl+Shift+Z"}）`;
    }
  }
}

/** What is typed counts once its field is left. */
function takeTyped(): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return;
  field.blur();
  field.focus();
}
