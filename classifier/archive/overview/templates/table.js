/* ---- the table: sorting once per column, a hundred rows at a time ---- */

const PER_PAGE = 100;
const body = $("#rows"), pager = $("#pager"), pageField = $("#page");
let sortKey = "score", descending = false, page = 0, shown = [];
const orders = {};       // per column: rows that have a value in ascending order, then the others

/* By score those without a verdict come after those with one. */
const KEYS = {
  score: (i) => (data.score[i] === null || data.verdict[i] === NONE ? NaN : data.score[i]),
  verdict: (i) => (data.verdict[i] === NONE ? NaN : data.verdict[i]),
  salience: (i) => data.salience[i] ?? NaN,
  assistive: (i) => data.assistive[i] ?? NaN,
  control: (i) => data.control[i] ?? NaN,
  alarms: (i) => (data.verdict[i] === NONE ? NaN : data.alarms[i].length),
  pages: (i) => data.pages[i] || NaN,
  group: (i) => groupOf(i) || NaN,
};

function rankedBy(key) {
  if (orders[key]) return orders[key];
  const all = Array.from({ length: size }, (_, i) => i);
  if (key === "name") {
    const names = all.map(nameOf), collator = new Intl.Collator("zh", { numeric: true });
    all.sort((a, b) => collator.compare(names[a], names[b]) || a - b);
    return (orders[key] = { parts: [all], others: [] });
  }
  const values = Float64Array.from(all, KEYS[key]);
  const known = all.filter((i) => !Number.isNaN(values[i])).sort((a, b) => values[a] - values[b] || a - b);
  const others = all.filter((i) => Number.isNaN(values[i]));
  const parts = key === "score"
    ? [known.filter((i) => data.verdict[i] !== UNDECIDED), known.filter((i) => data.verdict[i] === UNDECIDED)]
    : [known];
  return (orders[key] = { parts, others });
}

/* All rows in the chosen order; turning it round leaves those without a value at the end. */
function inOrder() {
  const { parts, others } = rankedBy(sortKey);
  return (descending ? parts.map((part) => part.toReversed()) : parts).flat().concat(others);
}

function element(name, className, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function shape(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function scaleOf(i) {
  const svg = shape("svg", { class: "mini", "aria-hidden": "true" });
  svg.append(
    shape("line", { class: "axis", x1: 0, x2: "100%", y1: 8, y2: 8 }),
    shape("line", { class: "zero", x1: "50%", x2: "50%", y1: 2, y2: 14 }));
  if (data.low[i] !== null && data.high[i] !== null) {
    svg.append(shape("rect", {
      class: "band", x: `${50 + data.low[i] / 2}%`, y: 4.5, height: 7, width: `${(data.high[i] - data.low[i]) / 2}%`,
    }));
  }
  svg.append(shape("circle", { cx: `${50 + 50 * data.score[i] / SCALE}%`, cy: 8, r: 4 }));
  return svg;
}

function fileCell(i) {
  const cell = element("th"), name = nameOf(i);
  cell.scope = "row";
  const shownName = data.reports[i] ? element("a", "", name) : document.createTextNode(name);
  if (data.reports[i]) shownName.href = data.reports[i];
  cell.append(shownName);
  if (data.titles[i]) cell.append(element("span", "title", data.titles[i]));
  if (directoryOf(i)) cell.append(element("span", "dir", directoryOf(i)));
  return cell;
}

function figureCells(i) {
  const verdict = data.verdict[i];
  if (verdict === NONE) {
    const [code, step] = data.reasons[data.reason[i]], cell = element("td", "step");
    cell.colSpan = 4;
    cell.append(element("code", "", code), ` ${step}`);
    return [element("td", "says", "未评估"), cell];
  }
  const side = sideOf(verdict), word = element("td", `says ${side}`), score = element("td", "points");
  const symbol = element("span", `sy ${side}`, { a: "▲", c: "▼" }[side] ?? "●");
  symbol.ariaHidden = "true";
  word.append(symbol, ` ${data.verdicts[verdict]}`);
  if (data.score[i] !== null) {
    score.append(element("span", "n", signed(data.score[i] / SCALE)), " ", scaleOf(i));
    score.title = `95 % 区间 ${signed(data.low[i] / 100)} 至 ${signed(data.high[i] / 100)}`;
  }
  const number = (value, by, unit = "") =>
    element("td", "n", value === null ? "" : (value / by).toFixed(1) + unit);
  return [word, score, number(data.salience[i], 10, " %"), number(data.assistive[i], 10), number(data.control[i], 10)];
}

function alarmCell(i) {
  const cell = element("td", "alarms"), pairs = data.alarms[i];
  for (let k = 0; k < Math.min(pairs.length, 6); k += 2) {
    cell.append(element("i", "c", `${data.alarmNames[pairs[k]]} ${pairs[k + 1]}`));
  }
  if (pairs.length > 6) {
    const more = element("small", "", `另 ${pairs.length / 2 - 3} 项`);
    more.title = pairs.filter((_, k) => k % 2 === 0 && k >= 6).map((place) => data.alarmNames[place]).join("、");
    cell.append(more);
  }
  return cell;
}

function rowOf(i) {
  const row = element("tr", data.verdict[i] === UNDECIDED ? "unsure" : "");
  row.append(fileCell(i), ...figureCells(i), alarmCell(i),
    element("td", "n", data.pages[i] || ""), element("td", "n", groupOf(i) || ""));
  return row;
}

function drawPage() {
  const pages = Math.max(1, Math.ceil(shown.length / PER_PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  body.replaceChildren(...shown.slice(page * PER_PAGE, (page + 1) * PER_PAGE).map(rowOf));
  pageField.value = page + 1;
  pageField.max = pages;
  $("#pages").textContent = pages.toLocaleString("zh");
  pager.hidden = pages === 1;
  for (const button of $$("button", pager)) {
    button.disabled = ["first", "previous"].includes(button.dataset.page) ? page === 0 : page === pages - 1;
  }
}

function goToPage(wanted) {
  page = wanted;
  drawPage();
  $("#ranking").scrollIntoView();
}

pager.addEventListener("click", (event) => {
  const step = event.target.closest("[data-page]")?.dataset.page;
  if (step) goToPage({ first: 0, previous: page - 1, next: page + 1, last: Infinity }[step]);
});
pageField.addEventListener("change", () => goToPage((+pageField.value || 1) - 1));

/* The first press sorts numbers from the top, names and scores from the beginning. */
$(".ranking thead").addEventListener("click", (event) => {
  const key = event.target.closest("[data-sort]")?.dataset.sort;
  if (!key || !data) return;
  descending = key === sortKey ? !descending : !["name", "score", "verdict", "group"].includes(key);
  sortKey = key;
  for (const head of $$(".ranking thead th")) {
    if ($("button", head).dataset.sort === key) head.ariaSort = descending ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
  }
  page = 0;
  showMatching();
});
