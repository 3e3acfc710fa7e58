// What is seen: labels, colours, the base year, control lines, another scheme to copy from.
import { button, element } from "./elements";
import type { Sketch } from "./plan-edit-api";
import type { EditorMap } from "./plan-edit-map";
import type { LineCode } from "./plan-looks";

export interface Other { title: string; api: string }

export interface LayerActs {
  /** Show another scheme over this one; nothing: none. */
  compare: (other: Other | undefined) => Promise<void>;
  /** Begin to copy from it; missing where nothing may be drawn. */
  copy?: () => void;
}

export function layersPanel(
  holder: HTMLElement, map: EditorMap, sketch: Sketch, lineCodes: readonly LineCode[], others: readonly Other[], acts: LayerActs,
): void {
  const shown = new Set(sketch.lines.map(({ properties }) => properties.code));
  const lines = lineCodes.filter(({ code }) => shown.has(code));
  holder.append(
    check("标注（代码、名称）", true, (on) => { map.showLabels(on); }),
    check("乡村配色", false, (on) => { map.showVillageColours(on); }),
    check("问题标记", true, (on) => { map.showFindings(on); }),
    check("基期现状", false, (on) => { map.showBase(on); }),
    ...lines.map(({ code, zh, colour }) => check(zh, true, (on) => { map.showLines(code, on); }, colour)),
    button("全图", () => { map.fit(); }),
  );
  if (others.length > 0) holder.append(otherField(others, acts));
}

function otherField(others: readonly Other[], acts: LayerActs): HTMLElement {
  const choice = element("select", "");
  choice.id = "pe-other";
  choice.append(new Option("不显示", ""), ...others.map(({ title }, i) => new Option(title, String(i))));
  const label = element("label", "", "对照另一方案");
  label.htmlFor = "pe-other";
  const field = element("div", "field", label, choice);
  const copy = button("从它复制…", () => acts.copy?.());
  copy.hidden = true;
  choice.addEventListener("change", () => {
    const other = choice.value === "" ? undefined : others[Number(choice.value)];
    copy.hidden = !other || !acts.copy;
    void acts.compare(other);
  });
  field.append(copy);
  return field;
}

function check(title: string, on: boolean, act: (on: boolean) => void, colour?: string): HTMLElement {
  const box = element("input", "");
  box.type = "checkbox";
  box.checked = on;
  box.addEventListener("change", () => { act(box.checked); });
  const label = element("label", "check", box);
  if (colour) {
    const line = element("span", "pe-line");
    line.style.borderColor = colour;
    label.append(line);
  }
  label.append(title);
  return label;
}
