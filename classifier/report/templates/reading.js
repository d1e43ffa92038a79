const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* data.rows[i] = [assistive %, control %] and, for a marked sentence,
   [..., influence, [category number, %, ...]]. pages, paragraphs, depths (% of the page's
   height above the sentence) and sections are run-length coded. */
const data = JSON.parse($("#data").textContent);
const doc = $("#doc"), panel = $("#panel"), tip = $("#tip");
const tools = $(".tools"), here = $("#here");
const total = data.rows.length;
const NAMES = { a: "赋能", c: "管控", m: "兼有" };

const element = (i) => document.getElementById("s" + i);
const indexOf = (sentence) => +sentence.id.slice(1);
const sentenceAt = (node) => node.closest?.("#doc [id^=s]");
const marks = $$("mark", doc);
const groups = $$(".p", doc);
// On narrow screens the panel covers the lower half, see report.css.
const NARROW = 640;
let current = null;      // the sentence that j, k and Enter speak of
let matching = null;     // sentences that pass the filters; null without filters

/* ---- what is known about a sentence ---- */

function runAt(runs, i) {
  let low = 0, high = runs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (runs[middle][0] <= i) low = middle; else high = middle - 1;
  }
  return runs.length ? runs[low][1] : null;
}
const pageOf = (i) => runAt(data.pages, i);
const sectionOf = (i) => runAt(data.sections, i) || [];
const sideOf = (sentence) => ["a", "c", "m"].find((side) => sentence.classList.contains(side));
const codesOf = (sentence) => (sentence.dataset.k || "").split(" ").filter(Boolean);
const percent = (p) => (p <= 0 ? "<1 %" : p >= 100 ? ">99 %" : p + " %");
const signed = (x) => (x > 0 ? "+" : x < 0 ? "−" : "") + Math.abs(x).toFixed(4);
const repeated = new Set(data.repeated);

function textOf(sentence) {
  return [...sentence.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("");
}

const thirdOf = (depth) => (depth < 100 / 3 ? "上部" : depth < 200 / 3 ? "中部" : "下部");

/* Where to look in the original file. */
function placeOf(i) {
  const page = pageOf(i), words = [];
  words.push(page === null ? `第 ${runAt(data.paragraphs, i)} 段` : `第 ${page} 页`);
  const depth = runAt(data.depths, i);
  if (depth !== null) words.push(`${thirdOf(depth)}，距页顶约 ${depth} %`);
  if (data.ends[i]) words.push(`续至第 ${data.ends[i]} 页`);
  const cell = data.cells[i];
  if (cell) words.push(`表 ${cell[0]} 行 ${cell[1]} 列 ${cell[2]}` + (cell[3] ? `（${cell[3]}）` : ""));
  return words.join(" · ");
}

/* ---- going to a sentence ---- */

function isShown(sentence) {
  return !matching || Boolean(sentence.closest("tr.on")) || sentence.classList.contains("on") ||
    Boolean(sentence.closest(".ctx"));
}

function select(sentence) {
  current?.classList.remove("cur");
  if (current) current.tabIndex = -1;
  current = sentence;
  sentence.classList.add("cur");
  sentence.tabIndex = 0;
  if (!panel.hidden) showPanel(sentence);
}

/* Text off screen has only an estimated height: as it is laid out, what stands above the target moves
   it. Centre again until it has kept still for some frames, or the reader scrolls. */
const STILL_FRAMES = 12, LONGEST_MS = 3000;
let centring = 0;
function centre(target) {
  const mine = ++centring, until = performance.now() + LONGEST_MS;
  let still = 0, put = Infinity;
  const settle = () => {
    if (mine !== centring) return;
    const moved = Math.abs(target.getBoundingClientRect().top - put) > 1;
    if (moved) {
      target.scrollIntoView({ block: "center" });
      put = target.getBoundingClientRect().top;
    }
    still = moved ? 0 : still + 1;
    if (still < STILL_FRAMES && performance.now() < until) requestAnimationFrame(settle);
    else showHere();
  };
  settle();
}
for (const sign of ["wheel", "touchmove", "pointerdown"]) {
  addEventListener(sign, () => { centring += 1; }, { passive: true });
}

function goTo(sentence, focus = true) {
  if (!sentence) return;
  if (!isShown(sentence)) resetFilters();
  select(sentence);
  centre(sentence);
  if (focus) sentence.focus({ preventScroll: true });
}

function followHash() {
  const target = document.getElementById(location.hash.slice(1));
  if (!target) return;
  if (/^#s\d+$/.test(location.hash)) {
    goTo(target);
    if (innerWidth > NARROW && findingsOf.has(indexOf(target))) showPanel(target);
  } else if (target.classList.contains("finding")) {
    hidePanel();
    target.tabIndex = -1;
    centre(target);
    target.focus({ preventScroll: true });
  }
}
addEventListener("hashchange", followHash);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#s'], a[href^='#f-']");
  if (link?.getAttribute("href") === location.hash) followHash();
});

