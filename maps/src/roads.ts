// Entry of the pages of roads: the map of the report, and drawing a closure with the roads that it would touch.
import "../styles/roads.css";

import { ClosureDrawing } from "./roads-drawing";
import { RoadsMap } from "./roads-map";
import { showToast } from "./toast";

function draw(map: RoadsMap, address: string): void {
  map.show(address).catch(() => { showToast("地图未能打开，请刷新页面重试；列表不受影响。", "warn"); });
}

const report = document.getElementById("roads-map");
if (report?.dataset.shapes) draw(new RoadsMap(report), report.dataset.shapes);

const closures = document.getElementById("closures-map");
if (closures?.dataset.shapes) {
  const shown = new RoadsMap(closures);
  new ClosureDrawing(closures, shown.map).begin();
  draw(shown, closures.dataset.shapes);
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-show-closure]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      shown.look((feature) => String(feature.get("id")) === button.dataset.showClosure);
      closures.scrollIntoView({ block: "nearest" });
      closures.focus({ preventScroll: true });
    });
  }
}
