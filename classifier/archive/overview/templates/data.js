/* ---- the rows: columns of the archive, unpacked ---- */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const NONE = -1, UNDECIDED = 5, BINS = 20, SCALE = 100000;
let data, size;

async function unpack() {
  const bytes = Uint8Array.from(atob($("#data").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  data = JSON.parse(await new Response(stream).text());
  size = data.paths.length;
}

const memberOf = (i) => data.members[i] || "";
const labelOf = (i) => (memberOf(i) ? `${data.paths[i]}/${memberOf(i)}` : data.paths[i]);
const groupOf = (i) => data.group[i] || 0;

function nameOf(i) {
  const label = labelOf(i).replace(/\/+$/, "");
  return label.slice(label.lastIndexOf("/") + 1) || labelOf(i);
}

function directoryOf(i) {
  const label = labelOf(i).replace(/\/+$/, ""), name = nameOf(i);
  return label.endsWith(name) ? label.slice(0, label.length - name.length) : "";
}

/* With its sign and a true minus; what rounds to nought has none. */
function signed(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return (+text === 0 ? "" : value < 0 ? "−" : "+") + text;
}

const binOf = (i) => Math.min(BINS - 1, Math.floor((data.score[i] + SCALE) * BINS / (2 * SCALE)));
const sideOf = (verdict) => ["c", "c", "", "a", "a", ""][verdict] ?? "";
