/* ---- keyboard ---- */

const keys = $("#keys"), help = $("#help");
help.addEventListener("click", () => keys.showModal());
$("button", keys).addEventListener("click", () => keys.close());

const evidenceSentences = evidence.map(element);
const goToPart = (id) => document.getElementById(id)?.scrollIntoView();
const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => stepIn(evidenceSentences, 1),
  p: () => stepIn(evidenceSentences, -1),
  b: goBack,
  g: () => scrollTo(0, 0),
  f: () => goToPart("alarms"),
  c: () => goToPart("checklist"),
  t: () => goToPart("text"),
  "/": () => query.focus(),
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
  if (event.key === "Escape") {
    if (!panel.hidden) hidePanel(); else document.activeElement?.blur();
    return;
  }
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const sentence = sentenceAt(event.target);
  if (Object.hasOwn(ACTIONS, event.key)) ACTIONS[event.key]();
  else if ((event.key === "Enter" || event.key === " ") && sentence) showPanel(sentence);
  else return;
  event.preventDefault();
});

/* ---- print ---- */

/* What is printed: the checklist alone, all but the document, or everything; see report.css. */
const root = document.documentElement;
$(".prints").hidden = false;
$(".prints").addEventListener("click", (event) => {
  const wanted = event.target.dataset?.print;
  if (!wanted) return;
  root.dataset.print = wanted;
  print();
});
addEventListener("beforeprint", () => {
  if (root.dataset.print !== "summary") $$("details:not(.asides)").forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => { delete root.dataset.print; });

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
