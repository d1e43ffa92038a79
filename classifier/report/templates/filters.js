/* ---- filters ---- */

const form = $("#filters"), category = $("#category"), review = $("#review"), only = $("#only");
const matched = $("#matched"), empty = $("#empty"), reset = $("#reset");
let lit = [];            // elements that carry a class of the present filter

function light(node, name) {
  if (node && !node.classList.contains(name)) {
    node.classList.add(name);
    lit.push([node, name]);
  }
}

function applyFilters() {
  lit.forEach(([node, name]) => node.classList.remove(name));
  lit = [];
  const sides = $$("[name=o]:checked", form).map((box) => box.value);
  const active = sides.length || category.value || review.checked || only.checked;
  doc.classList.toggle("f", Boolean(active));
  reset.hidden = !active;
  empty.hidden = true;
  matching = null;
  matched.textContent = "";
  if (active) {
    matching = $$("mark, .r", doc).filter((sentence) =>
      (!sides.length || sides.includes(sideOf(sentence))) &&
      (!only.checked || sideOf(sentence)) &&
      (!review.checked || sentence.classList.contains("r")) &&
      (!category.value || codesOf(sentence).includes(category.value)));
    matching.forEach((sentence) => light(sentence, "on"));
    lightContext();
    matched.textContent = `符合筛选：${matching.length} 句`;
    empty.hidden = matching.length > 0;
  }
  if ($("#query").value) search();
  showHere();
}

/* Paragraphs with a match, the headings above them, and the mark of their page. */
function lightContext() {
  const path = [];
  let page = null;
  for (const node of $$(".pg, .b", doc)) {
    if (node.classList.contains("pg")) { page = node; continue; }
    const level = +node.dataset.l || 0;
    if (level) {
      while (path.length && path.at(-1).dataset.l >= level) path.pop();
      path.push(node);
    }
    if (!$(".on", node)) continue;
    light(node, "on");
    light(node.closest("tr"), "on");
    for (const context of page ? [...path, page] : path) light(context, "ctx");
    for (const part of [node, ...path, page]) light(part?.closest(".p"), "on");
  }
}

function resetFilters() {
  $$("input[type=checkbox]", form).forEach((box) => { box.checked = false; });
  category.value = "";
  applyFilters();
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("change", (event) => {
  if (event.target.matches("[type=checkbox], select")) applyFilters();
});
reset.addEventListener("click", () => {
  const keep = current;
  resetFilters();
  if (keep) centre(keep);
});
$("#profile").addEventListener("click", (event) => {
  const bar = event.target.closest("[data-filter]");
  if (!bar) return;
  resetFilters();
  category.value = bar.dataset.filter;
  applyFilters();
  $("#text").scrollIntoView();
  category.focus({ preventScroll: true });
});
$("#page")?.addEventListener("change", (event) => {
  const wanted = +event.target.value;
  const target = $$(".pg", doc).find((mark) => +mark.id.slice(1) >= wanted) || $$(".pg", doc).at(-1);
  if (!wanted || !target) return;
  if (matching) resetFilters();
  location.hash = target.id;
  target.scrollIntoView();
  requestAnimationFrame(() => requestAnimationFrame(() => { target.scrollIntoView(); showHere(); }));
});

/* ---- search ---- */

const query = $("#query"), hitCount = $("#hits"), MOST = 5000;
let hits = [], hit = -1, texts = null;

/* One to one in length, so that offsets stay true: full-width forms become ASCII. */
const fold = (text) => text.replace(/[！-～]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0)).toLowerCase();

function buildTexts() {
  return $$(".b", doc).map((block) => {
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.localName === "i" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const nodes = [], starts = [];
    let text = "";
    while (walker.nextNode()) {
      nodes.push(walker.currentNode);
      starts.push(text.length);
      text += walker.currentNode.data;
    }
    return { block, nodes, starts, text: fold(text) };
  });
}

function pointAt({ nodes, starts }, offset, isEnd) {
  let k = starts.length - 1;
  while (k > 0 && (isEnd ? starts[k] >= offset : starts[k] > offset)) k--;
  return [nodes[k], offset - starts[k]];
}

function search() {
  const wanted = fold(query.value.trim());
  hits = [];
  hit = -1;
  if (wanted) {
    texts ??= buildTexts();
    for (const entry of texts) {
      for (let at = entry.text.indexOf(wanted); at >= 0 && hits.length < MOST; at = entry.text.indexOf(wanted, at + wanted.length)) {
        const range = document.createRange();
        range.setStart(...pointAt(entry, at, false));
        range.setEnd(...pointAt(entry, at + wanted.length, true));
        if (isShown(sentenceAt(range.startContainer.parentElement) || entry.block)) hits.push(range);
      }
    }
  }
  if (globalThis.Highlight) {
    const all = new Highlight();
    hits.forEach((range) => all.add(range));
    CSS.highlights.set("hit", all);
    CSS.highlights.delete("now");
  }
  showHits(wanted);
}

function showHits(wanted) {
  const many = hits.length + (hits.length === MOST ? "+" : "");
  hitCount.textContent = !wanted ? "" : !hits.length ? "0 处" : hit < 0 ? `${many} 处` : `${hit + 1}/${many}`;
}

function nextHit(direction) {
  if (!hits.length) return;
  hit = hit < 0 && direction < 0 ? hits.length - 1 : (hit + direction + hits.length) % hits.length;
  const range = hits[hit], parent = range.startContainer.parentElement, sentence = sentenceAt(parent);
  if (globalThis.Highlight) CSS.highlights.set("now", Object.assign(new Highlight(range), { priority: 1 }));
  if (sentence) goTo(sentence, false); else centre(parent);
  showHits(true);
}

let typing = 0;
query.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 150); });
query.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  clearTimeout(typing);
  if (hit < 0) search();
  nextHit(event.shiftKey ? -1 : 1);
});
$("#next").addEventListener("click", () => nextHit(1));
$("#previous").addEventListener("click", () => nextHit(-1));
