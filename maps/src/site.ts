// Entry of every page: styles, htmx, confirmations, messages, and the small map where a page has one.
import "../styles/site.css";
import "../styles/status.css";

import { askBeforeActing } from "./confirm";
import { foldFilters } from "./fold-filters";
import { setUpHtmx } from "./htmx";
import { setUpMenus } from "./menus";

setUpHtmx();
askBeforeActing();
setUpMenus();
foldFilters(document);

// The map library is large, so pages without a map do not load it.
async function drawLocationMaps(root: ParentNode): Promise<void> {
  const holders = root.querySelectorAll<HTMLElement>("[data-location-map]:not([data-drawn])");
  if (holders.length === 0) return;
  const { LocationMap } = await import("./location-map");
  holders.forEach((holder) => {
    if (holder.dataset.drawn !== undefined) return;
    holder.dataset.drawn = "";
    new LocationMap(holder);
  });
}

void drawLocationMaps(document);
document.addEventListener("htmx:load", (event) => {
  if (!(event.target instanceof HTMLElement)) return;
  void drawLocationMaps(event.target);
  foldFilters(event.target);
});
