// What all pages share: completion, errors as a toast, and the token for requests of our own.

const TOAST_MS = 4000;
const LOGGED_OUT = 401;
const NO_PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"; // one clear pixel
const texts = JSON.parse(document.querySelector("meta[name=texts]").content);

const IS_RIGHT_TO_LEFT = /[\u0590-\u08ff]/;

/** A number as the page's language writes it. */
export const number = (value) => value.toLocaleString(document.documentElement.lang);

/** A text in the visitor's language, with its placeholders filled. */
export const text = (key, values = {}) => texts[key].replace(/{(\w+)}/g, (_, name) => shown(values[name]));

function shown(value) {
  if (typeof value === "number") return number(value);
  return IS_RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value; // the text around it keeps its direction
}

export function toast(sentence, shownMs = TOAST_MS) {
  const element = document.getElementById("toast");
  element.textContent = sentence;
  element.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => element.classList.remove("shown"), shownMs);
}

const meta = (name) => document.querySelector(`meta[name=${name}]`).content;

/** The server is of another version than this page. */
function reload() {
  if (sessionStorage.getItem("reloaded") === meta("version")) return; // it was of no use
  sessionStorage.setItem("reloaded", meta("version"));
  location.reload();
}

/** Ask the API. An error is shown, and thrown. */
export async function api(path, { body, method = body ? "POST" : "GET" } = {}) {
  const headers = { "X-CSRF-Token": meta("csrf"), "X-Gallery-Version": meta("version") };
  if (body) headers["Content-Type"] = "application/json";
  const response = await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  if (response?.ok) return response.status === 204 ? null : response.json();
  if (response?.headers.has("HX-Refresh")) reload();
  if (response?.status === LOGGED_OUT) location.reload(); // which leads to the login, and back
  const { detail } = (await response?.json().catch(() => null)) ?? { detail: text("That did not work. Try again.") };
  toast(detail);
  throw new Error(detail);
}

document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx?.response?.status === LOGGED_OUT) location.reload();
  try {
    toast(JSON.parse(event.detail.ctx?.text ?? "").detail);
  } catch {
    toast(text("That did not work. Try again."));
  }
});
document.addEventListener("htmx:error", () => toast(text("That did not work. Try again."))); // no answer at all

// A picture that is only decoration, and whose file is gone, leaves an empty place.
document.addEventListener("error", ({ target }) => { if (target.alt === "") target.src = NO_PICTURE; }, true);

// Completion: a combobox whose list the server fills.

const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));

function complete(input, option) {
  input.value = option.dataset.text;
  const list = listOf(input);
  list.replaceChildren();
  input.setAttribute("aria-expanded", "false");
  input.focus();
  if (list.hasAttribute("data-submits")) input.form.requestSubmit();
  else input.dispatchEvent(new Event("input", { bubbles: true }));
}

function select(input, options, index) {
  options.forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
  input.setAttribute("aria-activedescendant", options[index]?.id ?? "");
}

document.addEventListener("keydown", (event) => {
  const input = event.target.closest?.("[role=combobox]");
  const options = input ? [...listOf(input).children] : [];
  if (!options.length) return;
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) select(input, options, (at + step + options.length) % options.length);
  else if (event.key === "Escape") listOf(input).replaceChildren();
  else if (at >= 0 && ["Enter", "Tab"].includes(event.key)) complete(input, options[at]);
  else if (event.key === "Enter" && listOf(input).hasAttribute("data-submits")) complete(input, options[0]);
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) complete(document.querySelector(`[aria-controls="${option.parentElement.id}"]`), option);
  else document.querySelectorAll(".completions").forEach((list) => list.replaceChildren());
});

document.addEventListener("htmx:after:swap", () => {
  for (const input of document.querySelectorAll("[role=combobox]"))
    input.setAttribute("aria-expanded", String(listOf(input)?.childElementCount > 0));
});

// "/" leads to the search box.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea")) return;
  document.getElementById("query")?.focus();
  event.preventDefault();
});
