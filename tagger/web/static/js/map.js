// The map: cells of photos from the server, drawn as clusters; and the photos in view beside it.

import { api, number, text } from "./app.js";

const element = document.getElementById("map");
const { query, tiles } = element.dataset;
const L = window.L;
const WAIT_MS = 150;

const map = L.map(element, { minZoom: 1, maxZoom: tiles ? 18 : 12, worldCopyJump: true, zoomSnap: 0.5, keyboard: true });
map.setView([30, 10], 2);
if (tiles) L.tileLayer(tiles).addTo(map);
else {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const world = await (await fetch("/world.json")).json();
  const fill = ({ properties }) => colour(properties.kind === "land" ? "--land" : "--sea");
  L.geoJSON(world, { interactive: false, style: (feature) => ({ fillColor: fill(feature), fillOpacity: 1, weight: 0.5, color: colour("--bg") }) }).addTo(map);
}

const count = ({ photos }) => photos === 1 ? text("1 photo") : text("{n} photos", { n: photos });
const photosOf = (cluster) => cluster.getAllChildMarkers().reduce((sum, marker) => sum + marker.options.photos, 0);

function icon(photos) {
  const size = 26 + 7 * Math.log10(photos);
  const label = document.createElement("span");
  label.className = "cluster";
  label.textContent = number(photos);
  return L.divIcon({ html: label, className: "", iconSize: [size, size] });
}

const clusters = L.markerClusterGroup({ showCoverageOnHover: false, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches, iconCreateFunction: (cluster) => icon(photosOf(cluster)) });
map.addLayer(clusters);

function bounds() {
  const view = map.getBounds();
  const clamp = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(4);
  return { south: clamp(view.getSouth(), 90), west: clamp(view.getWest(), 180), north: clamp(view.getNorth(), 90), east: clamp(view.getEast(), 180) };
}

async function draw() {
  const asked = ++draw.count;
  const zoom = Math.round(map.getZoom());
  const cells = await api(`/places?${new URLSearchParams({ query, zoom, ...bounds() })}`);
  if (asked !== draw.count) return;
  clusters.clearLayers();
  clusters.addLayers(cells.map((cell) => L.marker([cell.lat, cell.lon], { icon: icon(cell.photos), photos: cell.photos, alt: count(cell), sha256: cell.sha256 }).on("click", () => open(cell))));
  const total = cells.reduce((sum, cell) => sum + cell.photos, 0);
  document.getElementById("counter").textContent = text("{n} photos in view", { n: total });
  list(cells);
  if (!draw.isFitted && cells.length) {
    draw.isFitted = true;
    map.fitBounds(L.latLngBounds(cells.map((cell) => [cell.lat, cell.lon])).pad(0.2), { maxZoom: 10, animate: false });
  }
}
draw.count = 0;

function open(cell) {
  if (cell.photos === 1) location.href = `/photo/${cell.sha256}`;
  else if (map.getZoom() < map.getMaxZoom()) map.setView([cell.lat, cell.lon], map.getZoom() + 2);
  else location.href = `/?${new URLSearchParams({ query: `${query} near:${cell.lat.toFixed(5)},${cell.lon.toFixed(5)},1km`.trim() })}`;
}

function list(cells) {
  document.getElementById("inview").replaceChildren(...cells.slice(0, 60).map((cell) => {
    const link = Object.assign(document.createElement("a"), { className: "tile", href: `/photo/${cell.sha256}` });
    const image = Object.assign(document.createElement("img"), { src: `/api/v1/photos/${cell.sha256}/thumbnail`, alt: count(cell), loading: "lazy" });
    link.append(image);
    if (cell.photos > 1) link.append(Object.assign(document.createElement("span"), { className: "badge", textContent: cell.photos > 99 ? "…" : cell.photos }));
    return link;
  }));
}

let timer;
map.on("moveend", () => { clearTimeout(timer); timer = setTimeout(() => draw().catch(() => {}), WAIT_MS); });
draw().catch(() => {});
