// The bar chart beside a thematic map: the greatest values, each bar in the colour of its class.
import { BarChart, type BarSeriesOption } from "echarts/charts";
import { GridComponent, type GridComponentOption } from "echarts/components";
import { type ComposeOption, type ECharts, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { FONT } from "./palette";
import { type ThematicMapData, colourOf, valueOf, valueText } from "./thematic-data";

use([BarChart, GridComponent, CanvasRenderer]);

type Option = ComposeOption<BarSeriesOption | GridComponentOption>;

const MOST_BARS = 20;
const BAR_PIXELS = 20;

export class ThematicChart {
  #holder: HTMLElement | undefined;
  #chart: ECharts | undefined;

  constructor() {
    window.addEventListener("resize", () => { this.#chart?.resize(); });
  }

  show(data: ThematicMapData, year: number | undefined): void {
    // Found by its class: htmx would copy the style of an element with an id, which the policy forbids.
    const holder = document.querySelector<HTMLElement>(".thematic__chart");
    if (!holder) return;
    const bars = Object.entries(data.areas)
      .map(([code, [, name]]) => ({ name, value: valueOf(data, code, year) }))
      .filter((bar): bar is { name: string; value: number } => bar.value !== null)
      .sort((a, b) => b.value - a.value)
      .slice(0, MOST_BARS);
    holder.style.height = `${bars.length * BAR_PIXELS + 16}px`;
    if (holder !== this.#holder) {
      this.#chart?.dispose();
      this.#holder = holder;
      this.#chart = init(holder, null, { renderer: "canvas" });
    }
    this.#chart?.resize();
    this.#chart?.setOption(this.#option(data, bars), true);
  }

  #option(data: ThematicMapData, bars: { name: string; value: number }[]): Option {
    return {
      animation: false,
      textStyle: { fontFamily: FONT },
      grid: { left: 62, right: 96, top: 4, bottom: 4 },
      xAxis: { type: "value", show: false, max: "dataMax" },
      yAxis: {
        type: "category",
        inverse: true,
        data: bars.map((bar) => bar.name),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: "#8b96a5" } },
        axisLabel: { color: "#1f2937", fontSize: 12, width: 56, overflow: "truncate" },
      },
      series: [
        {
          type: "bar",
          barCategoryGap: "28%",
          label: {
            show: true,
            position: "right",
            color: "#1f2937",
            fontSize: 11,
            formatter: ({ value }) => valueText(data, Number(value)),
          },
          data: bars.map((bar) => ({
            value: bar.value,
            itemStyle: { color: colourOf(data, bar.value), borderColor: "#6b7688", borderWidth: 0.5 },
          })),
        },
      ],
    };
  }
}
