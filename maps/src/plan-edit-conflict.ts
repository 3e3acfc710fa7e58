// Two people have changed the same parcels: both are shown side by side, and whoever saves last chooses for each, or
// keeps the own work as a scheme of its own.
import { button, element } from "./elements";
import { openDialog } from "./plan-edit-dialog";
import { areaWords, momentWords } from "./plan-words";
import { type Parcel, type Rings, areaOf, boxOf, wider } from "./plan-topology";

export interface Clash {
  id: string;
  mine: Parcel | undefined;
  theirs: Parcel | undefined;
}

export interface ConflictActs {
  /** Ids for which the own state is kept. */
  resolve: (mine: ReadonlySet<string>) => void;
  /** Keep the own state as a scheme; tells why it was not done. */
  branch: (title: string) => Promise<string | undefined>;
}

export interface Side { parcels: ReadonlyMap<string, Parcel>; nameOf: (code: string) => string; colourOf: (code: string) => string }

export function askConflict(clashes: readonly Clash[], mine: Side, theirs: Side, acts: ConflictActs): void {
  const keepMine = new Set(clashes.map(({ id }) => id));
  const rows = clashes.map((clash, i) => rowOf(clash, mine, theirs, keepMine, i < MOST_DRAWN));
  const title = element("input", "");
  Object.assign(title, { id: "pe-branch-title", maxLength: 60, value: `另存 ${momentWords(new Date())}` });
  const label = element("label", "", "另存的方案名称");
  label.htmlFor = "pe-branch-title";
  const told = element("p", "field__error");
  told.setAttribute("role", "alert");
  const branch = button("把我的另存为新方案", () => {
    branch.disabled = true;
    void acts.branch(title.value.trim()).then((why) => {
      branch.disabled = false;
      if (why === undefined) close();
      else told.textContent = why;
    });
  });
  // Closing without an answer would leave the edits unsaved for ever.
  const close = openDialog("别人也改了这些图斑", true,
    element("p", "", `您编辑期间，别人保存了新版本，其中 ${clashes.length} 个图斑与您的改动冲突。其余改动已自动合并。请逐个选择保留哪一份；您的编辑在选择之前不会丢失。`),
    element("div", "pe-clashes", ...rows),
    element("p", "row",
      button("按所选保存", () => { close(); acts.resolve(keepMine); }, "button button--primary"),
      button("全部用我的", () => { close(); acts.resolve(new Set(clashes.map(({ id }) => id))); }),
      button("全部用对方的", () => { close(); acts.resolve(new Set()); })),
    element("div", "pe-branch", element("div", "field", label, title), branch), told);
}

function rowOf(clash: Clash, mine: Side, theirs: Side, keepMine: Set<string>, drawn: boolean): HTMLElement {
  const rings = [...clash.mine?.rings ?? [], ...clash.theirs?.rings ?? []];
  const choice = (words: string, parcel: Parcel | undefined, side: Side, own: boolean): HTMLElement => {
    const radio = element("input", "");
    Object.assign(radio, { type: "radio", name: `clash-${clash.id}`, checked: own });
    radio.addEventListener("change", () => {
      if (own) keepMine.add(clash.id);
      else keepMine.delete(clash.id);
    });
    const told = parcel ? `${parcel.code} ${side.nameOf(parcel.code)}，${areaWords(areaOf(parcel.rings))}` : "已删除";
    return element("label", "pe-clash__side", element("span", "check", radio, words),
      ...(drawn ? [miniMap(rings, clash.id, side, `${words}：${told}`)] : []), element("span", "small", told));
  };
  return element("fieldset", "pe-clash", element("legend", "", `图斑 ${clash.id}`), choice("我的", clash.mine, mine, true), choice("对方的", clash.theirs, theirs, false));
}

/** More clashes than these are told in words alone. */
const MOST_DRAWN = 60;
const WIDTH = 260;
const HEIGHT = 180;

function miniMap(rings: Rings, id: string, side: Side, words: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  const pen = canvas.getContext("2d");
  if (!pen || rings.length === 0) return canvas;
  const own = boxOf(rings);
  const box = wider(own, Math.max(own[2] - own[0], own[3] - own[1]) * 0.25 + 2);
  const scale = Math.min(WIDTH / (box[2] - box[0]), HEIGHT / (box[3] - box[1]));
  for (const parcel of side.parcels.values()) {
    const [left, bottom, right, top] = boxOf(parcel.rings);
    if (right < box[0] || left > box[2] || top < box[1] || bottom > box[3]) continue;
    pen.beginPath();
    for (const ring of parcel.rings) {
      ring.forEach(([x, y], i) => {
        const [px, py] = [(x - box[0]) * scale, HEIGHT - (y - box[1]) * scale];
        if (i === 0) pen.moveTo(px, py);
        else pen.lineTo(px, py);
      });
      pen.closePath();
    }
    pen.fillStyle = side.colourOf(parcel.code);
    pen.globalAlpha = parcel.id === id ? 1 : 0.35;
    pen.fill("evenodd");
    pen.globalAlpha = 1;
    pen.strokeStyle = parcel.id === id ? "#d6006c" : "#6b7688";
    pen.lineWidth = parcel.id === id ? 3 : 1;
    pen.stroke();
  }
  return canvas;
}
