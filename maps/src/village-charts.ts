// Charts of a village's page, from the tables that stand beside them: [data-chart] names its table by id and
// takes titles, values and colours from it, so that both always tell the same.
import "../styles/villages.css";

import { BarChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { type EChartsCoreOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { FONT } from "./palette";
import { colourSwatches } from "./swatches";

use([BarChart, CanvasRenderer, GridComponent, LegendComponent, TooltipComponent]);

const PALETTE = ["#1d4e89", "#bf812d", "#35978f", "#762a83", "#d6604d", "#5aae61", "#8c8c8c"];
const ROW = 30;
const FRAME = 46;
const INK = "#1f2937";

interface Sheet {
  heads: string[];
  rows: { title: string; colour: string | undefined; values: number[] }[];
}

function read(table: HTMLTableElement): Sheet {
  const heads = [...table.tHead?.rows[0]?.cells ?? []].slice(1).map((cell) => cell.textContent.trim());
  // A row that has a chart of its own would make the others' bars too short to see.
  const shown = [...table.tBodies[0]?.rows ?? []].filter((row) => row.dataset.apart === undefined);
  const rows = shown.map((row) => ({
    title: row.cells[0]?.textContent.trim() ?? "",
    colour: row.dataset.colour,
    values: [...row.cells].slice(1).map((cell) => Number(cell.dataset.value ?? "0")),
  }));
  return { heads, rows };
}

// Tooltips are drawn on the canvas: as HTML they would bring style attributes and take values for markup.
const TOOLTIP = { trigger: "axis", axisPointer: { type: "shadow" }, renderMode: "richText", confine: true };
const TEXT = { fontFamily: FONT, fontSize: 12, color: INK };

/** One bar a row, the longest names in full. */
function bars(sheet: Sheet): EChartsCoreOption {
  const rows = sheet.rows.toReversed();
  return {
    textStyle: TEXT,
    tooltip: TOOLTIP,
    grid: { left: 4, right: 44, top: 4, bottom: 4, containLabel: true },
    xAxis: { type: "value", minInterval: 1, axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: {
      type: "category",
      data: rows.map((row) => row.title),
      axisTick: { show: false },
      axisLabel: { ...TEXT, width: 120, overflow: "truncate" },
    },
    series: [{
      type: "bar",
      name: sheet.heads[0] ?? "",
      barMaxWidth: 18,
      data: rows.map((row) => ({ value: row.values[0] ?? 0, itemStyle: { color: row.colour ?? PALETTE[0] } })),
      label: { show: true, position: "right", ...TEXT },
    }],
  };
}

/** One stacked column a row. */
function stacks(sheet: Sheet): EChartsCoreOption {
  return {
    textStyle: TEXT,
    color: PALETTE,
    tooltip: TOOLTIP,
    legend: { type: "plain", bottom: 0, itemWidth: 14, textStyle: TEXT },
    grid: { left: 4, right: 8, top: 26, bottom: 34, containLabel: true },
    xAxis: { type: "category", data: sheet.rows.map((row) => row.title), axisLabel: TEXT },
    yAxis: { type: "value", name: "万元", nameTextStyle: TEXT, axisLabel: TEXT },
    series: sheet.heads.map((head, i) => ({
      type: "bar", name: head, stack: "all", barMaxWidth: 34, data: sheet.rows.map((row) => row.values[i] ?? 0),
    })),
  };
}

function draw(holder: HTMLElement): void {
  const table = document.getElementById(holder.dataset.table ?? "");
  if (!(table instanceof HTMLTableElement)) return;
  const sheet = read(table);
  const stacked = holder.dataset.chart === "stacks";
  if (!stacked) holder.style.height = `${sheet.rows.length * ROW + FRAME}px`;
  const chart = init(holder);
  chart.setOption({ ...(stacked ? stacks(sheet) : bars(sheet)), animation: false });
  new ResizeObserver(() => { chart.resize(); }).observe(holder);
}

document.querySelectorAll<HTMLElement>("[data-chart]").forEach(draw);
colourSwatches();
