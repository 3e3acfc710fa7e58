// What the checks found in what is saved: worst first, with a look at the place and a quick remedy.
import { button, byId, element } from "./elements";
import type { Finding, Problem, Report } from "./plan-edit-api";
import { type FixMeans, fixesOf } from "./plan-edit-fixes";
import { extentOfShape } from "./plan-edit-map";

const SEVERITIES = { error: ["错误", "bad"], permit: ["须报批", "warn"], warning: ["提示", "info"] } as const;
/** Most findings that are listed at once. */
const MOST = 200;

export class FindingsPanel {
  readonly #means: FixMeans;
  readonly #state = element("p", "small muted");
  readonly #refused = element("div", "");
  readonly #list = element("ul", "pe-findings");
  readonly #count = byId("pe-findings-count");
  #report: Report | undefined;

  constructor(holder: HTMLElement, means: FixMeans) {
    this.#means = means;
    this.#state.setAttribute("role", "status");
    holder.append(element("h2", "panel__title", "检查结果"), this.#state, this.#refused, this.#list);
    means.desk.model.onChange(({ parcels, all }) => { if (parcels ?? all) this.#tellState(); });
  }

  show(report: Report): void {
    this.#report = report;
    const { findings } = report;
    const errors = findings.filter(({ severity }) => severity === "error").length;
    this.#count.hidden = findings.length === 0;
    this.#count.textContent = String(errors || findings.length);
    this.#count.classList.toggle("badge--bad", errors > 0);
    this.#list.replaceChildren(...findings.slice(0, MOST).map((each) => this.#item(each)));
    if (findings.length > MOST) this.#list.append(element("li", "muted", `另有 ${findings.length - MOST} 项，解决后再显示。`));
    this.#means.desk.map.drawFindings(findings);
    this.#tellState();
  }

  fail(): void {
    this.#state.textContent = "检查未能完成，保存下一次编辑后会再试。";
  }

  /** Why a save was refused, parcel by parcel. */
  refuse(problems: readonly Problem[], words: string): void {
    const { desk } = this.#means;
    const items = problems.map(({ zh, field }) => {
      const parcel = desk.model.parcels.get(field);
      const item = element("li", "", zh);
      if (parcel) item.append(" ", button("定位", () => { desk.model.choose([field]); desk.map.lookAt(parcel.rings); }));
      return item;
    });
    const box = element("div", "notice notice--bad", element("p", "", `没有保存：${words}`), element("ul", "", ...items));
    this.#refused.replaceChildren(box);
  }

  clearRefused(): void {
    this.#refused.replaceChildren();
  }

  #tellState(): void {
    const { model } = this.#means.desk;
    const stale = this.#report?.version !== model.version || model.dirty().size > 0;
    const count = this.#report?.findings.length ?? 0;
    this.#state.textContent = !this.#report ? "正在检查…" : stale ? "有新的编辑，保存后重新检查。" : count === 0 ? "没有发现问题。" : `共 ${count} 项。`;
    this.#list.querySelectorAll<HTMLButtonElement>("[data-fix]").forEach((each) => { each.disabled = stale; });
  }

  #item(finding: Finding): HTMLElement {
    const { desk } = this.#means;
    const [word, tone] = SEVERITIES[finding.severity];
    const item = element("li", "pe-finding", element("p", "", element("span", `badge badge--${tone}`, word), ` ${finding.zh}`));
    if (finding.article) item.append(element("p", "small muted", `依据：${finding.article}`));
    const acts = element("p", "row");
    if (finding.geometry ?? finding.parcels.length > 0) acts.append(button("定位", () => { this.#look(finding); }));
    if (desk.editable) {
      for (const { words, act } of fixesOf(finding, this.#means)) {
        const made = button(words, act, "button button--small pe-fix");
        made.dataset.fix = finding.fix;
        acts.append(made);
      }
    }
    item.append(acts);
    return item;
  }

  #look({ parcels, geometry }: Finding): void {
    const { desk } = this.#means;
    desk.model.choose(parcels);
    const [first] = desk.model.chosenParcels;
    if (geometry) desk.map.look(extentOfShape(geometry));
    else if (first) desk.map.lookAt(first.rings);
  }
}
