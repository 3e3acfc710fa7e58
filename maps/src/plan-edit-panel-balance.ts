// The table of how land use changes, reckoned anew after each act; the server's own numbers take its place once it has
// checked what is saved.
import { element } from "./elements";
import type { Report, Row } from "./plan-edit-api";
import type { Desk } from "./plan-edit-desk";
import { hectares, signedHectares } from "./plan-words";
import { areaOf } from "./plan-topology";

/** Rows of the table in their order: key, name where no code tells it, how far in. */
const ROWS: readonly [key: string, zh: string, depth: number][] = [
  ["01", "", 0], ["02", "", 0], ["03", "", 0], ["04", "", 0], ["05", "", 0], ["06", "", 0],
  ["construction", "村域建设用地", 0], ["城镇用地", "城镇用地", 1], ["村庄建设用地", "村庄建设用地", 1],
  ["区域基础设施用地", "区域基础设施用地", 1], ["其他建设用地", "其他建设用地", 1],
  ["17", "", 0], ["sea", "18—22 用海", 0], ["23", "", 0], ["24", "", 0],
];
const BUILT = ROWS.filter(([, , depth]) => depth === 1).map(([key]) => key);
const SLACK_M2 = 0.05;

type Sums = Map<string, number>;

export class BalancePanel {
  readonly #desk: Desk;
  readonly #rowOf: Readonly<Record<string, string>>;
  readonly #base: Sums;
  readonly #table = element("div", "table-scroll");
  readonly #state = element("p", "small");
  readonly #holder: HTMLElement;
  #report: Report | undefined;

  constructor(holder: HTMLElement, desk: Desk, rowOf: Readonly<Record<string, string>>, base: readonly { code: string; m2: number }[]) {
    this.#desk = desk;
    this.#rowOf = rowOf;
    this.#holder = holder;
    this.#base = this.#sums(base);
    this.#state.id = "pe-balance-state";
    this.#table.tabIndex = 0;
    this.#table.setAttribute("role", "region");
    this.#table.setAttribute("aria-label", "用地平衡表");
    holder.append(element("h2", "panel__title", "用地平衡（公顷）"), this.#state, this.#table);
    desk.model.onChange(({ parcels, all }) => { if (parcels ?? all) this.show(); });
  }

  confirm(report: Report): void {
    this.#report = report;
    this.show();
  }

  show(): void {
    if (this.#holder.hidden) return;
    const { model } = this.#desk;
    const now = this.#sums([...model.parcels.values()].map(({ code, rings }) => ({ code, m2: areaOf(rings) })));
    const report = this.#report?.version === model.version && model.dirty().size === 0 ? this.#report : undefined;
    const agreed = report && this.#agrees(report.structure, now);
    this.#state.textContent = agreed ? `已由服务器核对（第 ${model.version} 版）。` : report ? "与服务器核算不一致，请刷新页面。" : "初步数：浏览器实时计算，保存并核对后才作准。";
    this.#state.className = `small ${agreed ? "pe-balance--agreed" : "muted"}`;
    this.#table.replaceChildren(this.#draw(now, agreed ? report.structure : undefined));
  }

  #sums(parcels: readonly { code: string; m2: number }[]): Sums {
    const sums: Sums = new Map();
    for (const { code, m2 } of parcels) {
      const key = this.#rowOf[code] ?? code.slice(0, 2);
      sums.set(key, (sums.get(key) ?? 0) + m2);
    }
    sums.set("construction", BUILT.reduce((sum, key) => sum + (sums.get(key) ?? 0), 0));
    sums.set("total", parcels.reduce((sum, { m2 }) => sum + m2, 0));
    return sums;
  }

  #agrees(rows: readonly Row[], now: Sums): boolean {
    return rows.every(({ key, target }) => Math.abs(target.m2 - (now.get(key) ?? 0)) < SLACK_M2);
  }

  #draw(now: Sums, official?: readonly Row[]): HTMLTableElement {
    const table = element("table", "table table--narrow pe-balance");
    const head = element("tr", "", ...["地类", "基期", "目标", "增减"].map((words, i) => {
      const cell = element("th", i === 0 ? "" : "number", words);
      cell.scope = "col";
      return cell;
    }));
    const body = element("tbody", "");
    for (const [key, zh, depth] of [...ROWS, ["total", "合计", 0] as const]) {
      const [base, target] = [this.#base.get(key) ?? 0, now.get(key) ?? 0];
      if (base === 0 && target === 0 && key !== "total") continue;
      const row = official?.find((each) => each.key === key);
      const name = element("th", depth > 0 ? "pe-balance__part" : "", zh || `${key} ${this.#desk.nameOf(key)}`);
      name.scope = "row";
      const change = (row ? row.change_ha * 10_000 : target - base);
      body.append(element("tr", key === "total" ? "pe-balance__total" : "", name,
        element("td", "number", row ? row.base.ha.toFixed(2) : hectares(base)),
        element("td", "number", row ? row.target.ha.toFixed(2) : hectares(target)),
        element("td", `number ${Math.abs(change) < 50 ? "muted" : ""}`, Math.abs(change) < 50 ? "0" : signedHectares(change))));
    }
    table.append(element("thead", "", head), body);
    return table;
  }
}
