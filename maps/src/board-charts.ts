// The charts of the compliance board: a bar a group, and the rates of five years.
import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from "echarts/charts";
import {
  GridComponent, type GridComponentOption, LegendComponent, type LegendComponentOption, TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { FONT } from "./palette";
import { type ThematicMapData, colourOf } from "./thematic-data";

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>;

/** What the page tells its map and charts: see fuliang_gis/web/pages/board.py. */
export interface Figures {
  map: ThematicMapData;
  level: string;
  division: string;
  judged: Record<string, [onTime: number, judged: number]>;
  bars: [title: string, rate: number | null, onTime: number, judged: number][];
  trend: [title: string, rate: number | null, doneRate: number | null, onTime: number, judged: number][];
}

const MOST_BARS = 24;
const BAR_PIXELS = 22;
const INK = "#1f2937";
const TEXT = { fontFamily: FONT, fontSize: 12, color: INK };
// Tooltips are drawn on the canvas: as HTML they would bring style attributes and take values for markup.
const TOOLTIP = { trigger: "axis", renderMode: "richText", confine: true, transitionDuration: 0 } as const;

export class BoardCharts {
  readonly #charts: ECharts[] = [];
  readonly #resize = (): void => { this.#charts.forEach((chart) => { chart.resize(); }); };

  constructor(figures: Figures) {
    this.#draw(".board__chart--bars", bars(figures), Math.min(figures.bars.length, MOST_BARS) * BAR_PIXELS + 16);
    this.#draw(".board__chart--trend", trend(figures));
    window.addEventListener("resize", this.#resize);
    window.addEventListener("beforeprint", this.#resize);
  }

  dispose(): void {
    window.removeEventListener("resize", this.#resize);
    window.removeEventListener("beforeprint", this.#resize);
    this.#charts.forEach((chart) => { chart.dispose(); });
  }

  #draw(selector: string, option: Option, height?: number): void {
    const holder = document.querySelector<HTMLElement>(selector);
    if (!holder) return;
    if (height) holder.style.height = `${height}px`;
    const chart = init(holder, null, { renderer: "canvas" });
    chart.setOption(option);
    this.#charts.push(chart);
  }
}

/** The groups with the lowest rates first: they are what somebody must do something about. */
function bars({ bars: given, map }: Figures): Option {
  const shown = given.filter((bar) => bar[1] !== null).slice(0, MOST_BARS);
  return {
    animation: false,
    textStyle: TEXT,
    grid: { left: 84, right: 120, top: 4, bottom: 4 },
    xAxis: { type: "value", show: false, min: 0, max: 100 },
    yAxis: {
      type: "category",
      inverse: true,
      data: shown.map((bar) => bar[0]),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: "#8b96a5" } },
      axisLabel: { ...TEXT, width: 78, overflow: "truncate" },
    },
    series: [{
      type: "bar",
      barCategoryGap: "28%",
      showBackground: true,
      backgroundStyle: { color: "#eef1f4" },
      label: {
        show: true,
        position: "right",
        ...TEXT,
        fontSize: 11,
        formatter: ({ dataIndex }) => {
          const bar = shown[dataIndex];
          return bar ? `${String(bar[1])}%（${bar[2]}/${bar[3]}）` : "";
        },
      },
      data: shown.map((bar) => ({
        value: bar[1] ?? 0,
        itemStyle: { color: colourOf(map, bar[1]), borderColor: "#6b7688", borderWidth: 0.5 },
      })),
    }],
  };
}

function trend({ trend: given }: Figures): Option {
  // Periods before anything was owed would only push the line aside.
  const first = given.findIndex((each) => each[4] > 0);
  const shown = first < 0 ? [] : given.slice(first);
  const line = { type: "line", connectNulls: false, symbolSize: 7, lineStyle: { width: 2.5 } } as const;
  return {
    animation: false,
    textStyle: TEXT,
    color: ["#1d4e89", "#bf812d"],
    legend: { top: 0, right: 8, itemWidth: 22, textStyle: TEXT },
    tooltip: {
      ...TOOLTIP,
      formatter: (found) => {
        const at = (Array.isArray(found) ? found[0] : found)?.dataIndex ?? 0;
        const each = shown[at];
        if (!each) return "";
        const [title, rate, done, onTime, judged] = each;
        const say = (value: number | null): string => (value === null ? "—" : `${value}%`);
        return `${title}\n按期合规率 ${say(rate)}\n最终完成率 ${say(done)}\n按期 ${onTime} ÷ 已到期或已完成 ${judged}`;
      },
    },
    grid: { left: 44, right: 20, top: 34, bottom: 28 },
    xAxis: {
      type: "category",
      data: shown.map((each) => each[0]),
      axisLabel: { ...TEXT, formatter: (title: string) => title.replace("年第", "Q").replace("季度", "").replace("年", "-").replace("月", "") },
    },
    yAxis: {
      type: "value",
      max: 100,
      min: ({ min }: { min: number }) => Math.max(0, Math.floor((min - 5) / 10) * 10),
      axisLabel: { ...TEXT, formatter: "{value}%" },
      splitLine: { lineStyle: { color: "#e3e7ec" } },
    },
    series: [
      { ...line, name: "按期合规率", data: shown.map((each) => each[1]) },
      { ...line, name: "最终完成率", lineStyle: { width: 2, type: "dashed" }, symbol: "diamond", data: shown.map((each) => each[2]) },
    ],
  };
}
