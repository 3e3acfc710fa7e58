// The home page's first script: asks for what the map shows first while the map's own scripts are on their way.
// The map computes all of this anew; a guess that is wrong costs the time that it would have saved.
import { type Narrowed, readColouring, readNarrowed, readSeen, tilesOf } from "./address";
import { askAhead } from "./ahead";
import { CLOSE_LOOK, type LonLatExtent, type MapConfig, PADDING, readConfig, readCounty } from "./config";
import { beginGround } from "./ground-start";
import { type Sight, groundView } from "./ground-view";
import { type Box, boxIn, placeOnMap, resolutionOf } from "./mercator";
import { GROUND_GRID, LOCATION_GRID, addressOf, covering } from "./tiles";

/** A box as the map's view fits it into the window. */
function fitted(extent: LonLatExtent, size: readonly [number, number]): Sight {
  const [west, south, east, north] = boxIn(extent);
  const [top, right, bottom, left] = PADDING;
  const [wide, high] = [size[0] - left - right, size[1] - top - bottom];
  const resolution = Math.max((east - west) / wide, (north - south) / high, resolutionOf(CLOSE_LOOK));
  const [aside, above] = [((right - left) / 2) * resolution, ((top - bottom) / 2) * resolution];
  return { center: [(west + east) / 2 + aside, (south + north) / 2 + above], resolution, size };
}

function firstSight(config: MapConfig, size: readonly [number, number]): Sight {
  const seen = readSeen(window.location.hash);
  if (!seen) return fitted(config.extent, size);
  return { center: placeOnMap(seen.lon, seen.lat), resolution: resolutionOf(seen.zoom), size };
}

function boxOfSight({ center: [x = 0, y = 0], resolution, size: [wide = 0, high = 0] }: Sight): Box {
  const [aside, above] = [(wide * resolution) / 2, (high * resolution) / 2];
  return [x - aside, y - above, x + aside, y + above];
}

function askForLocations(config: MapConfig, sight: Sight, within: Box): void {
  const narrowed: Narrowed = readNarrowed(window.location.search);
  const colouring = readColouring(window.location.search);
  const places = covering(LOCATION_GRID, boxOfSight(sight), sight.resolution, within);
  for (const layer of config.layers) {
    const address = tilesOf(layer, narrowed, colouring);
    places.forEach((place) => { askAhead(addressOf(address, place)); });
  }
}

function begin(holder: HTMLElement, config: MapConfig): void {
  const sight = firstSight(config, [holder.clientWidth, holder.clientHeight]);
  const within = boxIn(readCounty(holder));
  // Over pictures of the office's own the ground is painted otherwise, once they have come.
  if (config.pictures.length === 0) {
    const view = groundView(sight, window.devicePixelRatio, false);
    const places = covering(GROUND_GRID, view.box, sight.resolution, within);
    beginGround({ view, address: config.base_tiles, places });
  }
  askForLocations(config, sight, within);
}

const holder = document.getElementById("map");
const config = holder && readConfig(holder);
if (holder && config) begin(holder, config);