function jumpTo(i) {
  if (location.hash === "#s" + i) followHash(); else location.hash = "s" + i;
}

/* ---- where the reader is ---- */

function firstVisible() {
  const top = tools.getBoundingClientRect().bottom;
  for (const group of groups) {
    if (group.getBoundingClientRect().bottom <= top + 1) continue;
    for (const sentence of $$("[id^=s]", group)) {
      const box = sentence.getBoundingClientRect();
      if (box.height && box.bottom > top) return sentence;
    }
  }
  return null;
}

function lastVisible(from) {
  let last = from;
  for (const group of groups.slice(groups.indexOf(from.closest(".p")))) {
    if (group.getBoundingClientRect().top > innerHeight) break;
    for (const sentence of $$("[id^=s]", group)) {
      if (sentence.getBoundingClientRect().top > innerHeight) return last;
      last = sentence;
    }
  }
  return last;
}

function showHere() {
  const box = doc.getBoundingClientRect();
  const first = box.top < innerHeight && box.bottom > 0 ? firstVisible() : null;
  const seen = $$(".seen");
  if (!first) {
    seen.forEach((window) => window.setAttribute("width", 0));
    here.textContent = "";
    return;
  }
  const from = indexOf(first), to = indexOf(lastVisible(first)) + 1;
  for (const window of seen) {
    window.setAttribute("x", (1000 * from) / total);
    window.setAttribute("width", Math.max((1000 * (to - from)) / total, 4));
  }
  const words = [pageOf(from) === null ? "" : `第 ${pageOf(from)} 页`, ...sectionOf(from).slice(0, 2), `第 ${from + 1}／${total} 句`];
  here.textContent = words.filter(Boolean).join(" · ");
  if (!$(".strip:focus")) $$(".strip").forEach((strip) => setSlider(strip, from));
}

let pending = false;
function onScroll() {
  if (pending) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; showHere(); });
}
addEventListener("scroll", onScroll, { passive: true });
addEventListener("resize", onScroll);

/* What is jumped to must not hide behind the tools, whose height depends on the width. */
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--tools", tools.offsetHeight + "px");
}).observe(tools);

/* ---- next and previous ---- */

function isInView(node) {
  const box = node.getBoundingClientRect();
  return box.height > 0 && box.bottom > tools.getBoundingClientRect().bottom && box.top < innerHeight;
}

function step(direction) {
  stepIn(matching || marks, direction);
}

function stepIn(list, direction) {
  if (!list.length) return;
  const anchor = current && isInView(current) ? current : firstVisible();
  const at = anchor ? indexOf(anchor) : -1, own = anchor === current;
  const next = direction > 0
    ? list.find((s) => indexOf(s) > at || (!own && indexOf(s) === at))
    : list.findLast((s) => indexOf(s) < at);
  goTo(next || (direction > 0 ? list.at(-1) : list[0]));
}
