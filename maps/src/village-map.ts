// Behaviour of the folium maps of villages: symbols, pop-ups and controls. The build wraps this module into
// one classic script, which folium's own script calls as `fuliangVillage`. Every attribute value becomes a
// text node, never HTML.
import L from "leaflet";
import "leaflet.fullscreen";

import { Measure } from "./village-measure";

interface FieldLook {
  name: string;
  label: string;
  unit: string | null;
  choices: Record<string, string>;
}

interface GroupLook {
  layer: string;
  title: string;
  colour: string;
  icon: string;
  household: boolean;
  grid: boolean;
  fields: FieldLook[];
}

interface Settings {
  groups: Record<string, GroupLook>;
  card: string | null;
  invented: boolean;
}

type Properties = Record<string, unknown>;
type Feature = GeoJSON.Feature<GeoJSON.Geometry, Properties>;

const icons = import.meta.glob<string>("../icons/*.svg", { eager: true, query: "?raw", import: "default" });
const ROADS: Readonly<Record<string, L.PathOptions>> = {
  trunk: { color: "#d09a45", weight: 5 },
  primary: { color: "#d8b765", weight: 4.5 },
  secondary: { color: "#c9b36b", weight: 4 },
  tertiary: { color: "#a8adb5", weight: 3 },
  unclassified: { color: "#b9bec6", weight: 2 },
  track: { color: "#b8a98c", weight: 1.5, dashArray: "4 4" },
};
const PROBLEM = "#b2182b";
const NO_PROBLEM = "#1b7837";
const NARROW = 640;
const STEPS = [10, 20, 40];
const RAMP = ["#d9f0d3", "#a6dba0", "#5aae61", "#1b7837"];

let settings: Settings = { groups: {}, card: null, invented: false };
let mapShown: L.Map | undefined;
const controls: Measure[] = [];

