// Entry of the thematic maps: one map, two beside each other, or two under a swipe; time slider, table, print.
import "ol/ol.css";
import "../styles/thematic.css";

import { ThematicPage } from "./thematic-page";
import { showToast } from "./toast";

const holder = document.getElementById("thematic-maps");
if (holder) {
  const page = new ThematicPage(holder);
  page.start().catch(() => { showToast("专题图未能打开，请刷新页面重试。", "bad"); });
}
