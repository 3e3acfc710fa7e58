// Quick remedies for what the checks find; only those that work on what is there are offered.
import { type AreaShape, type Finding, partsOf } from "./plan-edit-api";
import type { Desk } from "./plan-edit-desk";
import { parcelName } from "./plan-words";
import { bordersOf, clip, cutByArea, cutOverlap, draw, give, merge, together } from "./plan-topology-edits";
import { type Changes, type Parcel, type Rings, freshId } from "./plan-topology";

export interface Fix {
  words: string;
  act: () => void;
}

export interface FixMeans {
  desk: Desk;
  /** Outlines of control lines, by id. */
  lines: ReadonlyMap<string, readonly Rings[]>;
  /** Let the server fit a parcel to its neighbours. */
  align: (parcel: Parcel) => void;
  chooseCode: (parcel: Parcel) => void;
}

export function fixesOf(finding: Finding, means: FixMeans): Fix[] {
  const { desk } = means;
  const parcels = finding.parcels.map((id) => desk.model.parcels.get(id)).filter((each) => each !== undefined);
  const [first, second] = parcels;
  if (finding.fix === "fill_gap") return gapFixes(finding, desk);
  if (!first) return [];
  const { coverage } = desk.model;
  const does = (words: string, edit: () => Changes | [Changes, ...(string | string[])[]]): Fix => ({ words, act: () => { desk.attempt(words, edit); } });
  switch (finding.fix) {
    case "cut_overlap":
      return second ? [first, second].map((keeper, i) => {
        const other = i === 0 ? second : first;
        return does(`重叠处归 ${nameOf(desk, keeper)}`, () => cutOverlap(coverage, keeper.id, other.id));
      }) : [];
    case "clip":
      return [does("裁到村界", () => clip(coverage, first.id))];
    case "merge": {
      const [best] = bordersOf(coverage, first);
      return best ? [does(`并入 ${nameOf(desk, best.parcel)}`, () => [merge(coverage, [first.id, best.parcel.id], best.parcel.id), best.parcel.id])] : [];
    }
    case "cut_by_line": {
      const areas = finding.lines.flatMap((id) => means.lines.get(id) ?? []);
      return areas.length > 0 ? [does("沿管控边界分开", () => cutByArea(coverage, first.id, areas))] : [];
    }
    case "align_edges":
      return [{ words: "修补边界", act: () => { means.align(first); } }];
    case "choose_code":
      return [{ words: "选择用地", act: () => { means.chooseCode(first); } }];
    default:
      return [];
  }
}

function nameOf(desk: Desk, parcel: Parcel): string {
  return `${parcelName(parcel, desk.nameOf)}（${parcel.id}）`;
}

function gapFixes({ geometry }: Finding, desk: Desk): Fix[] {
  if (!geometry || !["Polygon", "MultiPolygon"].includes(geometry.type)) return [];
  const parts = partsOf(geometry as AreaShape);
  const { coverage } = desk.model;
  const look = desk.look;
  const fixes: Fix[] = [{
    words: `补画为 ${look.code} ${desk.nameOf(look.code)}`,
    act: () => {
      desk.attempt("补画空隙", () => (parts.length === 1 && parts[0]?.length === 1
        ? draw(coverage, parts[0][0] ?? [], look)
        : together(coverage, parts.map((rings) => () => give(coverage, { ...look, id: freshId(), rings: [] }, rings)))));
    },
  }];
  const taker = longestBeside(desk, parts);
  if (taker) {
    fixes.push({
      words: `并入 ${nameOf(desk, taker)}`,
      act: () => { desk.attempt("空隙并入相邻图斑", () => together(coverage, parts.map((rings) => () => give(coverage, coverage.get(taker.id), rings)))); },
    });
  }
  return fixes;
}

/** The parcel with the longest border to a gap. */
function longestBeside(desk: Desk, parts: readonly Rings[]): Parcel | undefined {
  const [rings] = parts;
  if (!rings) return undefined;
  return bordersOf(desk.model.coverage, { id: "", code: "", label: "", households: 1, rings })[0]?.parcel;
}
