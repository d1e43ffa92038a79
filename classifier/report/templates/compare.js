const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const list = $("#list"), form = $("#filters"), only = $("#only"), tools = $(".tools");
const matched = $("#matched"), empty = $("#empty"), reset = $("#reset");
const rows = $$("article.row", list), blocks = $$(".block", list);
const boxes = [...$$(".p", list), ...$$(".chapter", list)];
let current = null;      // the change that j and k speak of

/* ---- filters ---- */

function applyFilters() {
  const kinds = $$("[name=k]:checked", form).map((box) => box.value);
  const active = kinds.length > 0 || only.checked;
  let shown = 0;
  for (const row of rows) {
    const own = row.dataset.k.split(" ");
    row.hidden = (kinds.length > 0 && !kinds.some((kind) => own.includes(kind))) ||
      (only.checked && !row.classList.contains("o"));
    if (!row.hidden) shown += 1;
  }
  /* Inside first: a chapter is empty when its groups are. */
  for (const box of [...blocks, ...boxes]) box.hidden = !$("article.row:not([hidden])", box);
  list.classList.toggle("f", active);
  reset.hidden = !active;
  empty.hidden = !active || shown > 0;
  matched.textContent = active ? `符合筛选：${shown} 处` : `共 ${rows.length} 处`;
}

function resetFilters() {
  $$("input", form).forEach((box) => { box.checked = false; });
  applyFilters();
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", applyFilters);
reset.addEventListener("click", () => {
  resetFilters();
  current?.scrollIntoView();
});

/* ---- going to a change ---- */

/* Rows off screen have only an estimated height: as they are laid out, what stands above the
   target moves it. Put it in place again until it has kept still for some frames. */
const STILL_FRAMES = 12, LONGEST_MS = 3000;
let settling = 0;
function place(row) {
  const mine = ++settling, until = performance.now() + LONGEST_MS;
  let still = 0, put = Infinity;
  const settle = () => {
    if (mine !== settling) return;
    const moved = Math.abs(row.getBoundingClientRect().top - put) > 1;
    if (moved) {
      row.scrollIntoView({ block: "start" });
      put = row.getBoundingClientRect().top;
    }
    still = moved ? 0 : still + 1;
    if (still < STILL_FRAMES && performance.now() < until) requestAnimationFrame(settle);
  };
  settle();
}
for (const sign of ["wheel", "touchmove", "pointerdown"]) {
  addEventListener(sign, () => { settling += 1; }, { passive: true });
}

function goTo(row) {
  if (!row) return;
  if (row.hidden) resetFilters();
  const block = row.closest("details");
  if (block) block.open = true;
  current?.classList.remove("cur");
  current = row;
  row.classList.add("cur");
  place(row);
  row.focus({ preventScroll: true });
}

function step(direction) {
  const open = rows.filter((row) => !row.hidden);
  if (!open.length) return;
  const at = current && !current.hidden ? open.indexOf(current) : -1;
  if (at >= 0) goTo(open[Math.max(0, Math.min(open.length - 1, at + direction))]);
  else goTo(open.find((row) => row.getBoundingClientRect().bottom > tools.getBoundingClientRect().bottom) || open[0]);
}
$("#next").addEventListener("click", () => step(1));
$("#previous").addEventListener("click", () => step(-1));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else return;
  event.preventDefault();
});

const named = () => (/^#n\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : null);
addEventListener("hashchange", () => goTo(named()));
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#n']");
  if (link && link.getAttribute("href") === location.hash) goTo(named());
});

/* ---- print ---- */

addEventListener("beforeprint", () => $$("details").forEach((part) => { part.open = true; }));

/* What is jumped to must not hide behind the tools, whose height depends on the width. */
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--tools", tools.offsetHeight + "px");
}).observe(tools);

applyFilters();
goTo(named());
