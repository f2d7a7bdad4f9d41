// The page of a photo: arrows lead to the photos before and after it in the search that it was found by.

const query = new URLSearchParams(location.search).get("query");
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, details")) return;
  if (event.key === "Escape") location.href = query ? `/?${new URLSearchParams({ query })}` : "/";
});
// Another decision makes another answer to "why".
document.addEventListener("htmx:after:swap", (event) => {
  if (event.target.id === "panel") document.getElementById("why").replaceChildren();
});
