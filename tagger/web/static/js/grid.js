// The windowed grid: only the tiles in view are in the document, however many photos there are.
//
// A timeline says how many photos there are and where each page of them begins, so any part of the grid can be shown
// without what is above it. Tile number n sits in element n modulo the number of elements, and is moved there.

import { api, text } from "./app.js";

const LEAST_PX = 150;
const GAP_PX = 6;
const OVERSCAN_ROWS = 3;
const IDLE_MS = 90; // pictures are fetched once scrolling pauses
const MOST_PAGES = 12; // kept in memory

const grid = document.getElementById("grid");
if (grid) start(grid.dataset.query).catch(() => {}); // the first page stays

async function start(query) {
  const search = new URLSearchParams({ query });
  const timeline = await api(`/photos/timeline?${search}`);
  const pages = new Map();
  const element = document.createElement("template");
  element.innerHTML = '<a class="tile" hidden><img alt="" decoding="async"><span class="caption" aria-hidden="true"></span><span class="badge" aria-hidden="true"></span></a>';
  const tiles = [];
  let columns, side, focused = 0, idle;

  function page(number) {
    if (!pages.has(number)) {
      const parameters = new URLSearchParams({ query, limit: timeline.page_size });
      if (timeline.pages[number]) parameters.set("after", timeline.pages[number]);
      pages.set(number, []);
      if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value);
      api(`/photos?${parameters}`).then(({ photos }) => { pages.set(number, photos); draw(); }, () => pages.delete(number));
    }
    return pages.get(number);
  }

  const photo = (index) => page(Math.floor(index / timeline.page_size))[index % timeline.page_size];

  function layout() {
    const width = grid.clientWidth;
    const narrow = innerWidth <= 720;
    const gap = narrow ? 3 : GAP_PX;
    columns = narrow ? 3 : Math.max(2, Math.floor((width + gap) / (LEAST_PX + gap)));
    side = (width + gap) / columns;
    grid.style.setProperty("--side", `${side - gap}px`);
    grid.style.height = `${Math.ceil(timeline.total / columns) * side}px`;
    const needed = Math.min(timeline.total, (Math.ceil(innerHeight / side) + 2 * OVERSCAN_ROWS + 1) * columns);
    while (tiles.length < needed) tiles.push(grid.appendChild(element.content.firstChild.cloneNode(true)));
    while (tiles.length > needed) tiles.pop().remove();
    for (const tile of tiles) tile.dataset.index = "";
    draw();
  }

  function draw() {
    const top = Math.max(0, -grid.getBoundingClientRect().top);
    const first = Math.max(0, Math.floor(top / side) - OVERSCAN_ROWS) * columns;
    const last = Math.min(timeline.total, first + tiles.length);
    for (let index = first; index < last; index++) place(tiles[index % tiles.length], index);
    mark(Math.min(timeline.total - 1, Math.floor(top / side) * columns));
    clearTimeout(idle);
    idle = setTimeout(load, IDLE_MS);
  }

  function place(tile, index) {
    if (tile.dataset.index !== String(index)) {
      tile.dataset.index = index;
      tile.dataset.sha256 = "";
      tile.style.transform = `translate(${(index % columns) * side}px, ${Math.floor(index / columns) * side}px)`;
      tile.style.width = tile.style.height = "var(--side)";
      tile.firstChild.removeAttribute("src");
      tile.tabIndex = index === focused ? 0 : -1;
      tile.hidden = false;
    }
    const found = photo(index);
    if (found && tile.dataset.sha256 !== found.sha256) fill(tile, found);
  }

  function fill(tile, found) {
    const [image, caption, badge] = tile.children;
    tile.dataset.sha256 = found.sha256;
    tile.href = `/photo/${found.sha256}${query ? `?${search}` : ""}`;
    tile.className = `tile${found.is_unsure ? " unsure" : ""}${found.is_reviewed ? " reviewed" : ""}`;
    image.alt = found.label;
    caption.textContent = found.tags[0]?.name ?? "";
    badge.textContent = found.is_reviewed ? "✓" : found.is_unsure ? "?" : "";
    badge.hidden = !badge.textContent;
  }

  function load() {
    for (const tile of tiles)
      if (tile.dataset.sha256 && !tile.firstChild.hasAttribute("src"))
        tile.firstChild.src = `/api/v1/photos/${tile.dataset.sha256}/thumbnail`;
  }

  // Dates: the month in view, and a rail of years.

  const month = document.getElementById("month").appendChild(document.createElement("span"));
  const rail = document.getElementById("rail");
  const here = rail.appendChild(document.createElement("span"));
  here.className = "here";

  function mark(index) {
    let shown = "";
    for (const { label, start } of timeline.months) if (start <= index) shown = label;
    if (month.textContent !== shown) month.textContent = shown;
    here.style.top = `${(100 * index) / Math.max(1, timeline.total)}%`;
  }

  function years() {
    if (timeline.total < 2 * tiles.length) return;
    grid.parentElement.classList.add("has-rail");
    let lowest = -1;
    const seen = new Set();
    for (const { month: name, start } of timeline.months) {
      const year = name.slice(0, 4), percent = (100 * start) / timeline.total;
      if (seen.has(year) || percent < lowest + 4) continue;
      seen.add(year);
      lowest = percent;
      const link = rail.appendChild(document.createElement("a"));
      link.href = `#${year}`;
      link.textContent = year;
      link.style.top = `${percent}%`;
      link.addEventListener("click", (event) => { event.preventDefault(); show(start); });
    }
  }

  function show(index) {
    scrollTo({ top: grid.getBoundingClientRect().top + scrollY + Math.floor(index / columns) * side - 72 });
  }

  // The keyboard: arrows move between tiles.

  grid.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    focused = Math.min(timeline.total - 1, Math.max(0, Number(event.target.dataset.index) + steps[event.key]));
    const top = grid.getBoundingClientRect().top + Math.floor(focused / columns) * side;
    if (top < 80 || top + side > innerHeight) show(focused - columns);
    draw();
    for (const tile of tiles) tile.tabIndex = Number(tile.dataset.index) === focused ? 0 : -1;
    tiles[focused % tiles.length].focus({ preventScroll: true });
  });

  grid.replaceChildren();
  grid.classList.add("windowed");
  document.getElementById("counter").textContent = timeline.total === 1 ? text("1 photo") : text("{n} photos", { n: timeline.total.toLocaleString() });
  layout();
  years();
  layout();
  let frame = 0;
  addEventListener("scroll", () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(); }); }, { passive: true });
  new ResizeObserver(() => { if (Math.abs(grid.clientWidth - columns * side) > GAP_PX + 1) layout(); }).observe(grid);
}
