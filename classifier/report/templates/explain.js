/* ---- why a sentence is labelled as it is ---- */

/* data.explained: words[i] = [method, [[label, start, end, weight, ...], ...], agreement,
   [[side, start, end, new, ...], ...]]; told[i] = numbers of guides; near[i] = [[example, % alike,
   ...], the same of other sides, [like, unlike]]. Offsets count characters, not UTF-16 units. */
const known = data.explained;
const OCCLUSION = 1;
const QUESTIONS = [["▲ 赋能", "a"], ["▼ 管控", "c"]];
const SIDES = { ...NAMES, n: "中性" }, SIGNS = { a: "▲", c: "▼", m: "◆", n: "○" };
const METHODS = [
  ["把词汇模型逐词分解", "数字是这个词给该标签的对数几率；分解是精确的。"],
  ["逐词删去，由整个模型重读", "数字是删去这个词后该标签失去的对数几率。"],
  ["把模型的词汇部分逐词分解", "数字是这个词给该标签的对数几率。分解是精确的，但不含编码器的判断；要让整个模型逐词重读，见页末命令。"],
];

const nameOf = (label) => label < 2 ? QUESTIONS[label] : [data.labels[label - 2].slice(0, 2).join(" "), data.labels[label - 2][2]];
const chips = (codes, side) => make("span", codes.length ? codes.join(" ") : SIDES[side], "codes " + side);
const title = (text) => make("h4", text);

/* The sentence with the words of its first label marked, the strong ones more. */
function sentenceWithWords(characters, words, side) {
  const most = Math.max(...words.map((word) => word[2])), parts = [];
  let at = 0;
  for (const [start, end, weight] of words) {
    parts.push(characters.slice(at, start).join(""));
    parts.push(make("b", characters.slice(start, end).join(""), weight >= most / 2 ? `${side} strong` : side));
    at = end;
  }
  parts.push(characters.slice(at).join(""));
  return make("p", parts, "quoted");
}

function triples(flat) {
  const found = [];
  for (let k = 0; k < flat.length; k += 3) found.push(flat.slice(k, k + 3));
  return found;
}

function wordList(label, words, characters) {
  const [name, side] = nameOf(label);
  const found = new Map();
  for (const [start, end, weight] of [...words].sort((one, other) => other[2] - one[2])) {
    const word = characters.slice(start, end).join(""), [most, times] = found.get(word) || [weight, 0];
    found.set(word, [most, times + 1]);
  }
  const list = [...found].map(([word, [weight, times]]) =>
    make("span", [make("b", word), ` +${weight.toFixed(1)}${times > 1 ? ` ×${times}` : ""}`], "word"));
  return make("div", [make("span", name, "label " + side), make("span", list.length ? list : "没有哪个词单独起作用", "words")], "carried");
}

function words(i, characters) {
  const found = known.words[i];
  if (!found) return [];
  const [method, carried, agreement, flips] = found;
  const [name, note] = METHODS[method], parts = [title("哪些词起作用")];
  const first = carried[0] ? triples(carried[0].slice(1)) : [];
  if (first.length) parts.push(sentenceWithWords(characters, first, nameOf(carried[0][0])[1]));
  for (const [label, ...flat] of carried) parts.push(wordList(label, triples(flat), characters));
  const compared = agreement === null ? "" : ` 与另一种方法的排序相关 ρ ${agreement.toFixed(2)}。`;
  parts.push(make("p", [make("b", "方法："), `${name}。${note}${compared}`], "fine"));
  if (method === OCCLUSION) parts.push(...changed(flips, characters));
  return parts;
}

/* What has been tried on the model and was answered otherwise. */
function changed(flips, characters) {
  const parts = [title("怎样改会不同（已由模型验证）")];
  for (const [side, ...flat] of flips) {
    const line = [];
    let at = 0;
    for (const [start, end, text] of triples(flat)) {
      line.push(characters.slice(at, start).join(""), make("del", characters.slice(start, end).join("")));
      if (text) line.push(make("ins", text));
      at = end;
    }
    line.push(characters.slice(at).join(""), " → ", chips([], side));
    parts.push(make("p", line, "quoted"));
  }
  if (!flips.length) parts.push(make("p", "试过的删词和换词都没有改变判定。", "fine"));
  return parts;
}

