/* ---- detail panel ---- */

function make(name, content, className) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (typeof content === "string") node.textContent = content;
  else if (content) node.append(...content);
  return node;
}

function probabilityRow(name, p, side, isGiven) {
  const fill = make("div", "", side);
  fill.style.width = p + "%";
  const row = make("div", [make("span", name), make("div", [fill], "track"), make("span", percent(p))], "row");
  if (!isGiven) row.classList.add("none-given");
  return row;
}

function button(label, action) {
  const node = make("button", label);
  node.type = "button";
  node.addEventListener("click", action);
  return node;
}

function facts(i, sentence) {
  const list = make("dl");
  const add = (term, value) => { if (value) list.append(make("dt", term), make("dd", value)); };
  add("章节", sectionOf(i).join(" › "));
  add("序号", `第 ${i + 1} 句，共 ${total} 句`);
  add("计入得分", repeated.has(i) ? "否，与前文重复" : "是");
  add("待复核", sentence.classList.contains("r") ? "是，模型没有把握" : "否");
  if (data.rows[i].length > 2) add("对得分", signed(data.rows[i][2]));
  return list;
}

function heading(sentence) {
  const side = sideOf(sentence);
  return make("h3", side ? `${SIGNS[side]} ${NAMES[side]}` : "○ 中性");
}

function probabilities(i, sentence) {
  const [assistive, control, , likely = []] = data.rows[i], side = sideOf(sentence), codes = codesOf(sentence);
  const parts = [
    title("概率"),
    probabilityRow("▲ 赋能", assistive, "a", side === "a" || side === "m"),
    probabilityRow("▼ 管控", control, "c", side === "c" || side === "m"),
  ];
  if (likely.length) parts.push(title("类别（概率大于 10 % 的；灰色的未采用）"));
  for (let k = 0; k < likely.length; k += 2) {
    const [code, name, of] = data.labels[likely[k]];
    parts.push(probabilityRow(`${code} ${name}`, likely[k + 1], of, codes.includes(code)));
  }
  return parts;
}

function showPanel(sentence) {
  const i = indexOf(sentence), close = button("✕", hidePanel);
  close.className = "close";
  close.setAttribute("aria-label", "关闭详情");
  const acts = [button("◀ 上一句", () => step(-1)), button("下一句 ▶", () => step(1))];
  if (matching) acts.push(button("看上下文", () => { resetFilters(); goTo(sentence); }));
  if (findingsOf.has(i)) acts.push(button("↩ 回到发现", goBack));
  panel.replaceChildren(
    heading(sentence), close, make("p", placeOf(i), "at"), make("div", acts, "acts"),
    ...belongsTo(i), ...probabilities(i, sentence), ...explanation(i, sentence),
    title("这一句"), facts(i, sentence),
  );
  panel.hidden = false;
  panel.scrollTop = 0;
  tip.hidden = true;
  if (innerWidth <= NARROW) centre(sentence);
}

function hidePanel() {
  panel.hidden = true;
  current?.focus({ preventScroll: true });
}

doc.addEventListener("click", (event) => {
  const sentence = sentenceAt(event.target);
  if (!sentence || getSelection().toString()) return;
  select(sentence);
  showPanel(sentence);
});

/* ---- probability on hover and focus ---- */

function tipText(sentence) {
  const [assistive, control, , likely = []] = data.rows[indexOf(sentence)], words = [];
  for (const code of codesOf(sentence)) {
    const at = data.labels.findIndex((label) => label[0] === code);
    for (let k = 0; k < likely.length; k += 2) if (likely[k] === at) words.push(`${code} ${percent(likely[k + 1])}`);
  }
  return [`赋能 ${percent(assistive)}`, `管控 ${percent(control)}`, ...words].join(" · ");
}

function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  tip.style.left = Math.max(8, Math.min(x, innerWidth - box.width - 8)) + "px";
  tip.style.top = (y - box.height - 8 > 0 ? y - box.height - 8 : y + 26) + "px";
}

function tipFor(event) {
  const sentence = sentenceAt(event.target);
  if (!sentence?.matches("mark, .r") || !panel.hidden) { tip.hidden = true; return; }
  const box = sentence.getClientRects()[0];
  if (box) showTip(tipText(sentence), box.left, box.top);
}
doc.addEventListener("mouseover", tipFor);
doc.addEventListener("focusin", tipFor);
doc.addEventListener("mouseleave", () => { tip.hidden = true; });
doc.addEventListener("focusout", () => { tip.hidden = true; });
addEventListener("scroll", () => {
  const focused = tip.hidden ? null : $("#doc :focus");
  if (focused) tipFor({ target: focused }); else tip.hidden = true;
}, { passive: true });

/* ---- strip ---- */

const NEAR = 7;
const at = marks.map(indexOf);

function nearest(strip, x) {
  const box = strip.getBoundingClientRect();
  const i = Math.max(0, Math.min(total - 1, Math.floor(((x - box.left) / box.width) * total)));
  let best = i, distance = (NEAR / box.width) * total;
  for (const k of at) if (Math.abs(k - i) <= distance) { distance = Math.abs(k - i); best = k; }
  return best;
}

function setSlider(strip, i) {
  strip.dataset.at = i;
  strip.setAttribute("aria-valuenow", i + 1);
  strip.setAttribute("aria-valuetext", preview(i));
}

function preview(i) {
  const sentence = element(i), side = sideOf(sentence), text = textOf(sentence);
  return [placeOf(i), side ? NAMES[side] : "", text.length > 60 ? text.slice(0, 60) + "…" : text].filter(Boolean).join(" · ");
}

function stripKey(event) {
  const strip = event.currentTarget, i = +(strip.dataset.at || 0);
  const moves = {
    ArrowRight: () => at.find((k) => k > i), ArrowUp: () => at.find((k) => k > i),
    ArrowLeft: () => at.findLast((k) => k < i), ArrowDown: () => at.findLast((k) => k < i),
    Home: () => at[0], End: () => at.at(-1),
  };
  if (event.key === "Enter" || event.key === " ") jumpTo(i);
  else if (moves[event.key]) {
    const to = moves[event.key]() ?? i, box = strip.getBoundingClientRect();
    setSlider(strip, to);
    showTip(preview(to), box.left + (box.width * to) / total, box.top);
  } else return;
  event.preventDefault();
}

for (const strip of $$(".strip")) {
  strip.addEventListener("click", (event) => jumpTo(nearest(strip, event.clientX)));
  strip.addEventListener("mousemove", (event) => showTip(preview(nearest(strip, event.clientX)), event.clientX, strip.getBoundingClientRect().top));
  strip.addEventListener("mouseleave", () => { tip.hidden = true; });
  strip.addEventListener("blur", () => { tip.hidden = true; });
  strip.addEventListener("keydown", stripKey);
}
