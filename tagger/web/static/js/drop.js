// Try: a photo is dropped, pasted or chosen; the form sends it.

const form = document.getElementById("drop");
const file = document.getElementById("file");
const shown = document.getElementById("shown");

function use(files) {
  if (!files.length) return;
  file.files = files;
  file.dispatchEvent(new Event("change", { bubbles: true }));
}

file.addEventListener("change", () => {
  URL.revokeObjectURL(shown.src);
  document.getElementById("result").replaceChildren(); // it was about another photo
  shown.hidden = !file.files.length;
  if (file.files.length) shown.src = URL.createObjectURL(file.files[0]);
});
shown.addEventListener("error", () => { shown.hidden = true; }); // a format that browsers do not show
addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
addEventListener("dragleave", () => form.classList.remove("over"));
addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("over"); use(event.dataTransfer.files); });
addEventListener("paste", (event) => use(event.clipboardData.files));
