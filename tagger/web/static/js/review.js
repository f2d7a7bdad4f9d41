// Review: one photo after the other, one key for each decision. A decision is sent while the next photo is shown.

import { api, text, toast } from "./app.js";

const PREFETCHED = 3;
const BATCH = 200;

const root = document.getElementById("review");
const query = root.dataset.query;
const at = (id) => document.getElementById(id);
const queue = []; // photos in order; those that were decided stay, so that one can go back
const done = []; // what can be undone: { index, ids }
let index = 0, total = 0, after = null, isComplete = false, wrong = null;

const picture = (photo) => `/api/v1/photos/${photo.sha256}/preview`;
const best = (photo) => photo.tags[0] ?? photo.guess;

async function fetchMore() {
  if (isComplete || fetchMore.isBusy) return;
  fetchMore.isBusy = true;
  try {
    const parameters = new URLSearchParams({ query, limit: 50, ...(after && { after }) });
    const page = await api(`/photos?${parameters}`);
    queue.push(...page.photos);
    after = page.next;
    isComplete = after === null;
  } finally {
    fetchMore.isBusy = false;
  }
}

async function show() {
  if (index >= queue.length - PREFETCHED) await fetchMore();
  const photo = queue[index];
  at("done").hidden = Boolean(photo);
  root.hidden = !photo;
  if (!photo) return count();
  at("picture").style.background = `center / contain no-repeat url("/api/v1/photos/${photo.sha256}/thumbnail")`; // until it is there
  at("picture").src = picture(photo);
  at("picture").alt = photo.label;
  at("link").href = `/photo/${photo.sha256}`;
  at("name").textContent = photo.tags.length ? photo.tags.map((tag) => tag.name).join(", ") : text("No known landmark");
  at("facts").textContent = photo.facts.join(" · ");
  at("batch").textContent = best(photo) ? text("Confirm all {name} here", best(photo)) : text("Confirm all like this");
  count();
  for (const next of queue.slice(index + 1, index + 1 + PREFETCHED)) new Image().src = picture(next);
  const shown = photo.sha256;
  const { suggestions } = await api(`/photos/${shown}`);
  if (queue[index]?.sha256 === shown) list(suggestions);
}

function count() {
  at("counter").textContent = total ? text("{i} of {n}", { i: Math.min(index + 1, total), n: total.toLocaleString() }) : "";
}

function list(suggestions) {
  at("suggestions").replaceChildren(...suggestions.slice(0, 5).map((suggestion) => {
    const item = document.createElement("li");
    const meter = Object.assign(document.createElement("meter"), { value: suggestion.score });
    meter.setAttribute("aria-label", text("Score of {name}", suggestion));
    item.className = suggestion.is_tag ? "tag" : "";
    for (const [className, textContent] of [["name", suggestion.name], ["score", `${Math.round(suggestion.score * 100)} %`]])
      item.append(Object.assign(document.createElement("span"), { className, textContent }));
    item.append(meter);
    return item;
  }));
}

async function decide(verdict, landmark) {
  const photo = queue[index], entry = { index, ids: [] };
  done.push(entry);
  move(1);
  try {
    const stored = await api(`/photos/${photo.sha256}/decisions`, { verdict, landmark });
    entry.ids = stored.ids;
    queue[entry.index] = stored.photos[0];
  } catch {
    done.splice(done.indexOf(entry), 1);
    move(entry.index - index);
  }
}

function move(step) {
  index = Math.max(0, Math.min(queue.length, index + step));
  return show();
}

async function undo() {
  const last = done.pop();
  if (!last) return toast(text("There is nothing to undo"));
  index = last.index;
  if (last.ids.length) {
    const { photos } = await api("/decisions/undo", { ids: last.ids });
    for (const photo of photos) {
      const place = queue.findIndex((one) => one.sha256 === photo.sha256);
      if (place >= 0) queue[place] = photo;
    }
  }
  return show();
}

async function confirmAll() {
  const landmark = best(queue[index]);
  if (!landmark) return;
  while (!isComplete && queue.length < index + BATCH) await fetchMore();
  const alike = queue.slice(index, index + BATCH).filter((photo) => !photo.is_reviewed && photo.tags[0]?.landmark === landmark.landmark);
  if (!alike.length) return toast(text("Nothing here is tagged {name}", landmark));
  const stored = await api("/decisions", { verdict: "shows", landmark: landmark.landmark, photos: alike.map((photo) => photo.sha256) });
  done.push({ index, ids: stored.ids });
  const byDigest = new Map(stored.photos.map((photo) => [photo.sha256, photo]));
  queue.forEach((photo, place) => { queue[place] = byDigest.get(photo.sha256) ?? photo; });
  toast(text("{n} confirmed as {name}; u undoes it", { n: stored.ids.length, name: landmark.name }));
  while (queue[index]?.is_reviewed) index++;
  return show();
}

function choose(isShown) {
  at("chooser").hidden = !isShown;
  at("choice").value = "";
  at("names").replaceChildren();
  (isShown ? at("choice") : root).focus();
}

const keys = {
  a: () => best(queue[index]) && decide("shows", best(queue[index]).landmark),
  r: () => best(queue[index]) && decide("not", best(queue[index]).landmark),
  n: () => decide("none", null),
  c: () => choose(true),
  u: undo,
  b: confirmAll,
  " ": () => move(1),
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  Enter: () => at("link").click(),
  "?": () => { at("help").hidden = !at("help").hidden; },
};
keys.P = keys.p = keys.A = keys.a;
keys.X = keys.x = keys.R = keys.r;

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input")) {
    if (event.key === "Escape") choose(false);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  if ([" ", "Enter"].includes(event.key) && event.target.closest("button, a, summary")) return;
  if (root.hidden && !["u", "ArrowLeft"].includes(event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
root.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) keys[key]();
});
at("chooser").addEventListener("submit", (event) => {
  event.preventDefault();
  const landmark = at("choice").value;
  choose(false);
  if (landmark) decide("shows", landmark);
});

try {
  total = (await api(`/photos/timeline?${new URLSearchParams({ query })}`)).total;
  await show();
  if (document.activeElement === document.body) root.focus({ preventScroll: true }); // nobody types yet
} catch {
  root.hidden = true; // the query is wrong, which the toast says
}
