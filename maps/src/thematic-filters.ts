// The form comes anew with every choice; its filter boxes stay open and scrolled as they were.

interface Kept {
  open: boolean;
  top: number;
}

const BOX = "details.thematic-filter";
const GROUPS = ".thematic-filter__groups";

function read(): Map<string, Kept> {
  const boxes = [...document.querySelectorAll<HTMLDetailsElement>(BOX)];
  return new Map(boxes.map((box) => [box.id, { open: box.open, top: box.querySelector(GROUPS)?.scrollTop ?? 0 }]));
}

function restore(kept: ReadonlyMap<string, Kept>): void {
  document.querySelectorAll<HTMLDetailsElement>(BOX).forEach((box) => {
    const was = kept.get(box.id);
    if (!was) return;
    box.open = was.open;
    const groups = box.querySelector(GROUPS);
    if (groups) groups.scrollTop = was.top;
  });
}

export function keepFilters(): void {
  let kept: ReadonlyMap<string, Kept> = new Map();
  let top = 0;
  document.addEventListener("htmx:beforeSwap", () => {
    kept = read();
    top = document.getElementById("thematic-form")?.scrollTop ?? 0;
  });
  document.addEventListener("htmx:afterSettle", () => {
    restore(kept);
    const form = document.getElementById("thematic-form");
    if (form) form.scrollTop = top;
  });
}