function guides(i) {
  const parts = [], told = new Set();
  for (const number of known.told[i] || []) {
    const [code, definition, missed, rule, example, matter, ruling] = known.guides[number];
    parts.push(make("p", [make("b", code), "：" + definition]));
    if (matter) parts.push(make("p", [make("b", "细则"), `：${matter} → ${ruling}`]));
    if (rule >= 0 && !told.has(rule)) {
      const [n, heading, text] = known.rules[rule];
      told.add(rule);
      parts.push(make("p", [make("b", `规则 ${n} ${heading}`), "：" + text]));
      if (example) parts.push(make("p", "例：" + example, "fine"));
    }
    if (missed) parts.push(make("p", "近似而不是：" + missed, "fine"));
  }
  return parts.length ? [title("准则怎么说（按用词挑选，供对照）"), ...parts] : [];
}

function exampleRow(number, alike) {
  const [id, text, codes, side] = known.examples[number];
  const share = alike === undefined ? [] : [make("small", ` 字面相似 ${alike} %`)];
  return make("li", [chips(codes, side), " " + text + " ", make("small", id), ...share]);
}

function exampleRows(flat) {
  const rows = [];
  for (let k = 0; k < flat.length; k += 2) rows.push(exampleRow(flat[k], flat[k + 1]));
  return rows;
}

function examples(i) {
  const found = known.near[i];
  if (!found) return [];
  const [same, others, contrast] = found, parts = [];
  if (same.length) parts.push(title("相近的已标注句：同样判定"), make("ul", exampleRows(same), "cases"));
  if (others.length) parts.push(title("反例：相近而判定不同"), make("ul", exampleRows(others), "cases"));
  if (contrast.length) parts.push(title("成对的例句：措辞相近，标注不同"), make("ul", contrast.map((n) => exampleRow(n)), "cases"));
  return parts;
}

/* Quoted for a shell: the document's text must stay text there too. */
const quoted = (text) => "'" + text.replace(/\s+/g, " ").trim().replaceAll("'", "'\\''") + "'";

function command(i, text) {
  const heading = sectionOf(i).at(-1), before = i ? textOf(element(i - 1)) : "";
  const model = data.model === "standard" ? [] : ["--model", quoted(data.model)];
  const parts = ["tenderlens explain", ...model, ...(heading ? ["--section", quoted(heading)] : []),
    ...(before ? ["--previous", quoted(before)] : []), "--", quoted(text)];
  const isFull = known.words[i]?.[0] === OCCLUSION;
  return [
    title(isFull ? "全部细节" : "由整个模型逐词解释"),
    make("p", isFull ? "概率、另一种方法和更多例句：" : "在命令行运行（约数秒），或用 scan --explain 重做本报告：", "fine"),
    make("code", parts.join(" "), "command"),
  ];
}

function explanation(i, sentence) {
  const text = textOf(sentence), characters = Array.from(text);
  return [...words(i, characters), ...guides(i), ...examples(i), ...command(i, text)];
}

/* ---- findings a sentence is evidence of, and the way back ---- */

const findingsOf = new Map();
for (const finding of data.findings) {
  for (const i of finding[3]) findingsOf.set(i, [...(findingsOf.get(i) || []), finding]);
}
const evidence = [...findingsOf.keys()].sort((one, other) => one - other);
let cameFrom = null;     // id of the finding whose link was followed last

function belongsTo(i) {
  const found = findingsOf.get(i);
  if (!found) return [];
  const links = found.map(([id, kind, name]) => {
    const link = make("a", `${kind}：${name}`);
    link.href = "#" + id;
    return make("li", [link]);
  });
  return [title("是这些发现的依据（b 返回）"), make("ul", links, "belongs")];
}

function goBack() {
  const i = current ? indexOf(current) : -1, own = findingsOf.get(i);
  const id = own?.some(([other]) => other === cameFrom) ? cameFrom : own?.[0][0];
  if (!id) return;
  if (location.hash === "#" + id) followHash(); else location.hash = id;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest(".finding a[href^='#s'], .check a[href^='#s']");
  if (!link) return;
  const row = link.closest("tr")?.querySelector("th a");
  cameFrom = link.closest(".finding")?.id || row?.getAttribute("href").slice(1) || null;
});
