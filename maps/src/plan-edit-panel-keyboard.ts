// Drawing and moving without a pointer: typed coordinates, bearing and distance, and the nodes of the chosen parcel one
// after the other.
import { button, element } from "./elements";
import type { Desk } from "./plan-edit-desk";
import type { SketchTool } from "./plan-edit-sketch";
import type { Vertex } from "./plan-edit-vertex";
import { placeWords } from "./plan-words";
import { type Place, onGrid } from "./plan-topology";

export class KeyboardPanel {
  readonly #desk: Desk;
  readonly #vertex: Vertex;
  /** The line being drawn; "draw" is taken in hand where none is. */
  readonly #sketch: () => SketchTool;
  readonly #told = element("p", "pe-keys__told");
  readonly #east = number("pe-east", "东坐标 E（米）", "0.0001");
  readonly #north = number("pe-north", "北坐标 N（米）", "0.0001");
  readonly #bearing = number("pe-bearing", "方位角（°，正北起顺时针）", "any");
  readonly #distance = number("pe-distance", "距离（米）", "any");
  readonly #step = number("pe-step", "方向键每次移动（米）", "any");
  readonly #nodes = element("div", "pe-keys__nodes");

  constructor(holder: HTMLElement, desk: Desk, vertex: Vertex, sketch: () => SketchTool) {
    this.#desk = desk;
    this.#vertex = vertex;
    this.#sketch = sketch;
    this.#step.input.value = "0.1";
    this.#told.setAttribute("aria-live", "polite");
    holder.append(
      element("h2", "panel__title", "按坐标画"),
      element("p", "small muted", "EPSG:4548，单位米。先选画图斑、分割、挖洞或改边界（未选时画图斑），再逐点输入。"),
      form([this.#east.field, this.#north.field], "加点", () => { this.#addPlace(); }),
      form([this.#bearing.field, this.#distance.field], "按方位加点", () => { this.#addByBearing(); }),
      element("p", "row", button("完成", () => { this.#finish(); }, "button button--small button--primary"), button("退一点", () => { this.#sketch().back(); this.#tellSketch(); })),
      this.#told,
      element("hr", ""),
      element("h2", "panel__title", "逐点编辑"),
      this.#step.field, this.#nodes,
    );
    this.#setUpNodes();
    vertex.onMove = () => { this.#showNode(); };
    this.#showNode();
  }

  // --- drawing ---

  #addPlace(): void {
    const place = placeOf(this.#east.input.value, this.#north.input.value);
    if (!place) this.#tell("请填写东坐标和北坐标，例如 520100.25 和 3252040。");
    else this.#add(place);
  }

  #addByBearing(): void {
    const last = this.#sketch().places.at(-1) ?? this.#vertex.place;
    const [bearing, far] = [parseFloat(this.#bearing.input.value), parseFloat(this.#distance.input.value)];
    if (!last) this.#tell("请先用坐标加第一个点，或在“逐点编辑”中停在一个节点上作起点。");
    else if (!Number.isFinite(bearing) || !(far > 0)) this.#tell("请填写方位角和大于 0 的距离。");
    else {
      if (this.#sketch().places.length === 0) this.#sketch().add(last);
      const turn = (bearing * Math.PI) / 180;
      this.#add([last[0] + far * Math.sin(turn), last[1] + far * Math.cos(turn)]);
    }
  }

  #add(place: Place): void {
    this.#sketch().add(onGrid(place));
    this.#tellSketch();
  }

  #tellSketch(): void {
    const { places, kind } = this.#sketch();
    const last = places.at(-1);
    this.#tell(last ? `${kind.title}：第 ${places.length} 点 ${placeWords(last)}。` : `${kind.title}：还没有点。`);
  }

  #finish(): void {
    this.#sketch().finish();
  }

  #tell(words: string): void {
    this.#told.textContent = words;
    this.#desk.say(words);
  }

  // --- nodes ---

  #setUpNodes(): void {
    const box = this.#nodes;
    box.tabIndex = 0;
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", "所选图斑的节点：Tab 下一点，Shift+Tab 上一点，方向键移动，Delete 删除，Insert 在后面加点，Esc 离开");
    box.addEventListener("keydown", (event) => { if (this.#key(event)) event.preventDefault(); });
    box.addEventListener("focus", () => { if (!this.#vertex.place) this.#vertex.step(1); });
  }

  #key(event: KeyboardEvent): boolean {
    const metres = parseFloat(this.#step.input.value) * (event.shiftKey ? 10 : 1);
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const move = moves[event.key];
    if (move && metres > 0) this.#vertex.nudge(move[0] * metres, move[1] * metres);
    // After the last node the focus goes on as everywhere.
    else if (event.key === "Tab") return this.#vertex.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Delete") this.#vertex.remove();
    else if (event.key === "Insert") this.#vertex.insertAfter();
    else if (event.key === "Escape") {
      this.#vertex.leave();
      this.#nodes.blur();
    } else return false;
    event.stopPropagation();
    return true;
  }

  #showNode(): void {
    const { parcel, place, nodes, index } = this.#vertex;
    if (!parcel) {
      this.#nodes.replaceChildren(element("p", "muted small", "先选中一个图斑（在地图上按回车选中十字处的图斑）。"));
      return;
    }
    const words = place ? `第 ${index + 1}/${nodes.length} 点：${placeWords(place)}` : `${nodes.length} 个节点。按 Tab 到第一点。`;
    this.#nodes.replaceChildren(
      element("p", "pe-keys__node", words),
      element("p", "small muted", "Tab / Shift+Tab 换点，方向键移动（Shift 十倍），Delete 删除，Insert 加点，Esc 离开。"),
    );
  }
}

interface NumberField { field: HTMLElement; input: HTMLInputElement }

function number(id: string, title: string, step: string): NumberField {
  const input = element("input", "");
  Object.assign(input, { id, type: "number", step, inputMode: "decimal", autocomplete: "off" });
  const label = element("label", "", title);
  label.htmlFor = id;
  return { field: element("div", "field", label, input), input };
}

function form(fields: HTMLElement[], words: string, act: () => void): HTMLElement {
  const submit = element("button", "button button--small", words);
  submit.type = "submit";
  const made = element("form", "pe-keys__form", ...fields, submit);
  made.noValidate = true;
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
    fields[0]?.querySelector("input")?.select();
  });
  return made;
}

function placeOf(east: string, north: string): Place | undefined {
  const [x, y] = [parseFloat(east), parseFloat(north)];
  return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : undefined;
}
