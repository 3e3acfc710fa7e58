// The editor's map on the plane EPSG:4548: parcels as a picture that is drawn anew only when they change, and above it
// what moves: the parcels under a drag, what is chosen with its nodes, the line that is being drawn.
import "ol/ol.css";

import Feature from "ol/Feature";
import OlMap from "ol/Map";
import { type Extent, createEmpty, extend, isEmpty } from "ol/extent";
import LineString from "ol/geom/LineString";
import MultiPoint from "ol/geom/MultiPoint";
import MultiPolygon from "ol/geom/MultiPolygon";
import Point from "ol/geom/Point";
import Polygon from "ol/geom/Polygon";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import VectorLayer from "ol/layer/Vector";
import VectorImageLayer from "ol/layer/VectorImage";
import VectorSource from "ol/source/Vector";
import type { StyleLike } from "ol/style/Style";

import { mapControls } from "./controls";
import type { Sketch } from "./plan-edit-api";
import type { Snapped } from "./plan-edit-snap";
import {
  CHOSEN_EDGE, CURRENT, HANDLES, MIDDLES, MOVED, OTHER, REFUSED, SKETCH_AREA, SKETCH_LINE, SKETCH_NODES, snapStyle,
} from "./plan-edit-styles";
import { BOUNDARY, type LineCode, ParcelStyles, type UseCode, findingStyle, lineStyles, looksOf } from "./plan-looks";
import { planeFeature, planeFormat, planeView } from "./plan-plane";
import type { Parcel, Place, Rings } from "./plan-topology";

const CLOSEST_M = 0.005;

export class EditorMap {
  readonly map: OlMap;
  readonly #parcels = new VectorSource<Feature<Polygon>>();
  readonly #base = new VectorSource<Feature>();
  readonly #lines = new VectorSource<Feature>();
  readonly #border = new VectorSource<Feature>();
  readonly #other = new VectorSource<Feature<Polygon>>();
  readonly #findings = new VectorSource<Feature>();
  readonly #moving = new VectorSource<Feature<Polygon>>({ useSpatialIndex: false });
  readonly #chosen = new VectorSource<Feature>({ useSpatialIndex: false });
  readonly #sketch = new VectorSource<Feature>({ useSpatialIndex: false });
  readonly #marks = new VectorSource<Feature>({ useSpatialIndex: false });
  readonly #styles = new ParcelStyles();
  readonly #parcelLayer: VectorImageLayer<VectorSource<Feature<Polygon>>>;
  readonly #baseLayer: VectorImageLayer<VectorSource<Feature>>;
  readonly #otherLayer: VectorImageLayer<VectorSource<Feature<Polygon>>>;
  readonly #movingLayer: VectorLayer<VectorSource<Feature<Polygon>>>;
  readonly #lineLayer: VectorLayer<VectorSource<Feature>>;
  readonly #findingLayer: VectorLayer<VectorSource<Feature>>;
  readonly #uses: ReadonlyMap<string, UseCode>;
  #used = "";
  #labels = true;
  #village = false;
  #hiddenLines = new Set<string>();

