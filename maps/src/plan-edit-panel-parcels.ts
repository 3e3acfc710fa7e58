// The panel of what is chosen: use, name, households, areas, and what can be done with it.
import { button, byId, element } from "./elements";
import { CodePicker } from "./plan-edit-codes";
import type { Desk } from "./plan-edit-desk";
import { areaWords, metres, parcelName } from "./plan-words";
import type { UseCode } from "./plan-looks";
import { bordersOf, merge, recode, remove } from "./plan-topology-edits";
import { type Parcel, areaOf } from "./plan-topology";

/** Homesteads, whose households count. */
const HOMESTEAD = "0703";

export class ParcelsPanel {
  readonly #desk: Desk;
  readonly #head = element("div", "pe-chosen");
  readonly #area = element("p", "pe-area");
  readonly #form = element("div", "");
  readonly #acts = element("div", "pe-acts");
  readonly #picker: CodePicker;
  readonly #fresh: CodePicker;
  readonly #label = element("input", "");
  readonly #households = element("input", "");
  #toMap = false;

  constructor(holder: HTMLElement, desk: Desk, uses: readonly UseCode[]) {
    this.#desk = desk;
    this.#picker = new CodePicker(uses, "用地", (code) => {
      this.#recode({ code });
      if (this.#toMap) byId("pe-map").focus({ preventScroll: true });
      this.#toMap = false;
    });
    this.#fresh = new CodePicker(uses, "新画图斑的用地", (code) => { desk.look = { ...desk.look, code }; });
    this.#fresh.code = desk.look.code;
    this.#area.setAttribute("aria-live", "polite");
    holder.append(this.#head, this.#area, this.#form, this.#acts);
    if (desk.editable) {
      this.#form.append(this.#picker.element, this.#fields());
      holder.append(element("hr", ""), this.#fresh.element);
    }
    desk.model.onChange(({ chosen, parcels }) => { if (chosen || parcels) this.show(); });
    this.show();
  }

  /** Begin to choose a use; a key of the map leads back to it. */
  focusCode(toMap = false): void {
    this.#toMap = toMap;
    this.#picker.focus();
  }

  show(): void {
    const parcels = this.#desk.model.chosenParcels;
    const [first] = parcels;
    this.#form.hidden = parcels.length === 0;
    this.#acts.hidden = parcels.length === 0;
    if (!first) {
      const count = this.#desk.model.parcels.size;
      this.#head.replaceChildren(element("p", "muted", count === 0 ? "这个方案还没有图斑。请先在规划页导入基期现状，或用“画图斑”开始。" : `共 ${count} 个图斑。在图上点选一个；Shift 加选，“框选”选一片。`));
      this.#area.textContent = "";
      return;
    }
    const title = parcels.length === 1 ? parcelName(first, this.#desk.nameOf) : `已选 ${parcels.length} 个图斑`;
    this.#head.replaceChildren(element("h2", "panel__title", title), element("p", "small muted", parcels.length === 1 ? `编号 ${first.id}，${first.rings.reduce((sum, ring) => sum + ring.length - 1, 0)} 个节点` : this.#codesOf(parcels)));
    this.#area.textContent = areaWords(parcels.reduce((sum, { rings }) => sum + areaOf(rings), 0));
    this.#fill(parcels, first);
  }

  #codesOf(parcels: readonly Parcel[]): string {
    return [...new Set(parcels.map(({ code }) => code))].map((code) => `${code} ${this.#desk.nameOf(code)}`).join("、");
  }

  #fill(parcels: readonly Parcel[], first: Parcel): void {
    if (!this.#desk.editable) return;
    const common = <T>(of: (parcel: Parcel) => T): T | undefined => (parcels.every((each) => of(each) === of(first)) ? of(first) : undefined);
    this.#picker.code = common(({ code }) => code) ?? "";
    if (document.activeElement !== this.#label) this.#label.value = common(({ label }) => label) ?? "";
    if (document.activeElement !== this.#households) this.#households.value = String(common(({ households }) => households) ?? "");
    this.#households.closest<HTMLElement>(".field")?.toggleAttribute("hidden", !parcels.some(({ code }) => code.startsWith(HOMESTEAD)));
    this.#acts.replaceChildren(...(parcels.length > 1 ? this.#ofSeveral(parcels) : this.#ofOne(first)));
  }

  #fields(): HTMLElement {
    const field = (title: string, id: string, input: HTMLInputElement, act: () => void): HTMLElement => {
      const label = element("label", "", title);
      input.id = label.htmlFor = id;
      input.addEventListener("change", act);
      return element("div", "field", label, input);
    };
    this.#label.maxLength = 60;
    Object.assign(this.#households, { type: "number", min: "1", max: "10000", inputMode: "numeric" });
    return element("div", "pe-fields",
      field("名称", "pe-label", this.#label, () => { this.#recode({ label: this.#label.value.trim() }); }),
      field("户数", "pe-households", this.#households, () => {
        const households = Math.round(Number(this.#households.value));
        if (households >= 1 && households <= 10_000) this.#recode({ households });
        else this.show();
      }));
  }

  #recode(look: Partial<Pick<Parcel, "code" | "label" | "households">>): void {
    const { model } = this.#desk;
    const words = look.code === undefined ? "改属性" : `改用地为 ${look.code} ${this.#desk.nameOf(look.code)}`;
    this.#desk.attempt(words, () => recode(model.coverage, model.chosen, look));
    if (look.code) {
      this.#desk.look = { ...this.#desk.look, code: look.code };
      this.#fresh.code = look.code;
    }
  }

  #ofSeveral(parcels: readonly Parcel[]): HTMLElement[] {
    const keep = element("select", "");
    keep.id = "pe-keep";
    const largest = parcels.toSorted((a, b) => areaOf(b.rings) - areaOf(a.rings));
    keep.append(...largest.map((each) => new Option(`${parcelName(each, this.#desk.nameOf)}（${each.id}）`, each.id)));
    const label = element("label", "", "合并后保留");
    label.htmlFor = "pe-keep";
    return [
      element("div", "field", label, keep),
      button("合并（M）", () => { this.merge(keep.value); }),
      button("删除，留空", () => { this.remove(null); }, "button button--small button--danger"),
    ];
  }

  #ofOne(parcel: Parcel): HTMLElement[] {
    const beside = bordersOf(this.#desk.model.coverage, parcel).slice(0, 8);
    const taker = element("select", "");
    taker.id = "pe-taker";
    taker.append(...beside.map(({ parcel: each, metres: long }) => new Option(`${parcelName(each, this.#desk.nameOf)}（${each.id}，共边 ${metres(long)}）`, each.id)), new Option("不给，留出空隙（须再补画）", ""));
    const label = element("label", "", "删除后土地划归");
    label.htmlFor = "pe-taker";
    return [
      element("div", "field", label, taker),
      button("删除图斑", () => { this.remove(taker.value || null); }, "button button--small button--danger"),
      button("缩放到图斑", () => { this.#desk.map.lookAt(parcel.rings); }),
    ];
  }

  merge(keep?: string): void {
    const { model } = this.#desk;
    const parcels = model.chosenParcels;
    const largest = parcels.toSorted((a, b) => areaOf(b.rings) - areaOf(a.rings))[0];
    const id = keep ?? largest?.id;
    if (!id || parcels.length < 2) {
      this.#desk.tell("先选中两个以上相邻的图斑（Shift 加选），再合并。");
      return;
    }
    this.#desk.attempt("合并", () => [merge(model.coverage, model.chosen, id), id]);
  }

  /** Remove what is chosen; its land falls to the neighbour that is named, or by default to the one with the longest border. */
  remove(taker?: string | null): void {
    const { model } = this.#desk;
    const [first] = model.chosenParcels;
    if (!first) {
      this.#desk.tell("先选中要删除的图斑。");
      return;
    }
    const one = model.chosen.length === 1;
    const to = taker !== undefined ? taker : one ? bordersOf(model.coverage, first)[0]?.parcel.id ?? null : null;
    const words = to ? "删除，土地划归相邻图斑" : "删除，留出空隙，请补画";
    this.#desk.attempt(words, () => [remove(model.coverage, model.chosen, to), to ?? []]);
  }
}
