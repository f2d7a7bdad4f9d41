// Selecting photos in the grid, and saying what they show: all of them at once.
//
// While photos are selected, tiles are checkboxes. Shift selects all from the last one on, `x` selects the one in focus,
// and Escape ends it.

import { api, text, toast } from "./app.js";

const MOST = 500; // photos in one decision
const WARNING_MS = 15_000;

const at = (id) => document.getElementById(id);
const best = (photo) => photo.tags[0] ?? photo.guess;

/**
 * The selection of a grid.
 *
 * @param photosBetween the photos between two places of the grid, fetched if they must be
 * @param repaint draws all tiles anew
 * @param replace takes photos as they are now
 */
export function selectionOf({ photosBetween, repaint, replace }) {
  const chosen = new Map(); // photos by their digests
  let isActive = false, last = null, stored = [];

  function activate(active) {
    isActive = active;
    at("select").setAttribute("aria-pressed", String(active));
    if (!active) {
      chosen.clear();
      stored = [];
      last = null;
    }
    show();
  }

  function show() {
    at("selection").hidden = !isActive;
    document.body.classList.toggle("selecting", isActive);
    at("selected").textContent = chosen.size === 1 ? text("1 selected") : text("{n} selected", { n: chosen.size });
    const landmark = commonest();
    at("it-is").hidden = !landmark;
    if (landmark) at("it-is").textContent = text("It is {name}", landmark);
    for (const id of ["name-selected", "it-is", "none-selected"]) at(id).disabled = !chosen.size;
    at("undo-selected").hidden = !stored.length;
    if (!chosen.size) ask(false);
    repaint();
  }

  /** The landmark that most of the photos may show. */
  function commonest() {
    const counts = new Map();
    for (const landmark of [...chosen.values()].map(best).filter(Boolean)) {
      const [count] = counts.get(landmark.landmark) ?? [0];
      counts.set(landmark.landmark, [count + 1, landmark]);
    }
    return [...counts.values()].sort(([one], [other]) => other - one)[0]?.[1];
  }

  function ask(isShown) {
    at("naming").hidden = !isShown;
    at("name-selected").setAttribute("aria-expanded", String(isShown));
    if (isShown) at("place").focus();
  }

  async function toggle(photo, index, isRange) {
    const isChosen = !chosen.has(photo.sha256);
    const photos = isRange && last !== null ? await photosBetween(Math.min(last, index), Math.max(last, index), MOST) : [photo];
    for (const one of photos) {
      if (!isChosen && !isRange) chosen.delete(one.sha256);
      else if (chosen.size < MOST) chosen.set(one.sha256, one);
    }
    last = index;
    stored = [];
    if (isActive) show();
    else activate(true);
  }

  /** Store what all of them show, and keep the bar, so that it can be taken back. */
  async function say(send, sentence) {
    try {
      const done = await send([...chosen.keys()]);
      replace(done.photos);
      chosen.clear();
      stored = done.ids;
      at("naming").reset();
      show();
      toast(sentence(done), done.overlap ? WARNING_MS : undefined);
    } catch { /* it was shown as a toast */ }
  }

  const decide = (verdict, landmark) => say(
    (photos) => api("/decisions", { body: { verdict, landmark: landmark?.landmark ?? null, photos } }),
    ({ ids }) => landmark ? text("{n} confirmed as {name}", { n: ids.length, name: landmark.name }) : text("{n} without a landmark", { n: ids.length }),
  );

  function name() {
    const [lat, lon] = at("near").value.trim() ? at("near").value.split(",").map(Number) : [null, null];
    return say(
      (photos) => api("/taught", { body: { name: at("place").value.trim(), photos, lat, lon } }),
      ({ ids, name, is_taught, overlap }) => overlap
        ? text("{tagged} of {photos} photos were tagged {landmark}. If so, undo this, and remove {name} under Landmarks.", { ...overlap, landmark: overlap.name, name })
        : is_taught ? text("{name} was taught", { name }) : text("{n} confirmed as {name}", { n: ids.length, name }),
    );
  }

  async function undo() {
    try {
      replace((await api("/decisions/undo", { body: { ids: stored } })).photos);
      stored = [];
      show();
    } catch { /* it was shown as a toast */ }
  }

  at("select").hidden = false;
  at("select").addEventListener("click", () => activate(!isActive));
  at("name-selected").addEventListener("click", () => ask(at("naming").hidden));
  at("it-is").addEventListener("click", () => decide("shows", commonest()));
  at("none-selected").addEventListener("click", () => decide("none", null));
  at("undo-selected").addEventListener("click", undo);
  at("clear-selected").addEventListener("click", () => { activate(false); at("select").focus(); });
  at("naming").addEventListener("submit", (event) => { event.preventDefault(); name(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isActive || event.defaultPrevented) return;
    if (!at("naming").hidden) {
      ask(false);
      at("name-selected").focus();
    } else activate(false);
  });

  return {
    toggle,
    get isActive() { return isActive; },
    /** Let a tile show whether its photo is selected. */
    mark(tile) {
      const isChosen = isActive && chosen.has(tile.dataset.sha256);
      tile.classList.toggle("chosen", isChosen);
      if (isActive) {
        tile.setAttribute("role", "checkbox");
        tile.setAttribute("aria-checked", String(isChosen));
      } else {
        tile.removeAttribute("role");
        tile.removeAttribute("aria-checked");
      }
    },
  };
}