  constructor(holder: HTMLElement, uses: readonly UseCode[], lineCodes: readonly LineCode[]) {
    this.#uses = new Map(uses.map((use) => [use.code, use]));
    const asParcel = (labels: () => boolean) => (feature: Parameters<ParcelStyles["of"]>[0], resolution: number) =>
      this.#styles.of(feature, resolution, labels());
    const image = { declutter: true, imageRatio: 1.4 };
    this.#parcelLayer = new VectorImageLayer({ ...image, source: this.#parcels, style: asParcel(() => this.#labels), zIndex: 1 });
    this.#baseLayer = new VectorImageLayer({ ...image, source: this.#base, style: asParcel(() => this.#labels), zIndex: 2, visible: false });
    this.#otherLayer = new VectorImageLayer({ ...image, source: this.#other, style: OTHER, zIndex: 4 });
    this.#movingLayer = new VectorLayer({ source: this.#moving, style: asParcel(() => false), zIndex: 3, updateWhileAnimating: true, updateWhileInteracting: true });
    const lined = lineStyles(lineCodes);
    this.#lineLayer = new VectorLayer({
      source: this.#lines, zIndex: 5,
      style: (feature) => (this.#hiddenLines.has(String(feature.get("code"))) ? undefined : lined(feature)),
    });
    this.#findingLayer = new VectorLayer({ source: this.#findings, style: findingStyle, zIndex: 10 });
    const live = { updateWhileAnimating: true, updateWhileInteracting: true };
    this.map = new OlMap({
      target: holder,
      controls: mapControls({ invented: false }),
      interactions: defaultInteractions({ altShiftDragRotate: false, pinchRotate: false, shiftDragZoom: false, doubleClickZoom: false }),
      layers: [
        this.#parcelLayer, this.#baseLayer, this.#movingLayer, this.#otherLayer, this.#lineLayer,
        new VectorLayer({ source: this.#border, style: BOUNDARY, zIndex: 8 }),
        this.#findingLayer,
        new VectorLayer({ source: this.#chosen, zIndex: 20, ...live }),
        new VectorLayer({ source: this.#sketch, zIndex: 30, ...live }),
        new VectorLayer({ source: this.#marks, zIndex: 25, ...live }),
      ],
      view: planeView(CLOSEST_M),
    });
  }

  get resolution(): number {
    return this.map.getView().getResolution() ?? 1;
  }

  /** What does not change while the scheme is edited. */
  drawGround(sketch: Sketch): void {
    const read = (features: readonly object[]): Feature[] => planeFormat.readFeatures({ type: "FeatureCollection", features });
    this.#base.addFeatures(read(sketch.base));
    this.#lines.addFeatures(read(sketch.lines));
    this.#border.addFeature(planeFeature(sketch.boundary));
  }

  drawParcels(parcels: Iterable<Parcel>): void {
    this.#parcels.clear(true);
    this.#parcels.addFeatures([...parcels].map(featureOf));
    this.#refreshLooks();
  }

  /** Draw parcels that are new or other, and take away those that are gone. */
  update(ids: ReadonlySet<string>, parcels: ReadonlyMap<string, Parcel>): void {
    for (const id of ids) {
      const parcel = parcels.get(id);
      const known = this.#parcels.getFeatureById(id);
      if (known instanceof Feature && parcel) take(known, parcel);
      else if (known instanceof Feature) this.#parcels.removeFeature(known);
      else if (parcel) this.#parcels.addFeature(featureOf(parcel));
    }
    this.#refreshLooks();
  }

  /** Marks tell equal colours apart, so they depend on which codes there are. */
  #refreshLooks(): void {
    const codes = [...this.#parcels.getFeatures(), ...this.#base.getFeatures(), ...this.#other.getFeatures()]
      .map((each) => String(each.get("code")));
    const used = `${[...new Set(codes)].sort().join()} ${this.#village}`;
    if (used === this.#used) return;
    this.#used = used;
    this.#styles.looks = looksOf(codes, this.#uses, this.#village);
    this.#redraw();
  }

  #redraw(): void {
    for (const layer of [this.#parcelLayer, this.#baseLayer, this.#movingLayer]) layer.changed();
  }

  // --- what is seen ---

  showBase(on: boolean): void {
    this.#baseLayer.setVisible(on);
  }

  showFindings(on: boolean): void {
    this.#findingLayer.setVisible(on);
  }

  showLabels(on: boolean): void {
    this.#labels = on;
    this.#redraw();
  }

  showVillageColours(on: boolean): void {
    this.#village = on;
    this.#refreshLooks();
  }

  showLines(code: string, on: boolean): void {
    if (on) this.#hiddenLines.delete(code);
    else this.#hiddenLines.add(code);
    this.#lineLayer.changed();
  }

  /** Another scheme, or an older version, over this one. */
  showOther(parcels: readonly Parcel[]): void {
    this.#other.clear(true);
    this.#other.addFeatures(parcels.map(featureOf));
    this.#refreshLooks();
  }

  /** An older version in the place of what is edited. */
  showInstead(parcels: readonly Parcel[] | undefined): void {
    this.#otherLayer.setStyle(parcels ? (feature, resolution) => this.#styles.of(feature, resolution, this.#labels) : OTHER);
    this.#parcelLayer.setVisible(!parcels);
    this.showOther(parcels ?? []);
  }

  fit(): void {
    this.#look(this.#border.getExtent());
  }

  lookAt(rings: Rings): void {
    this.#look(new Polygon(coordinates(rings)).getExtent());
  }

  look(extent: Extent): void {
    this.#look(extent);
  }

  lookAtPlace(place: Place): void {
    const view = this.map.getView();
    const [left = 0, bottom = 0, right = 0, top = 0] = view.calculateExtent(this.map.getSize());
    if (place[0] < left || place[0] > right || place[1] < bottom || place[1] > top) view.setCenter([...place]);
  }

  #look(extent: Extent | null): void {
    if (!extent || isEmpty(extent)) return;
    this.map.getView().fit(extent, { padding: [50, 50, 50, 50], minResolution: 0.1 });
  }

  // --- what moves ---

  drawChosen(parcels: readonly Parcel[], handles: readonly Place[], middles: readonly Place[]): void {
    this.#chosen.clear(true);
    this.#chosen.addFeatures([
      styled(new MultiPolygon(parcels.map(({ rings }) => coordinates(rings))), CHOSEN_EDGE),
      styled(new MultiPoint(middles.map(([x, y]) => [x, y])), MIDDLES),
      styled(new MultiPoint(handles.map(([x, y]) => [x, y])), HANDLES),
    ]);
  }

  /** Parcels as they would be; `fits` tells whether the server would take them so. */
  drawMoving(parcels: readonly Parcel[], fits: boolean): void {
    this.#moving.clear(true);
    this.#moving.addFeatures(parcels.map(featureOf));
    this.#chosen.clear(true);
    this.#chosen.addFeature(styled(new MultiPolygon(parcels.map(({ rings }) => coordinates(rings))), fits ? CHOSEN_EDGE : REFUSED));
  }

  clearMoving(): void {
    this.#moving.clear();
  }

  drawSketch(line: readonly Place[], closed: boolean, fixed: number, snapped?: Snapped): void {
    this.#sketch.clear(true);
    const places = line.map(([x, y]) => [x, y]);
    const [first] = places;
    const found: Feature[] = [];
    if (closed && places.length > 2 && first) found.push(styled(new Polygon([[...places, first]]), SKETCH_AREA));
    if (places.length > 1) found.push(styled(new LineString(places), SKETCH_LINE));
    found.push(styled(new MultiPoint(places.slice(0, fixed)), SKETCH_NODES));
    if (snapped) found.push(styled(new Point([...snapped.place]), snapStyle(snapped.kind)));
    this.#sketch.addFeatures(found);
  }

  /** Parcels of another scheme that are picked. */
  drawPicked(parcels: readonly Parcel[]): void {
    this.#sketch.clear(true);
    this.#sketch.addFeature(styled(new MultiPolygon(parcels.map(({ rings }) => coordinates(rings))), CHOSEN_EDGE));
  }

  clearSketch(): void {
    this.#sketch.clear();
  }

  /** The node that keys move. */
  drawCurrent(place: Place | undefined): void {
    this.#marks.clear(true);
    if (place) this.#marks.addFeature(styled(new Point([...place]), CURRENT));
    else this.#marks.changed();
  }

  // --- what is wrong ---

  drawFindings(findings: readonly { severity: string; geometry: object | null }[]): void {
    this.#findings.clear(true);
    this.#findings.addFeatures(findings.flatMap(({ geometry, severity }) => (geometry ? [planeFeature(geometry, { severity })] : [])));
    this.#findings.changed();
  }

  markMoved(places: readonly object[]): void {
    this.#marks.clear(true);
    this.#marks.addFeatures(places.map((each) => {
      const feature = planeFeature(each);
      feature.setStyle(MOVED);
      return feature;
    }));
  }

  markRefused(parcels: readonly Parcel[], place?: Place): void {
    this.#marks.clear(true);
    this.#marks.addFeature(styled(new MultiPolygon(parcels.map(({ rings }) => coordinates(rings))), REFUSED));
    if (place) this.#marks.addFeature(styled(new Point([...place]), CURRENT));
  }

  clearMarks(): void {
    this.#marks.clear();
  }
}

function styled(geometry: Point | MultiPoint | LineString | Polygon | MultiPolygon, style: StyleLike): Feature {
  const made = new Feature(geometry);
  made.setStyle(style);
  return made;
}

function coordinates(rings: Rings): number[][][] {
  return rings.map((ring) => ring.map(([x, y]) => [x, y]));
}

function featureOf(parcel: Parcel): Feature<Polygon> {
  const made = new Feature<Polygon>({ code: parcel.code, label: parcel.label });
  made.setId(parcel.id);
  made.setGeometry(new Polygon(coordinates(parcel.rings)));
  return made;
}

function take(feature: Feature<Polygon>, parcel: Parcel): void {
  feature.setProperties({ code: parcel.code, label: parcel.label }, true);
  feature.setGeometry(new Polygon(coordinates(parcel.rings)));
}

/** The box around a shape of the service. */
export function extentOfShape(shape: object): Extent {
  const extent = createEmpty();
  const own = planeFeature(shape).getGeometry()?.getExtent();
  return own ? extend(extent, own) : extent;
}
