// The tools, and which of them is in hand.
import { byId } from "./elements";
import { CopyTool } from "./plan-edit-copy";
import type { Desk } from "./plan-edit-desk";
import { BoxTool, SelectTool } from "./plan-edit-select";
import { type SketchKind, SketchTool } from "./plan-edit-sketch";
import { type Tool, ToolInteraction, type ToolName } from "./plan-edit-tools";
import type { Vertex } from "./plan-edit-vertex";
import { cutHole, draw, split } from "./plan-topology-edits";
import { reshape } from "./plan-topology-reshape";
import { type Parcel, type Place, Refusal, boxOf } from "./plan-topology";

export class Toolbox {
  readonly #desk: Desk;
  readonly #tools: Record<ToolName, Tool> & { draw: SketchTool };
  readonly #copy: CopyTool;
  readonly #interaction = new ToolInteraction();
  #name: ToolName = "select";
  #paused = false;

  constructor(desk: Desk, vertex: Vertex) {
    this.#desk = desk;
    const done = (): void => { this.take("select"); };
    this.#copy = new CopyTool(desk, done);
    const sketched = (kind: SketchKind): SketchTool => new SketchTool(desk, kind, done);
    this.#tools = {
      select: new SelectTool(desk, vertex),
      box: new BoxTool(desk, done),
      copy: this.#copy,
      draw: sketched({ title: "画图斑", words: "逐点点击画出边线，双击、回车或点第一点完成；占用的地从原图斑中扣除。", closed: true, finish: (line) => this.#draw(line) }),
      split: sketched({ title: "分割", words: "画一条线，两端落在图斑边界上或之外。", closed: false, finish: (line) => this.#split(line) }),
      hole: sketched({ title: "挖洞", words: "在图斑内画出洞的边线；洞成为新图斑。", closed: true, finish: (line) => this.#hole(line) }),
      reshape: sketched({ title: "改边界", words: "从所选图斑边界的一处画到另一处；相邻图斑随之改变。", closed: false, finish: (line) => this.#reshape(line) }),
    };
    desk.map.map.addInteraction(this.#interaction);
    document.querySelectorAll<HTMLButtonElement>("[data-tool]").forEach((each) => {
      each.addEventListener("click", () => { this.take(each.dataset.tool as ToolName); });
    });
  }

  get name(): ToolName {
    return this.#name;
  }

  get tool(): Tool {
    return this.#tools[this.#name];
  }

  set others(parcels: readonly Parcel[]) {
    this.#copy.others = parcels;
    this.#desk.guides.set("other", parcels.flatMap(({ rings }) => rings));
  }

  /** Nothing is drawn while something else is looked at. */
  pause(on: boolean): void {
    if (on) this.take("select");
    this.#paused = on;
    this.#interaction.tool = on ? undefined : this.tool;
    document.querySelectorAll<HTMLElement>("[data-pauses]").forEach((each) => { each.inert = on; });
  }

  get paused(): boolean {
    return this.#paused;
  }

  take(name: ToolName): void {
    if (this.#paused) return;
    if (!this.#desk.editable && name !== "select") return;
    this.tool.stop?.();
    this.#name = name;
    const { tool } = this;
    this.#interaction.tool = tool;
    tool.start?.();
    this.#desk.tell(this.#desk.editable ? tool.words : "点选图斑查看。");
    document.querySelectorAll<HTMLElement>("[data-tool]").forEach((each) => { each.setAttribute("aria-pressed", String(each.dataset.tool === name)); });
    byId("pe-map").classList.toggle("map--editable", name !== "select");
  }

  /** The line being drawn; without one, a parcel is begun. */
  sketch(): SketchTool {
    const { tool } = this;
    if (tool instanceof SketchTool) return tool;
    this.take("draw");
    return this.#tools.draw;
  }

  #draw(line: readonly Place[]): boolean {
    const { model, look } = this.#desk;
    return this.#desk.attempt("画图斑", () => draw(model.coverage, line, look), `已画 ${look.code} ${this.#desk.nameOf(look.code)}；可在右侧改用地。`);
  }

  #split(line: readonly Place[]): boolean {
    const { model } = this.#desk;
    const ids = model.chosen.length > 0 ? model.chosen : model.coverage.near(boxOf([line])).map(({ id }) => id);
    return this.#desk.attempt("分割", () => split(model.coverage, ids, line));
  }

  #hole(line: readonly Place[]): boolean {
    const { model, look } = this.#desk;
    const [first] = line;
    const parcel = model.chosenParcels.length === 1 ? model.chosenParcels[0] : first && this.#desk.parcelAt(first);
    return this.#desk.attempt("挖洞", () => {
      if (!parcel) throw new Refusal("no_parcel", "请在一个图斑之内画洞。", first);
      return cutHole(model.coverage, parcel.id, line, look);
    });
  }

  #reshape(line: readonly Place[]): boolean {
    const { model } = this.#desk;
    const id = model.chosen[0] ?? this.#common(line);
    return this.#desk.attempt("改边界", () => {
      if (!id) throw new Refusal("no_parcel", "请先选中要改边界的图斑。", line[0]);
      return [reshape(model.coverage, id, line), id];
    });
  }

  /** The parcel on whose border a line begins and ends. */
  #common(line: readonly Place[]): string | undefined {
    const [first, last] = [line[0], line.at(-1)];
    if (!first || !last) return undefined;
    const { coverage } = this.#desk.model;
    const ends = coverage.ownersOf(last);
    return [...coverage.ownersOf(first)].find((id) => ends.has(id));
  }
}
