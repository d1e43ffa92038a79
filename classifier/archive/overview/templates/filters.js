/* ---- filters ---- */

const form = $("#filters"), query = $("#query"), matched = $("#matched"), reset = $("#reset");
const MOST_OPTIONS = 500;
let keep = null;         // of each row whether it matches; null where nothing is asked for
let texts = null;

/* Full-width forms become ASCII. */
const fold = (text) => text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).toLowerCase();
const textOf = (i) => fold([labelOf(i), data.titles[i], data.buyers[data.buyer[i]] ?? ""].join("\n"));

/* Names of folders, years and buyers with their numbers of documents, most frequent first. */
function fillOptions(kind, names) {
  const counts = new Map();
  for (const place of data[kind]) if (place !== NONE) counts.set(place, (counts.get(place) ?? 0) + 1);
  const places = [...counts.keys()].sort((a, b) =>
    kind === "year" ? names[a] - names[b] : counts.get(b) - counts.get(a) || a - b);
  for (const place of places.slice(0, MOST_OPTIONS)) addOption(kind, place, `${names[place]}（${counts.get(place)}）`);
  $(`#${kind}`).hidden = !places.length;
}

function addOption(kind, place, text) {
  const option = element("option", "", text);
  option.value = place;
  $(`#${kind}`).append(option);
}

/* One test per filter in use. */
function tests() {
  const made = [];
  const verdicts = $$("[name=verdict]:checked", form).map((box) => +box.value);
  if (verdicts.length) made.push((i) => verdicts.includes(data.verdict[i]));
  for (const kind of ["reason", "folder", "year", "buyer"]) {
    const wanted = $(`#${kind}`).value;
    if (wanted) made.push((i) => data[kind][i] === +wanted);
  }
  const alarm = $("#alarm").value;
  if (alarm) made.push((i) => data.alarms[i].some((place, k) => k % 2 === 0 && place === +alarm));
  const group = +$("#group").value;
  if (group) made.push((i) => groupOf(i) === group);
  const [from, to] = ["#from", "#to"].map((id) => $(id).value);
  if (from || to) {
    const low = from ? Math.round(SCALE * from) : -SCALE, high = to && +to < 1 ? Math.round(SCALE * to) : Infinity;
    made.push((i) => data.score[i] !== null && data.score[i] >= low && data.score[i] < high);
  }
  const words = fold(query.value).split(/\s+/).filter(Boolean);
  if (words.length) {
    texts ??= Array.from({ length: size }, (_, i) => textOf(i));
    made.push((i) => words.every((word) => texts[i].includes(word)));
  }
  return made;
}

function applyFilters() {
  const asked = tests();
  keep = asked.length ? Uint8Array.from({ length: size }, (_, i) => asked.every((test) => test(i))) : null;
  page = 0;
  showMatching();
  drawHistogram();
}

function showMatching() {
  const all = inOrder();
  shown = keep ? all.filter((i) => keep[i]) : all;
  matched.textContent = keep ? `符合筛选：${shown.length.toLocaleString("zh")} 份` : `共 ${size.toLocaleString("zh")} 份`;
  reset.hidden = !keep;
  $("#empty").hidden = shown.length > 0;
  drawPage();
}

/* Solid what matches, in the height it has among all. */
function drawHistogram() {
  const verdicts = data.verdicts.length, counts = new Int32Array(BINS * verdicts);
  let tallest = 1;
  const all = new Int32Array(BINS);
  for (let i = 0; i < size; i++) {
    if (data.verdict[i] === NONE || data.score[i] === null) continue;
    const bin = binOf(i);
    tallest = Math.max(tallest, ++all[bin]);
    if (!keep || keep[i]) counts[bin * verdicts + data.verdict[i]]++;
  }
  let top = 0;
  $$("#histogram .bin").forEach((rect, k) => {
    const height = 100 * counts[k] / tallest;
    top = (k % verdicts ? top : 100) - height;
    rect.setAttribute("y", `${top}%`);
    rect.setAttribute("height", `${height}%`);
  });
}

function clearFilters() {
  form.reset();
}

/* Shows in the table what a figure above counts. */
function setFilter(kind, value) {
  clearFilters();
  if (kind === "verdict") {
    $(`[name=verdict][value="${value}"]`, form).checked = true;
  } else {
    const field = $(`#${kind}`);
    if (field.localName === "select" && !$(`option[value="${value}"]`, field)) {
      addOption(kind, value, data[`${kind}s`][value]);
    }
    field.value = value;
  }
  applyFilters();
  $("#ranking").scrollIntoView();
  matched.focus({ preventScroll: true });
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => { if (event.target !== query) applyFilters(); });
let typing = 0;
query.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(applyFilters, 150); });
reset.addEventListener("click", () => { clearFilters(); applyFilters(); query.focus(); });
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-filter]");
  if (asked && data) setFilter(asked.dataset.filter, asked.dataset.value);
});
$("#histogram").addEventListener("click", (event) => {
  if (!data) return;
  const { left, width } = $("#histogram").getBoundingClientRect();
  const bin = Math.min(BINS - 1, Math.max(0, Math.floor((event.clientX - left) / width * BINS)));
  clearFilters();
  $("#from").value = (bin / 10 - 1).toFixed(1);
  $("#to").value = ((bin + 1) / 10 - 1).toFixed(1);
  applyFilters();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  query.focus();
});
