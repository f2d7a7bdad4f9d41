// The page of a photo: arrows lead to the photos beside it in the search that it was found by, Escape to the search.

const query = new URLSearchParams(location.search).get("query");

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, details") || event.ctrlKey || event.metaKey || event.altKey) return;
  const beside = { ArrowLeft: "newer", ArrowRight: "older" }[event.key];
  if (beside) document.getElementById(beside)?.click();
  if (event.key === "Escape") location.href = query ? `/?${new URLSearchParams({ query })}` : "/";
});

// A picture without a file.
const picture = document.getElementById("picture");
const showGone = () => { document.getElementById("gone").hidden = !(picture.hidden = true); };
if (picture.complete && !picture.naturalWidth) showGone();
else picture.addEventListener("error", showGone);

// Another decision makes another answer to "why".
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.id === "panel") document.getElementById("why").replaceChildren();
});

// The pictures beside it come at once.
for (const link of document.querySelectorAll(".beside")) {
  const [, sha256] = link.pathname.split("/photo/");
  new Image().src = `/api/v1/photos/${sha256}/preview`;
}
