// The buttons at the map's corner.
import type { Measured } from "./measure";
import { button, byId } from "./elements";

export interface ToolActions {
  onMeasure: (kind: Measured) => void;
  onPrint: () => void;
  /** Only where the office has set a basemap of pictures. */
  onPictures: ((shown: boolean) => void) | undefined;
}

function tool(text: string, help: string, act: () => void): HTMLButtonElement {
  const made = button(text, act, "map-tool");
  made.title = help;
  return made;
}

function fullScreen(frame: HTMLElement): HTMLButtonElement {
  const made = tool("全屏", "地图占满屏幕", () => {
    void (document.fullscreenElement ? document.exitFullscreen() : frame.requestFullscreen());
  });
  document.addEventListener("fullscreenchange", () => {
    made.textContent = document.fullscreenElement ? "退出全屏" : "全屏";
  });
  return made;
}

function pictures(onPictures: (shown: boolean) => void): HTMLButtonElement {
  const made = tool("底图", "切换外部底图与本系统底图", () => {
    const shown = made.getAttribute("aria-pressed") !== "true";
    made.setAttribute("aria-pressed", String(shown));
    onPictures(shown);
  });
  made.setAttribute("aria-pressed", "true");
  return made;
}

export function setUpTools(actions: ToolActions): void {
  const tools = [
    tool("测距", "测量距离", () => { actions.onMeasure("LineString"); }),
    tool("测面积", "测量面积", () => { actions.onMeasure("Polygon"); }),
    tool("打印", "按 A4 横向打印当前地图", actions.onPrint),
    fullScreen(byId("map-layout")),
  ];
  if (actions.onPictures) tools.push(pictures(actions.onPictures));
  byId("map-tools").replaceChildren(...tools);
}
