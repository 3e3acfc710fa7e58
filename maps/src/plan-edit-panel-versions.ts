// The versions of the scheme: say what this one is, look at an older one, make it the newest again.
import { button, element } from "./elements";
import { type Api, Refused, type Version } from "./plan-edit-api";
import type { Desk } from "./plan-edit-desk";
import { momentWords } from "./plan-words";
import { showToast } from "./toast";

export interface VersionActs {
  /** Save now, with words; tells whether it went in. */
  save: (message: string) => Promise<boolean>;
  look: (version: number) => Promise<void>;
  /** Read everything anew. */
  reload: () => Promise<void>;
}

export class VersionsPanel {
  readonly #holder: HTMLElement;
  readonly #api: Api;
  readonly #desk: Desk;
  readonly #acts: VersionActs;
  readonly #list = element("ol", "pe-version-list");
  readonly #more = button("更早的版本", () => { void this.#load(this.#page + 1); });
  #page = 0;

  constructor(holder: HTMLElement, api: Api, desk: Desk, acts: VersionActs) {
    this.#holder = holder;
    this.#api = api;
    this.#desk = desk;
    this.#acts = acts;
    if (desk.editable) holder.append(this.#form());
    holder.append(element("h2", "panel__title", "版本"), this.#list, this.#more);
  }

  async refresh(): Promise<void> {
    if (this.#holder.hidden) return;
    this.#page = 0;
    await this.#load(1);
  }

  #form(): HTMLElement {
    const input = element("input", "");
    Object.assign(input, { id: "pe-message", maxLength: 200, placeholder: "例如：按村民会议意见调整宅基地" });
    const label = element("label", "", "本次保存的说明");
    label.htmlFor = "pe-message";
    const form = element("form", "pe-message", element("div", "field", label, input));
    const submit = element("button", "button button--small", "保存为带说明的版本");
    submit.type = "submit";
    form.append(submit);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#acts.save(input.value.trim()).then((done) => { if (done) input.value = ""; });
    });
    return form;
  }

  async #load(page: number): Promise<void> {
    try {
      const found = await this.#api.versions(page);
      if (page === 1) this.#list.replaceChildren();
      this.#list.append(...found.items.map((each) => this.#item(each)));
      this.#page = page;
      this.#more.hidden = page * found.size >= found.total;
    } catch {
      this.#list.replaceChildren(element("li", "muted", "版本未能读取，请稍后再打开本页签。"));
    }
  }

  #item(version: Version): HTMLElement {
    const here = version.version === this.#desk.model.version;
    const head = element("p", "pe-version__head", element("strong", "", `第 ${version.version} 版`), element("span", "small muted", `${momentWords(version.saved_at)} ${version.author ?? ""}`));
    if (here) head.append(element("span", "badge badge--ok", "当前"));
    const item = element("li", "pe-version", head);
    if (version.message) item.append(element("p", "pe-version__message", version.message));
    item.append(element("p", "small muted", `${version.parcels} 个图斑，改动 ${version.changed} 个`));
    if (here) return item;
    const acts = element("p", "row", button("查看", () => { void this.#acts.look(version.version); }));
    if (this.#desk.editable) acts.append(button("恢复到此版", () => { void this.#restore(version.version); }));
    item.append(acts);
    return item;
  }

  async #restore(ordinal: number): Promise<void> {
    if (!window.confirm(`把方案恢复成第 ${ordinal} 版？现在的内容仍留在版本列表里，可以再恢复。`)) return;
    if (this.#desk.model.dirty().size > 0 && !await this.#acts.save("")) {
      showToast("还有编辑没有保存，暂不能恢复。请先处理保存遇到的问题。", "warn");
      return;
    }
    try {
      await this.#api.restore(ordinal, this.#desk.model.version);
    } catch (error) {
      showToast(error instanceof Refused ? error.message : "网络不通，没有恢复。请检查网络后重试。", "bad");
      return;
    }
    try {
      await this.#acts.reload();
      showToast(`已恢复到第 ${ordinal} 版，作为新版本保存。`, "ok");
    } catch {
      showToast(`已恢复到第 ${ordinal} 版，但未能读取。请刷新页面。`, "warn");
    }
  }
}
