// The windowed grid: only the tiles in view are in the document, however many photos there are.
//
// A timeline says how many photos there are and where each page of them begins, so any page can be shown without those
// above it. Until its photos have arrived, a page has rows of photos of a common shape; when they arrive, what is in
// view stays where it is. Photo number n is shown by element n modulo the number of elements. While the page scrolls,
// elements are only moved, once in a frame; what is in them, and the pages that a jump passes, wait for a pause.

import { api, text } from "./app.js";
import { justified, shapeOf } from "./rows.js";
import { selectionOf } from "./select.js";

const WIDE = { row: 190, gap: 6 }, NARROW = { row: 120, gap: 3 }; // pixels
const COMMON_SHAPE = 1.4;
const OVERSCAN_ROWS = 2;
const PHOTOS_PER_ROW = 1.6; // of those that a row has with square photos
const BAR_PX = 72; // what the page's bar covers
const IDLE_MS = 90; // scrolling has paused
const MOST_PAGES = 12; // kept in memory

const grid = document.getElementById("grid");
if (grid) {
  history.scrollRestoration = "manual"; // the browser knows no tiles out of view
  start(grid.dataset.query).catch(() => {}); // the first page stays
}

async function start(query) {
  const search = new URLSearchParams({ query });
  const [timeline, first] = await Promise.all([api(`/photos/timeline?${search}`), api(`/photos?${search}`)]);
  const size = timeline.page_size;
  const pages = new Map([[0, first.photos]]); // by their numbers
  const pending = new Map(); // pages that are being fetched
  const arrived = new Set(); // pages whose photos have no places yet
  const blocks = []; // where the photos of each page are, and how high it is
  const tiles = [];
  const element = document.createElement("template");
  element.innerHTML = '<a class="tile empty" hidden><img alt="" decoding="async"><span class="caption" aria-hidden="true"></span><span class="badge" aria-hidden="true"></span></a>';
  let width, style, focused = 0, idle, frame = 0, drawnTop = 0, tops = [0];

  // Geometry: pages below one another.

  function layout() {
    width = grid.clientWidth;
    style = innerWidth <= 720 ? NARROW : WIDE;
    for (let page = 0; page < timeline.pages.length; page++) blocks[page] = blockOf(page);
    stack();
    const rows = Math.ceil(innerHeight / style.row) + 2 * OVERSCAN_ROWS;
    const needed = Math.min(timeline.total, Math.ceil(rows * (width / style.row) * PHOTOS_PER_ROW));
    while (tiles.length < needed) tiles.push(grid.appendChild(element.content.firstChild.cloneNode(true)));
    while (tiles.length > needed) tiles.pop().remove();
  }

  function blockOf(page) {
    const photos = pages.get(page) ?? [], length = Math.min(size, timeline.total - page * size);
    const shapes = Array.from({ length }, (_, place) => photos[place] ? shapeOf(photos[place]) : COMMON_SHAPE);
    return justified(shapes, width, style.row, style.gap);
  }

  function stack() {
    tops = [0];
    for (const block of blocks) tops.push(tops.at(-1) + block.height);
    grid.style.height = `${tops.at(-1)}px`;
  }

  const pageOf = (index) => Math.floor(index / size);
  const photoAt = (index) => pages.get(pageOf(index))?.[index % size];
  const viewTop = () => Math.max(0, -grid.getBoundingClientRect().top);

  function rectOf(index) {
    const rect = blocks[pageOf(index)].rects[index % size];
    return { ...rect, y: rect.y + tops[pageOf(index)] };
  }

  /** The first photo whose row reaches below a height. */
  function indexAt(y) {
    let page = 0;
    while (page < blocks.length - 1 && tops[page + 1] <= y) page++;
    const place = blocks[page].rects.findIndex((rect) => tops[page] + rect.y + rect.height > y);
    return page * size + (place < 0 ? blocks[page].rects.length - 1 : place);
  }

  /** The photo that stays where it is when others move: the focused one if it is in view, else that on top. */
  function anchor(top) {
    const isInView = grid.contains(document.activeElement) && Math.abs(rectOf(focused).y - top - innerHeight / 2) < innerHeight / 2;
    return isInView ? focused : indexAt(top);
  }

  /** Change the geometry while what is in view stays there. */
  function keepView(change) {
    const top = viewTop(), index = anchor(top);
    const offset = top > 0 ? rectOf(index).y - top : 0;
    change();
    const moved = top > 0 ? rectOf(index).y - offset - top : 0;
    if (Math.abs(moved) >= 1) scrollBy({ top: moved, behavior: "instant" });
    draw();
  }

  function fetchPage(page) {
    if (pages.has(page) || page >= timeline.pages.length) return;
    const parameters = new URLSearchParams({ query, limit: size });
    if (timeline.pages[page]) parameters.set("after", timeline.pages[page]);
    pages.set(page, []);
    if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value);
    pending.set(page, api(`/photos?${parameters}`).then(({ photos }) => {
      pages.set(page, photos);
      arrived.add(page);
      schedule();
    }, () => pages.delete(page)).finally(() => pending.delete(page)));
  }

  /** The photos between two places, at most so many, whose pages are fetched first. */
  async function photosBetween(first, last, most) {
    const end = Math.min(last, first + most - 1);
    for (let page = pageOf(first); page <= pageOf(end); page++) {
      fetchPage(page);
      await pending.get(page);
    }
    return Array.from({ length: end - first + 1 }, (_, place) => photoAt(first + place)).filter(Boolean);
  }

  /** Show photos as they are now. */
  function replace(photos) {
    const changed = new Map(photos.map((photo) => [photo.sha256, photo]));
    for (const [page, shown] of pages) pages.set(page, shown.map((photo) => changed.get(photo.sha256) ?? photo));
    for (const tile of tiles) if (changed.has(tile.dataset.sha256)) fill(tile, changed.get(tile.dataset.sha256));
    load();
  }

  // Tiles.

  const selection = selectionOf({ photosBetween, replace, repaint: () => tiles.forEach((tile) => selection.mark(tile)) });

  function schedule() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (arrived.size) keepView(() => { for (const page of arrived) blocks[page] = blockOf(page); stack(); arrived.clear(); });
      else draw();
    });
  }

  function shown(top) {
    const first = indexAt(Math.max(0, top - OVERSCAN_ROWS * style.row));
    return [first, Math.min(timeline.total, first + tiles.length)];
  }

  function fetchShown() {
    const [first, last] = shown(drawnTop);
    for (let page = pageOf(first); page <= pageOf(last - 1); page++) fetchPage(page);
  }

  function draw() {
    const top = viewTop(), [first, last] = shown(top), isSlow = Math.abs(top - drawnTop) < innerHeight;
    drawnTop = top;
    if (isSlow) fetchShown();
    if (!grid.contains(document.activeElement)) focused = indexAt(top);
    for (let index = first; index < last; index++) place(tiles[index % tiles.length], index);
    mark(indexAt(top));
    clearTimeout(idle);
    idle = setTimeout(load, IDLE_MS);
  }

  function place(tile, index) {
    tile.tabIndex = index === focused ? 0 : -1;
    if (tile.dataset.index !== String(index)) empty(tile, index);
    const { x, y, width, height } = rectOf(index), where = `translate(${x}px, ${y}px)`;
    if (tile.style.transform !== where) tile.style.transform = where;
    if (tile.style.width !== `${width}px`) tile.style.width = `${width}px`;
    if (tile.style.height !== `${height}px`) tile.style.height = `${height}px`;
  }

  function empty(tile, index) {
    tile.dataset.index = index;
    tile.dataset.sha256 = "";
    tile.className = "tile empty";
    tile.hidden = false;
    tile.removeAttribute("href");
    tile.firstChild.removeAttribute("src");
    tile.firstChild.alt = "";
  }

  function fill(tile, found) {
    const [image, caption, badge] = tile.children;
    image.removeAttribute("src");
    tile.dataset.sha256 = found.sha256;
    tile.className = `tile${found.is_unsure ? " unsure" : ""}${found.is_reviewed ? " reviewed" : ""}`;
    tile.href = `/photo/${found.sha256}${query ? `?${search}` : ""}`;
    image.alt = found.label;
    caption.textContent = found.tags[0]?.name ?? "";
    badge.textContent = found.is_reviewed ? "✓" : found.is_unsure ? "?" : "";
    badge.hidden = !badge.textContent;
    selection.mark(tile);
  }

  function load() {
    fetchShown();
    history.replaceState({ at: viewTop() > 0 ? indexAt(viewTop() + BAR_PX + 1) : 0 }, ""); // for who comes back
    for (const tile of tiles) {
      const found = photoAt(Number(tile.dataset.index));
      if (found && tile.dataset.sha256 !== found.sha256) fill(tile, found);
      if (found && !tile.firstChild.hasAttribute("src")) tile.firstChild.src = `/api/v1/photos/${found.sha256}/thumbnail`;
    }
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
    scrollTo({ top: grid.getBoundingClientRect().top + scrollY + rectOf(index).y - BAR_PX });
  }

  // The keyboard: arrows move between tiles.

  /** The photo in the next row, or the one before, that is nearest. */
  function beside(index, step) {
    const from = rectOf(index), middle = from.x + from.width / 2;
    let found = index, nearest = Infinity, row = null;
    for (let at = index + step; at >= 0 && at < timeline.total; at += step) {
      const rect = rectOf(at);
      if (rect.y === from.y) continue;
      if (row !== null && rect.y !== row) break;
      row = rect.y;
      const distance = Math.abs(rect.x + rect.width / 2 - middle);
      if (distance < nearest) [found, nearest] = [at, distance];
    }
    return found;
  }

  grid.addEventListener("keydown", (event) => {
    const index = Number(event.target.dataset.index);
    if (!event.ctrlKey && !event.metaKey && (event.key === "x" || (event.key === " " && selection.isActive))) {
      event.preventDefault();
      if (photoAt(index)) selection.toggle(photoAt(index), index, event.shiftKey);
      return;
    }
    const targets = { ArrowRight: () => index + 1, ArrowLeft: () => index - 1, ArrowDown: () => beside(index, 1), ArrowUp: () => beside(index, -1), Home: () => 0, End: () => timeline.total - 1 };
    if (!(event.key in targets)) return;
    event.preventDefault();
    focused = Math.min(timeline.total - 1, Math.max(0, targets[event.key]()));
    const rect = rectOf(focused), top = grid.getBoundingClientRect().top + rect.y;
    if (top < 80 || top + rect.height > innerHeight) show(focused);
    draw();
    load(); // Enter opens it at once
    tiles[focused % tiles.length].focus({ preventScroll: true });
  });
  grid.addEventListener("error", (event) => event.target.closest(".tile")?.classList.add("gone"), true); // no file any more
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    if (event.shiftKey || selection.isActive) {
      event.preventDefault();
      const index = Number(tile.dataset.index);
      if (photoAt(index)) selection.toggle(photoAt(index), index, event.shiftKey);
      return;
    }
    clearTimeout(idle);
    history.replaceState({ at: Number(tile.dataset.index), isFocused: true }, "");
  });
  grid.addEventListener("focusin", (event) => { focused = Number(event.target.dataset.index); });

  grid.replaceChildren();
  grid.classList.add("windowed");
  document.getElementById("counter").textContent = timeline.total === 1 ? text("1 photo") : text("{n} photos", { n: timeline.total });
  layout();
  if (timeline.total >= 2 * tiles.length) {
    years();
    layout();
  }
  const { at = 0, isFocused } = history.state ?? {}; // where the visitor was before they opened a photo
  if (at > 0 && at < timeline.total) show(at);
  draw();
  if (isFocused) tiles[at % tiles.length]?.focus({ preventScroll: true });
  addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(() => { if (grid.clientWidth !== width) keepView(layout); }).observe(grid);
}
