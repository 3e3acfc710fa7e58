// Runs chance edits on a village by the editor's own module and prints what becomes of it: see test_plan_topology.py.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , bundle, input] = process.argv;
const { Coverage, Refusal, edits, innerPlace, ringsFrom, distance, boxOf, edgesOf } = await import(pathToFileURL(bundle).href);
const given = JSON.parse(readFileSync(input, "utf8"));

/** A small generator of chance (mulberry32), so that a failing seed can be run again. */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const random = chance(given.seed);
const pick = (list) => list[Math.floor(random() * list.length)];
const coverage = new Coverage(
  given.boundary.map(ringsFrom),
  given.parcels.map(({ id, rings }) => ({ id, code: "0101", label: "", households: 1, rings: ringsFrom(rings) })),
);
const look = { code: "0703", label: "", households: 1 };
const anyParcel = () => pick([...coverage.parcels.values()]);
const anyNode = () => pick(anyParcel().rings[0]);
const anyEdge = () => pick(edgesOf(anyParcel().rings));
const near = ([x, y], by) => [x + (random() - 0.5) * by, y + (random() - 0.5) * by];
const middle = (parcel) => innerPlace(parcel.rings);
const onEdge = ([a, b]) => [a[0] + (b[0] - a[0]) * random(), a[1] + (b[1] - a[1]) * random()];
const size = given.size;

const acts = {
  split() {
    const parcel = anyParcel();
    const [left, bottom, right, top] = boxOf(parcel.rings);
    const long = right - left + top - bottom;
    const turn = random() * Math.PI;
    const [x, y] = middle(parcel);
    const [dx, dy] = [Math.cos(turn) * long, Math.sin(turn) * long];
    return edits.split(coverage, [parcel.id], [[x - dx, y - dy], near([x, y], size / 40), [x + dx, y + dy]]);
  },
  splitNodeToNode() {
    const parcel = anyParcel();
    return edits.split(coverage, [parcel.id], [pick(parcel.rings[0]), middle(parcel), onEdge(pick(edgesOf(parcel.rings)))]);
  },
  merge() {
    const parcel = anyParcel();
    const [best] = edits.bordersOf(coverage, parcel);
    return best ? edits.merge(coverage, [parcel.id, best.parcel.id], parcel.id) : new Map();
  },
  hole() {
    const parcel = anyParcel();
    const at = middle(parcel);
    const by = size / 60;
    return edits.cutHole(coverage, parcel.id, [near(at, by), [at[0] + by, at[1]], [at[0], at[1] + by]], look)[0];
  },
  moveCorner() {
    const node = anyNode();
    return edits.moveCorner(coverage, node, near(node, size / 30));
  },
  insertNode() {
    const edge = anyEdge();
    return edits.insertNode(coverage, edge, onEdge(edge))[0];
  },
  removeNode() {
    return edits.removeNode(coverage, anyNode());
  },
  draw() {
    const at = middle(anyParcel());
    const by = size / 6;
    return edits.draw(coverage, [near(at, by), near(at, by), near(at, by), onEdge(anyEdge())], look)[0];
  },
  drawSnapped() {
    const parcel = anyParcel();
    return edits.draw(coverage, [pick(parcel.rings[0]), pick(parcel.rings[0]), near(middle(parcel), size / 10)], look)[0];
  },
  reshape() {
    const parcel = anyParcel();
    const [from, to] = [pick(parcel.rings[0]), onEdge(pick(edgesOf(parcel.rings)))];
    return edits.reshape(coverage, parcel.id, [from, near(middle(parcel), size / 8), to]);
  },
  give() {
    const parcel = anyParcel();
    const [best] = edits.bordersOf(coverage, parcel);
    return best ? edits.remove(coverage, [parcel.id], best.parcel.id) : new Map();
  },
  cutByArea() {
    const parcel = anyParcel();
    const [x, y] = middle(parcel);
    const by = size / 20;
    return edits.cutByArea(coverage, parcel.id, [[[[x, y - 9 * by], [x + 9 * by, y - 9 * by], [x + 9 * by, y + 9 * by], [x, y + 9 * by], [x, y - 9 * by]]]])[0];
  },
  putUpon() {
    const parcel = anyParcel();
    const before = new Map(coverage.parcels);
    edits.putUpon(coverage, new Map([[parcel.id, parcel]]));
    return new Map([...coverage.parcels].filter(([id, each]) => before.get(id) !== each));
  },
};

const names = given.acts ?? Object.keys(acts);
const told = { done: {}, refused: {} };
const touched = new Set();
for (let i = 0; i < given.steps; i += 1) {
  const name = pick(names);
  try {
    const changes = acts[name]();
    coverage.apply(changes);
    for (const id of changes.keys()) touched.add(id);
    told.done[name] = (told.done[name] ?? 0) + 1;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const key = `${name}: ${error.code}`;
    told.refused[key] = (told.refused[key] ?? 0) + 1;
  }
}
const parcels = [...coverage.parcels.values()].map(({ id, rings }) => ({ id, rings }));
process.stdout.write(JSON.stringify({ ...told, parcels, touched: [...touched] }));
