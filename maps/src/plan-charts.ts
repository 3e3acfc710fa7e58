// The flow of land from the base year's uses to the target year's; the matrix beside tells the same in numbers.
import { SankeyChart, type SankeySeriesOption } from "echarts/charts";
import { TooltipComponent, type TooltipComponentOption } from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { FONT } from "./palette";

use([SankeyChart, TooltipComponent, CanvasRenderer]);

type Option = ComposeOption<SankeySeriesOption | TooltipComponentOption>;

interface Flow {
  before: string;
  after: string;
  ha: number;
}

const INK = "#1f2937";
const TINTS = ["#0072b2", "#d55e00", "#009e73", "#aa4499", "#a6761d", "#332288", "#3a97cf", "#882255", "#66702a"];

export function drawTransfers(holder: HTMLElement): void {
  const flows = JSON.parse(holder.dataset.transfers ?? "[]") as Flow[];
  if (flows.length === 0) return;
  const names = [...new Set(flows.flatMap(({ before, after }) => [before, after]))];
  const tint = (name: string): string => TINTS[names.indexOf(name) % TINTS.length] ?? INK;
  const ends = (side: "before" | "after", words: string): { name: string; itemStyle: { color: string } }[] =>
    [...new Set(flows.map((flow) => flow[side]))].map((name) => ({ name: `${words} ${name}`, itemStyle: { color: tint(name) } }));
  const option: Option = {
    animation: false,
    textStyle: { fontFamily: FONT, fontSize: 12, color: INK },
    tooltip: {
      renderMode: "richText", confine: true, transitionDuration: 0,
      formatter: (found) => {
        const told = Array.isArray(found) ? found[0] : found;
        const data = told?.data as { source?: string; target?: string; value?: number } | undefined;
        if (data?.source) return `${data.source} → ${data.target ?? ""}\n${(data.value ?? 0).toFixed(2)} 公顷`;
        return told?.name ?? "";
      },
    },
    series: [{
      type: "sankey",
      left: 8, right: 150, top: 8, bottom: 8,
      nodeGap: 10, draggable: false, emphasis: { focus: "adjacency" },
      lineStyle: { color: "source", opacity: 0.35 },
      label: { fontFamily: FONT, fontSize: 12, color: INK },
      data: [...ends("before", "基期"), ...ends("after", "目标")],
      links: flows.map(({ before, after, ha }) => ({ source: `基期 ${before}`, target: `目标 ${after}`, value: ha })),
    }],
  };
  const chart = init(holder, null, { renderer: "canvas" });
  chart.setOption(option);
  window.addEventListener("resize", () => { chart.resize(); });
  window.addEventListener("beforeprint", () => { chart.resize(); });
}