// The control is folium's, which makes it by this name and keeps it to itself.
class NotedMeasure extends Measure {
  constructor(options?: L.ControlOptions) {
    super(options);
    controls.push(this);
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K, className: string, ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function look(group: string): GroupLook {
  const found = settings.groups[group];
  if (!found) throw new Error(`no group ${group}`);
  return found;
}

function shown(field: FieldLook, value: unknown): string {
  if (value === undefined || value === null) return "—";
  if (typeof value === "boolean") return value ? "是" : "否";
  if (Array.isArray(value)) return value.map((one) => field.choices[String(one)] ?? String(one)).join("、");
  if (typeof value === "number") {
    const digits = field.unit === "年" ? String(value) : value.toLocaleString("zh-CN");
    return field.unit ? `${digits} ${field.unit}` : digits;
  }
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return field.choices[text] ?? text;
}

function textOf(given: Properties, name: string): string {
  const value = given[name];
  return typeof value === "string" ? value : "";
}

function popup(group: GroupLook, given: Properties): HTMLElement {
  const facts = element("dl", "popup__facts");
  group.fields
    .filter((field) => given[field.name] !== undefined)
    .forEach((field) => { facts.append(element("dt", "", field.label), element("dd", "", shown(field, given[field.name]))); });
  const box = element(
    "article", "popup",
    element("h3", "", textOf(given, "name") || group.title),
    element("p", "popup__meta", `${group.title} · ${textOf(given, "code")}`),
    facts,
  );
  if (settings.card) {
    const link = element("a", "", "打开详情");
    link.href = settings.card.replace("{layer}", group.layer).replace("{code}", encodeURIComponent(textOf(given, "code")));
    link.target = "_top";
    box.append(element("p", "popup__more", link));
  }
  return box;
}

function symbol(group: GroupLook, given: Properties): L.DivIcon {
  const disc = element("span", "symbol__disc");
  disc.style.backgroundColor = group.colour;
  const drawing = icons[`../icons/${group.icon}.svg`];
  if (drawing) {
    const image = element("img", "");
    image.src = `data:image/svg+xml,${encodeURIComponent(drawing)}`;
    image.alt = "";
    disc.append(image);
  }
  const idle = given.use_status !== undefined && given.use_status !== "in_use";
  return L.divIcon({
    html: disc, className: idle ? "symbol symbol--warn" : "symbol", iconSize: [28, 28], popupAnchor: [0, -10],
  });
}

function dot(group: GroupLook, given: Properties, at: L.LatLng): L.CircleMarker {
  const judged = given.is_problem === true ? PROBLEM : NO_PROBLEM;
  return L.circleMarker(at, {
    radius: 4.5, weight: 1, color: "#ffffff", fillOpacity: 0.9,
    fillColor: given.is_problem === undefined ? group.colour : judged,
  });
}

function pointIn(name: string): (feature: Feature, at: L.LatLng) => L.Layer {
  return (feature, at) => {
    const group = look(name);
    if (group.household) return dot(group, feature.properties, at);
    return L.marker(at, {
      icon: symbol(group, feature.properties),
      title: String(feature.properties.name),
      riseOnHover: true,
    });
  };
}

function cellStyle(count: number): L.PathOptions {
  const step = STEPS.filter((least) => count >= least).length;
  return { stroke: true, weight: 0.5, color: "#1b7837", fillColor: RAMP[step] ?? "#1b7837", fillOpacity: 0.75 };
}

function styleIn(name: string): (feature: Feature) => L.PathOptions {
  return (feature) => {
    const group = look(name);
    if (group.grid) return cellStyle(Number(feature.properties.count));
    // Points bring their own look.
    if (feature.geometry.type === "Point") return {};
    return { color: group.colour, weight: 4, fillColor: group.colour, fillOpacity: 0.25 };
  };
}

function measuring(): boolean {
  return controls.some((control) => control.active);
}

// Not bound to the layer, whose own pop-up would swallow a click that sets a corner while measuring.
function openPopup(group: GroupLook, feature: Feature, layer: L.Layer, event: L.LeafletEvent): void {
  if (measuring() || !mapShown) return;
  const marker = layer instanceof L.Marker;
  const at = layer instanceof L.Marker || layer instanceof L.CircleMarker
    ? layer.getLatLng()
    : (event as L.LeafletMouseEvent).latlng;
  L.popup({ maxWidth: 300, minWidth: 200, offset: marker ? [0, -6] : [0, 2] })
    .setLatLng(at)
    .setContent(popup(group, feature.properties))
    .openOn(mapShown);
}

function eachIn(name: string): (feature: Feature, layer: L.Layer) => void {
  return (feature, layer) => {
    const group = look(name);
    if (group.grid) {
      layer.bindTooltip(element("span", "", `${group.title} ${String(feature.properties.count)} 处`), { sticky: true });
      return;
    }
    const open = (event: L.LeafletEvent): void => { openPopup(group, feature, layer, event); };
    layer.on("click", open);
    layer.on("keypress", (event) => {
      if (event.originalEvent.key === "Enter") open(event);
    });
    layer.bindTooltip(element("span", "", String(feature.properties.name)), { direction: "top", offset: [0, -8] });
  };
}

function road(feature: Feature): L.PathOptions {
  return { ...ROADS[String(feature.properties.road_class)], interactive: true, lineCap: "round" };
}

function eachRoad(feature: Feature, layer: L.Layer): void {
  layer.bindTooltip(element("span", "", String(feature.properties.title)), { sticky: true });
}

function area(): L.PathOptions {
  return { color: "#1d4e89", weight: 2.5, fillColor: "#fbfbf8", fillOpacity: 1, interactive: false };
}

function neighbour(): L.PathOptions {
  return { color: "#7a8798", weight: 1, dashArray: "5 5", fill: false, interactive: false };
}

function areaName(feature: Feature, at: L.LatLng): L.Layer {
  const name = element("span", "", String(feature.properties.name));
  return L.marker(at, { icon: L.divIcon({ html: name, className: "area-name", iconSize: [90, 18] }), interactive: false, keyboard: false });
}

/** Order of the layer switch: what was drawn last, and lies on top, comes first. */
function topFirst(one: L.Layer, other: L.Layer): number {
  return L.stamp(other) - L.stamp(one);
}

/** What is switched on again would cover everything: the canvas paints in the order of adding. */
function keepOrder(map: L.Map, groups: L.FeatureGroup[]): void {
  map.on("overlayadd", () => {
    groups.filter((group) => map.hasLayer(group)).forEach((group) => group.bringToFront());
  });
}

function finish(map: L.Map, layers: L.Control.Layers, groups: L.FeatureGroup[]): void {
  mapShown = map;
  keepOrder(map, groups);
  L.control.zoom({ position: "topleft", zoomInTitle: "放大", zoomOutTitle: "缩小" }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 120 }).addTo(map);
  if (settings.invented) {
    L.control.attribution({ prefix: false }).addAttribution("演示数据：边界、道路、点位均为虚构").addTo(map);
  }
  const toggle = layers.getContainer()?.querySelector(".leaflet-control-layers-toggle");
  toggle?.setAttribute("title", "图层");
  toggle?.setAttribute("aria-label", "图层");
  if (map.getSize().x < NARROW) layers.collapse();
  map.getContainer().dataset.ready = "";
}

const api = {
  configure(given: Settings): void { settings = given; },
  point: pointIn,
  style: styleIn,
  each: eachIn,
  road,
  eachRoad,
  area,
  neighbour,
  areaName,
  topFirst,
  finish,
};

Object.assign(L.Control, { Measure: NotedMeasure });
Object.assign(window, { L, fuliangVillage: api });
