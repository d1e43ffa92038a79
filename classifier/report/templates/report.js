/* ---- keyboard ---- */

const keys = $("#keys"), help = $("#help");
function toggleKeys() {
  keys.hidden = !keys.hidden;
  help.setAttribute("aria-expanded", String(!keys.hidden));
}
help.addEventListener("click", toggleKeys);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    if (!panel.hidden) hidePanel(); else document.activeElement?.blur();
    return;
  }
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const sentence = sentenceAt(event.target);
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") query.focus();
  else if (event.key === "?") toggleKeys();
  else if ((event.key === "Enter" || event.key === " ") && sentence) showPanel(sentence);
  else return;
  event.preventDefault();
});

/* ---- print ---- */

addEventListener("beforeprint", () => $$("details:not(.asides)").forEach((part) => { part.open = true; }));

/* The category list shows how often each was given. */
const counts = {};
for (const mark of marks) for (const code of codesOf(mark)) counts[code] = (counts[code] || 0) + 1;
for (const option of category.options) {
  if (!option.value) continue;
  option.textContent += `（${counts[option.value] || 0}）`;
  option.disabled = !counts[option.value];
}
if (marks[0]) marks[0].tabIndex = 0;
followHash();
showHere();
