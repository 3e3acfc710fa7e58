// Entry of the editor of a plan's scheme: opens it and brings tools, panels and saving together.
import "../styles/plan-editor.css";

import { button, byId, element } from "./elements";
import { Desk } from "./plan-edit-desk";
import { Keys } from "./plan-edit-keys";
import { EditorMap } from "./plan-edit-map";
import { BalancePanel } from "./plan-edit-panel-balance";
import { FindingsPanel } from "./plan-edit-panel-findings";
import { KeyboardPanel } from "./plan-edit-panel-keyboard";
import { type Other, layersPanel } from "./plan-edit-panel-layers";
import { ParcelsPanel } from "./plan-edit-panel-parcels";
import { VersionsPanel } from "./plan-edit-panel-versions";
import { Refused, Unreachable, partsOf } from "./plan-edit-api";
import { Saving } from "./plan-edit-saving";
import { type Given, type Opened, open } from "./plan-edit-start";
import { parcelsOf } from "./plan-edit-sync";
import { Toolbox } from "./plan-edit-toolbox";
import { Vertex } from "./plan-edit-vertex";
import { areaOf, ringsFrom } from "./plan-topology";
import { setUpTabs } from "./tabs";
import { showToast } from "./toast";

/** Windows from here on have room for the list of layers beside the village [pixels]. */
const WIDE = 1500;

const root = byId("plan-editor");
const given = JSON.parse(root.dataset.given ?? "{}") as Given;

function build(opened: Opened): void {
  const { sketch, uses, lineCodes, model, waiting } = opened;
  const names = new Map(uses.map(({ code, zh }) => [code, zh]));
  const map = new EditorMap(byId("pe-map"), uses, lineCodes);
  const desk = new Desk(model, map, given.editable, (code) => names.get(code) ?? "未知用地");
  const vertex = new Vertex(desk);
  const toolbox = new Toolbox(desk, vertex);
  map.drawGround(sketch);
  desk.guides.set("lines", sketch.lines.flatMap(({ geometry }) => partsOf(geometry).flat()));
  map.drawParcels(model.parcels.values());
  map.fit();
  model.onChange(({ parcels, all }) => {
    if (all) map.drawParcels(model.parcels.values());
    else if (parcels) map.update(parcels, model.parcels);
  });

  const panels = panelsOf(opened, desk, toolbox, vertex);
  const saving = new Saving(given, opened, desk, panels);
  panels.versions = versionsPanel(opened, desk, toolbox, saving);
  layersPanel(byId("pe-layers-body"), map, sketch, lineCodes, given.others, {
    compare: (other) => compare(desk, toolbox, opened, other),
    ...(given.editable ? { copy: () => { toolbox.take("copy"); } } : {}),
  });
  const show = setUpTabs(byId("pe-tabs"), (panel) => {
    if (panel === "pe-balance") panels.balance.show();
    if (panel === "pe-versions") void panels.versions?.refresh();
  });
  new Keys(desk, toolbox, vertex, panels.parcels, saving, () => { show("pe-parcels"); });
  openLayers();
  toolbox.take("select");
  if (given.editable) saving.begin(waiting);
  saving.check();
  showNamed(desk);
  root.dataset.ready = "";
}

function panelsOf(opened: Opened, desk: Desk, toolbox: Toolbox, vertex: Vertex): {
  parcels: ParcelsPanel; balance: BalancePanel; findings: FindingsPanel; versions?: VersionsPanel; align: (act: (id: string) => void) => void;
} {
  let align: (id: string) => void = () => undefined;
  const parcels = new ParcelsPanel(byId("pe-parcels"), desk, opened.uses);
  const base = opened.sketch.base.map(({ properties, geometry }) => ({ code: properties.code, m2: areaOf(ringsFrom(geometry.coordinates)) }));
  const balance = new BalancePanel(byId("pe-balance"), desk, given.rows, base);
  const findings = new FindingsPanel(byId("pe-findings"), {
    desk,
    lines: new Map(opened.sketch.lines.map(({ id, geometry }) => [id, partsOf(geometry)])),
    align: ({ id }) => { align(id); },
    chooseCode: ({ id }) => {
      desk.model.choose([id]);
      byId("pe-tab-parcels").click();
      parcels.focusCode();
    },
  });
  if (desk.editable) new KeyboardPanel(byId("pe-keyboard"), desk, vertex, () => toolbox.sketch());
  return { parcels, balance, findings, align: (act) => { align = act; } };
}

function versionsPanel({ api }: Opened, desk: Desk, toolbox: Toolbox, saving: Saving): VersionsPanel {
  return new VersionsPanel(byId("pe-versions"), api, desk, {
    save: (message) => saving.save(message),
    reload: () => saving.reload(),
    look: async (version) => {
      try {
        lookAt(desk, toolbox, version, parcelsOf(await api.sketch(version)));
      } catch {
        showToast(`第 ${version} 版未能打开，请稍后重试。`, "warn");
      }
    },
  });
}

/** Show an older version in the place of what is edited, until it is left. */
function lookAt(desk: Desk, toolbox: Toolbox, version: number, parcels: ReturnType<typeof parcelsOf>): void {
  const note = byId("pe-looking");
  desk.map.showInstead(parcels);
  toolbox.pause(true);
  note.replaceChildren(`正在查看第 ${version} 版，不能编辑。 `, button("回到当前内容", () => {
    desk.map.showInstead(undefined);
    note.hidden = true;
    root.classList.remove("pe--looking");
    toolbox.pause(false);
  }));
  note.hidden = false;
  root.classList.add("pe--looking");
}

/** Lay another scheme over this one; its nodes hold what is drawn. */
async function compare(desk: Desk, toolbox: Toolbox, { api }: Opened, other: Other | undefined): Promise<void> {
  try {
    const parcels = other ? parcelsOf(await api.sketch(undefined, other.api)) : [];
    desk.map.showOther(parcels);
    toolbox.others = parcels;
    if (!other) toolbox.take("select");
  } catch {
    showToast("另一方案未能打开，请稍后重试。", "warn");
  }
}

/** Other pages lead to one parcel: #parcel=… */
function showNamed(desk: Desk): void {
  const id = new URLSearchParams(location.hash.slice(1)).get("parcel");
  const parcel = id ? desk.model.parcels.get(id) : undefined;
  if (!parcel) return;
  desk.model.choose([parcel.id]);
  desk.map.lookAt(parcel.rings);
}

function openLayers(): void {
  const layers = byId("pe-layers");
  if (layers instanceof HTMLDetailsElement) layers.open = window.innerWidth >= WIDE;
}

try {
  build(await open(given));
} catch (error) {
  const why = error instanceof Refused ? error.message : "请检查网络后刷新页面；仍不行请联系管理员。";
  byId("pe-map").replaceChildren(element("p", "notice notice--bad pe-fault", `方案未能打开。${why}`));
  byId("pe-state-words").textContent = "未打开";
  if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
}
