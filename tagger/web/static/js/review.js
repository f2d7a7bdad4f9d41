// Review: one photo after the other, one key for each decision. A decision is sent while the next photo is shown.

import { api, text, toast } from "./app.js";

const PREFETCHED = 3;
const LIMIT = 200;

const root = document.getElementById("review");
const query = root.dataset.query;
const at = (id) => document.getElementById(id);
const queue = []; // photos in order; those that were decided stay, so that one can go back
const done = []; // what can be undone
let index = 0, total = 0, skipped = 0, isComplete = false;

const picture = (photo) => `/api/v1/photos/${photo.sha256}/preview`;
const best = (photo) => photo.tags[0] ?? photo.guess;

/** The server knows what has been decided, so it always answers with the rest. */
function fetchMore() {
  fetchMore.inProgress ??= fetchRest().finally(() => { fetchMore.inProgress = null; });
  return fetchMore.inProgress;
}

async function fetchRest() {
  const known = new Set(queue.map((photo) => photo.sha256)), count = queue.length;
  for (let offset = 0; queue.length === count && !isComplete; offset += LIMIT) { // all known: they were passed by
    const page = await api(`/review?${new URLSearchParams({ query, limit: LIMIT, offset })}`);
    total ||= page.total;
    queue.push(...page.photos.filter((photo) => !known.has(photo.sha256)));
    isComplete = page.photos.length < LIMIT;
  }
}

async function show() {
  if (!queue[index]) await fetchMore();
  else if (index >= queue.length - PREFETCHED) fetchMore().catch(() => {});
  const photo = queue[index];
  at("done").hidden = Boolean(photo);
  root.hidden = !photo;
  count();
  if (!photo) return;
  at("gone").hidden = true;
  at("picture").hidden = false;
  at("picture").style.background = `center / contain no-repeat url("/api/v1/photos/${photo.sha256}/thumbnail")`; // until it is there
  at("picture").src = picture(photo);
  at("picture").alt = photo.label;
  at("link").href = `/photo/${photo.sha256}`;
  at("name").textContent = photo.tags.length ? photo.tags.map((tag) => tag.name).join(", ") : text("No known landmark");
  at("facts").textContent = photo.facts.join(" · ");
  at("batch").textContent = best(photo) ? text("Confirm all {name}", best(photo)) : text("Confirm all like this");
  for (const key of "arb") document.querySelector(`[data-key=${key}]`).disabled = !best(photo);
  for (const next of queue.slice(index + 1, index + 1 + PREFETCHED)) new Image().src = picture(next);
  const { suggestions, decisions } = await api(`/photos/${photo.sha256}`);
  if (queue[index] !== photo) return;
  list(suggestions);
  if (!photo.is_reviewed && decisions.some((decision) => decision.counts)) move(1); // somebody else has decided
}

function count() {
  at("counter").textContent = total ? text("{i} of {n}", { i: Math.min(index + 1, total), n: total }) : "";
  at("skipped").hidden = !skipped;
}

function list(suggestions) {
  at("suggestions").replaceChildren(...suggestions.slice(0, 5).map((suggestion) => {
    const item = document.createElement("li");
    const meter = Object.assign(document.createElement("meter"), { value: suggestion.score });
    meter.setAttribute("aria-label", text("Score of {name}", suggestion));
    item.className = suggestion.is_tag ? "tag" : "";
    for (const [className, textContent] of [["name", suggestion.name], ["score", `${Math.min(99, Math.round(suggestion.score * 100)) || "<1"} %`]])
      item.append(Object.assign(document.createElement("span"), { className, textContent }));
    item.append(meter);
    return item;
  }));
}

/** Send what was done while the next photo is shown; if it fails, its photo comes back. */
async function act(send) {
  const photo = queue[index], step = { index, ids: [] };
  if (!photo) return; // it is being fetched
  done.push(step);
  step.sent = send(photo, step);
  move(1).catch(() => {}); // it was shown as a toast
  try {
    await step.sent;
  } catch {
    if (done.includes(step)) done.splice(done.indexOf(step), 1); // else `undo` has taken it already
    if (step.skipped) skipped--;
    await move(step.index - index);
  }
}

const decide = (verdict, landmark) => act(async (photo, step) => {
  const stored = await api(`/photos/${photo.sha256}/decisions`, { body: { verdict, landmark } });
  step.ids = stored.ids;
  replace(stored.photos);
});

const skip = () => act(async (photo, step) => {
  skipped++;
  step.skipped = photo.sha256;
  await api(`/photos/${photo.sha256}/skip`, { method: "POST" });
});

function replace(photos) {
  const changed = new Map(photos.map((photo) => [photo.sha256, photo]));
  queue.forEach((photo, place) => { queue[place] = changed.get(photo.sha256) ?? photo; });
}

function move(step) {
  index = Math.max(0, Math.min(queue.length, index + step));
  return show();
}

async function undo() {
  const last = done.pop();
  if (!last) return toast(text("There is nothing to undo"));
  await last.sent;
  if (last.skipped) {
    await api(`/photos/${last.skipped}/skip`, { method: "DELETE" });
    skipped--;
  } else if (last.ids.length) replace((await api("/decisions/undo", { body: { ids: last.ids } })).photos);
  index = last.index;
  return show();
}

async function confirmAll() {
  const landmark = best(queue[index]);
  if (!landmark) return;
  const among = [query && `(${query})`, `landmark:"${landmark.landmark}"`].filter(Boolean).join(" ");
  const { photos } = await api(`/review?${new URLSearchParams({ query: among, limit: LIMIT })}`);
  const alike = photos.filter((photo) => photo.tags[0]?.landmark === landmark.landmark).map((photo) => photo.sha256);
  if (!alike.length) return toast(text("Nothing here is tagged {name}", landmark));
  const stored = await api("/decisions", { body: { verdict: "shows", landmark: landmark.landmark, photos: alike } });
  done.push({ index, ids: stored.ids });
  replace(stored.photos);
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
  " ": skip,
  ArrowRight: () => move(1),
  ArrowLeft: () => move(-1),
  Enter: () => at("link").click(),
  "?": () => { at("help").hidden = !at("help").hidden; },
};
keys.P = keys.p = keys.A = keys.a;
keys.X = keys.x = keys.R = keys.r;

async function press(key) {
  try {
    await keys[key]();
  } catch { /* it was shown as a toast */ }
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input")) {
    if (event.key === "Escape" && event.target === at("choice")) choose(false);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  if ([" ", "Enter"].includes(event.key) && event.target.closest("button, a, summary")) return;
  if (root.hidden && !["u", "ArrowLeft"].includes(event.key)) return;
  event.preventDefault();
  if (event.repeat && !event.key.startsWith("Arrow")) return; // a key that is held down decides once
  press(event.key);
});
root.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) press(key);
});
at("picture").addEventListener("error", () => { at("gone").hidden = !(at("picture").hidden = true); });
at("chooser").addEventListener("submit", (event) => {
  event.preventDefault();
  const landmark = at("choice").value;
  choose(false);
  if (landmark) decide("shows", landmark);
});

try {
  await show();
  if (document.activeElement === document.body) root.focus({ preventScroll: true }); // nobody types yet
} catch {
  root.hidden = true; // the toast says why
}
