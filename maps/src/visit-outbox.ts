// The list of visits that wait on this phone: how many, what is wrong with them, send again, remove.
import { showToast } from "./toast";
import { Refused, SignedOut, Unreachable, sendVisit } from "./visit-sending";
import { type Waiting, allWaiting, putWaiting, takeWaiting } from "./visit-store";

function button(text: string, label: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button button--small";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

export class Outbox {
  readonly #panel: HTMLElement;
  readonly #account: string;
  readonly #token: string;
  #sending = false;

  constructor(panel: HTMLElement, account: string, token: string) {
    this.#panel = panel;
    this.#account = account;
    this.#token = token;
    window.addEventListener("online", () => { void this.sendAll(); });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") void this.sendAll();
    });
  }

  async show(): Promise<void> {
    const waiting = await allWaiting(this.#account);
    this.#panel.hidden = waiting.length === 0;
    this.#panel.replaceChildren();
    if (waiting.length === 0) return;
    const title = document.createElement("h2");
    title.className = "panel__title";
    title.textContent = "待发送 ";
    const count = document.createElement("span");
    count.className = "badge badge--warn";
    count.dataset.waiting = "";
    count.textContent = String(waiting.length);
    title.append(count);
    const list = document.createElement("ul");
    list.className = "outbox__list";
    list.append(...waiting.map((each) => this.#entry(each)));
    const all = button("全部发送", "发送全部待发送记录", () => { void this.sendAll(true); });
    this.#panel.append(title, list, all);
  }

  #entry(visit: Waiting): HTMLElement {
    const made = document.createElement("li");
    const words = document.createElement("span");
    const at = new Date(visit.body.visited_at).toLocaleString("zh-CN", { dateStyle: "short", timeStyle: "short" });
    words.textContent = `${visit.name} · ${at}${visit.pictures.length > 0 ? ` · ${visit.pictures.length} 张图片` : ""}`;
    made.append(words);
    if (visit.refusal) {
      const told = document.createElement("span");
      told.className = "field__error";
      told.textContent = visit.refusal;
      made.append(told);
    }
    made.append(
      button("重试", `重新发送 ${visit.name}`, () => { void this.#again(visit); }),
      button("删除", `删除待发送的 ${visit.name}`, () => { void this.#remove(visit); }),
    );
    return made;
  }

  async #again(visit: Waiting): Promise<void> {
    delete visit.refusal;
    await putWaiting(visit);
    await this.sendAll(true);
  }

  async #remove(visit: Waiting): Promise<void> {
    if (!window.confirm(`“${visit.name}”的巡查记录还没有发送，删除后无法恢复。确定删除吗？`)) return;
    await takeWaiting(visit.uuid);
    await this.show();
  }

  /** Send what waits, one after the other; several open pages take turns. */
  async sendAll(asked = false): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      const act = (): Promise<void> => this.#sendEach(asked);
      // The interface is there in a secure context alone.
      if ("locks" in navigator) await navigator.locks.request("fuliang-outbox", act);
      else await act();
    } finally {
      this.#sending = false;
      await this.show();
    }
  }

  async #sendEach(asked: boolean): Promise<void> {
    const waiting = (await allWaiting(this.#account)).filter((each) => !each.refusal);
    let sent = 0;
    for (const visit of waiting) {
      try {
        await sendVisit(visit, this.#token, () => undefined);
        sent += 1;
      } catch (error) {
        if (!(await this.#note(visit, error, asked))) break;
      }
    }
    if (sent > 0) showToast(`已发送 ${sent} 条待发送的巡查记录。`, "ok");
  }

  /** Keep why it was not sent; tell whether the next one is worth a try. */
  async #note(visit: Waiting, error: unknown, asked: boolean): Promise<boolean> {
    if (error instanceof Refused) {
      visit.refusal = [error.text, ...error.faults.map((fault) => fault.zh)].join(" ");
      await putWaiting(visit);
      return true;
    }
    if (!(error instanceof Unreachable) && !(error instanceof SignedOut)) throw error;
    if (asked) showToast(`暂未发送：${error.message}。记录仍保存在本机。`, "warn");
    return false;
  }
}
