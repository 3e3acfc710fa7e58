// Entry of the home page: the county's map.
import "ol/ol.css";

import { CountyMap } from "./county-map";
import { loadConfig } from "./config";
import { problemText } from "./problem";

async function start(holder: HTMLElement): Promise<void> {
  const address = holder.dataset.config ?? "/api/v1/map-config";
  try {
    const county = new CountyMap(holder, await loadConfig(address));
    await county.start();
  } catch (error) {
    const status = Number(error instanceof Error ? error.message : "");
    const words = document.createElement("p");
    words.className = "notice notice--bad";
    words.setAttribute("role", "alert");
    words.textContent = `地图未能打开。${Number.isFinite(status) ? problemText("", status) : "请刷新页面重试。"}`;
    holder.replaceChildren(words);
  }
}

const holder = document.getElementById("map");
if (holder) void start(holder);
