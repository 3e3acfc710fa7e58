// The legend of a plan's map: the uses that are there with their areas, and the control lines.
import { button, element } from "./elements";
import type { LineCode, Look } from "./plan-looks";
import { shortArea } from "./plan-words";

export interface LegendUse {
  look: Look;
  m2: number;
  parcels: string[];
}

function swatch(look: Look): HTMLElement {
  const made = document.createElement("canvas");
  made.className = "plan-legend__swatch";
  made.width = 26;
  made.height = 16;
  made.setAttribute("aria-hidden", "true");
  const pen = made.getContext("2d");
  if (pen) {
    pen.fillStyle = look.fill;
    pen.fillRect(0, 0, made.width, made.height);
    pen.strokeStyle = "#1f2937";
    pen.strokeRect(0.5, 0.5, made.width - 1, made.height - 1);
  }
  return made;
}

function lineSwatch(colour: string): HTMLElement {
  const made = element("span", "plan-legend__line");
  made.style.borderColor = colour;
  made.setAttribute("aria-hidden", "true");
  return made;
}

/** Fill a holder with the legend; a click on a use shows its parcels. */
export function showLegend(
  holder: HTMLElement, uses: readonly LegendUse[], lines: readonly (LineCode & { count: number })[],
  choose: (parcels: string[]) => void,
): void {
  const rows = uses.map(({ look, m2, parcels }) => {
    const row = button("", () => { choose(parcels); }, "plan-legend__row");
    row.append(
      swatch(look),
      element("span", "plan-legend__name", `${look.code} ${look.zh}`),
      element("span", "plan-legend__area", shortArea(m2)),
    );
    row.title = `${parcels.length} 个图斑，点击在图上标出`;
    return element("li", "", row);
  });
  const edges = lines.map((line) => element(
    "li", "plan-legend__row plan-legend__row--line", lineSwatch(line.colour),
    element("span", "plan-legend__name", line.zh), element("span", "plan-legend__area", `${line.count} 块`),
  ));
  holder.replaceChildren(
    element("ul", "plan-legend__list", ...rows),
    ...(edges.length > 0 ? [element("ul", "plan-legend__list", ...edges)] : []),
  );
  if (rows.length === 0) holder.prepend(element("p", "muted small", "还没有图斑。"));
}
