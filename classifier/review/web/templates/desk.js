/* The desk: a queue on the left, one sentence with its decision on the right. */

const queue = document.getElementById("queue"), card = document.getElementById("card");

if (queue) {
  const key = document.body.dataset.document, filters = document.getElementById("filters");
  let chosen = [], shown = null, isBusy = false;

  const query = () => new URLSearchParams([...new FormData(filters)].filter(([, value]) => value)).toString();
  const items = () => [...queue.querySelectorAll("[data-index]")];
  const form = () => document.getElementById("form");
  const radios = () => [...form().elements.orientation];
  const boxes = () => [...form().querySelectorAll("[name=category]")];
  const orientation = () => radios().find(radio => radio.checked)?.value;

  /* One act at a time: a second Enter must not decide on a sentence that is not yet shown. The message
     of the act before goes at once: it would vouch for this one, and nobody hears the same text twice. */
  async function alone(act) {
    if (isBusy) return;
    isBusy = true;
    say("");
    try { await act(); } finally { isBusy = false; }
  }

  /* ---- queue ---- */

  async function loadQueue() {
    const html = await part(`/d/${key}/queue?${query()}`);
    if (html === null) return;
    queue.innerHTML = html;
    markCurrent();
  }

  async function loadMore(button) {
    const html = await part(`/d/${key}/queue?${query()}&offset=${button.dataset.offset}`);
    if (html === null) return;
    const more = new DOMParser().parseFromString(html, "text/html");
    queue.querySelector(".items").append(...more.querySelectorAll(".items > li"));
    const next = more.getElementById("more");
    if (next) button.replaceWith(next); else button.remove();
  }

  function markCurrent() {
    for (const item of items()) {
      const isCurrent = +item.dataset.index === shown;
      item.toggleAttribute("aria-current", isCurrent);
      if (isCurrent) item.scrollIntoView({ block: "nearest" });
    }
  }

  /* The item so many places on; null at the ends. */
  async function neighbour(step) {
    const list = items(), at = list.findIndex(item => +item.dataset.index === shown);
    const more = document.getElementById("more");
    if (at + step >= list.length && more) {
      await loadMore(more);
      return neighbour(step);
    }
    const item = at < 0 ? list[0] : list[at + step];
    return item ? +item.dataset.index : null;
  }

  async function move(step) {
    const index = await neighbour(step);
    if (index === null) say(step > 0 ? "已到队列末尾。" : "已到队列开头。");
    else await show(index);
  }

  filters.addEventListener("submit", event => event.preventDefault());
  filters.addEventListener("change", async () => {
    history.replaceState(null, "", `?${query()}${location.hash}`);
    await loadQueue();
  });
  queue.addEventListener("click", event => {
    const item = event.target.closest("[data-index]");
    if (item) alone(() => show(+item.dataset.index));
    else if (event.target.id === "more") alone(() => loadMore(event.target));
  });

  /* ---- one sentence ---- */

  async function show(index, takesFocus = true) {
    const html = await part(`/d/${key}/s/${index}`);
    if (html === null) return false;
    card.innerHTML = html;
    shown = index;
    chosen = form().dataset.codes.split(" ").filter(Boolean);
    history.replaceState(null, "", `${location.search}#${index}`);
    for (const image of card.querySelectorAll("image")) image.addEventListener("error", noPicture);
    markCurrent();
    if (takesFocus) document.getElementById("sentence").focus({ preventScroll: true });
    return true;
  }

  function noPicture(event) {
    const figure = event.target.closest("figure"), note = figure.querySelector(".failed");
    figure.querySelector("svg").remove();
    figure.querySelector(".zoom").hidden = true;
    note.textContent = "这一页的图像显示不出来：原件已移走、改动，或不能绘制。";
    note.hidden = false;
  }

  function zoom() {
    for (const button of card.querySelectorAll(".zoom")) {
      const page = button.closest("figure").querySelector("svg");
      const isWhole = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", isWhole);
      if (page) page.setAttribute("viewBox", isWhole ? page.dataset.whole : page.dataset.crop);
    }
  }

  async function explain() {
    const place = document.getElementById("explanation");
    place.textContent = "正在解释，需要几秒……";
    const index = shown, html = await part(`/d/${key}/s/${index}/explanation`);
    if (index !== shown) return;
    place.innerHTML = html ?? "";
  }

  /* ---- the draft: orientation and categories always agree ---- */

  const sidesOf = value => ({ assistive: ["assistive"], control: ["control"], mixed: ["assistive", "control"] })[value] ?? [];
  const sideOf = code => (code[0] === "A" ? "assistive" : "control");

  function setOrientation(value) {
    const sides = sidesOf(value);
    chosen = chosen.filter(code => sides.includes(sideOf(code)));
    for (const side of sides) {
      if (!chosen.some(code => sideOf(code) === side))
        chosen.push(form().dataset.likely.split(" ").find(code => sideOf(code) === side));
    }
    draw(value);
  }

  function toggle(code) {
    chosen = chosen.includes(code) ? chosen.filter(other => other !== code) : [...chosen, code];
    const sides = new Set(chosen.map(sideOf));
    draw(sides.size === 2 ? "mixed" : [...sides][0] ?? "neutral");
  }

  function draw(value) {
    for (const radio of radios()) radio.checked = radio.value === value;
    for (const box of boxes()) box.checked = chosen.includes(box.value);
    const wanted = chosen.length ? chosen : ["neutral"];
    for (const rule of card.querySelectorAll("[data-rule]")) rule.hidden = !wanted.includes(rule.dataset.rule);
  }

  function reset() {
    chosen = form().dataset.codes.split(" ").filter(Boolean);
    draw(form().dataset.orientation);
  }

  function toggleTwins() {
    const twins = [...form().querySelectorAll("[name=twin]")];
    const areAll = twins.every(box => box.checked);
    for (const box of twins) box.checked = !areAll;
  }

  async function save() {
    const twins = [...form().querySelectorAll("[name=twin]:checked")].map(box => box.value.split(" "));
    const targets = [[key, shown], ...twins.map(([document, index]) => [document, +index])];
    const next = await neighbour(1);
    const done = await post("/decisions", { targets, orientation: orientation(), categories: chosen });
    if (!done) return;
    const gone = new Set(twins.filter(([document]) => document === key).map(([, index]) => +index));
    await loadQueue();
    let index = next;
    if (gone.has(index)) index = items().map(item => +item.dataset.index)[0] ?? null;
    const saved = done.decided > 1 ? `已保存，一并应用于 ${done.decided} 句。按 z 撤销。` : "已保存。";
    if (await show(index ?? shown)) say(index === null ? `${saved}已到队列末尾。` : saved);
  }

  async function takeBack(path, word) {
    const done = await post(path);
    if (!done) return;
    if (done.document !== key) {
      location.href = `${base}/d/${done.document}/?state=all#${done.sentence}`;
      return;
    }
    await loadQueue();
    if (await show(done.sentence)) say(done.moved > 1 ? `已${word} ${done.moved} 句。` : `已${word}。`);
  }

  const undo = () => takeBack("/undo", "撤销"), redo = () => takeBack("/redo", "重做");

  card.addEventListener("submit", event => { event.preventDefault(); alone(save); });
  card.addEventListener("change", event => {
    if (event.target.name === "orientation") setOrientation(event.target.value);
    else if (event.target.name === "category") toggle(event.target.value);
  });
  card.addEventListener("click", event => {
    if (event.target.closest(".zoom")) zoom();
    else if (event.target.closest("#explain")) explain();
    else if (event.target.closest("#undo")) alone(undo);
    else if (event.target.closest("#redo")) alone(redo);
  });

  /* ---- keyboard ---- */

  const orientations = { 1: "neutral", 2: "assistive", 3: "control", 4: "mixed" };
  const codes = {};
  [..."qwertyuio"].forEach((letter, i) => { codes[letter] = `A${i + 1}`; });
  [..."asdfghjkl;"].forEach((letter, i) => { codes[letter] = `C${i + 1}`; });
  const acts = {
    z: () => alone(undo), x: () => alone(redo), enter: () => alone(save),
    n: () => alone(() => move(1)), b: () => alone(() => move(-1)),
    arrowdown: () => alone(() => move(1)), arrowup: () => alone(() => move(-1)),
    m: toggleTwins, v: explain, c: zoom, escape: reset,
    "/": () => document.getElementById("query").focus(),
    "?": () => { const help = document.getElementById("keyboard"); help.open = !help.open; help.scrollIntoView({ block: "nearest" }); },
  };
  const single = document.getElementById("single-keys");
  single.checked = localStorage.getItem("single-keys") !== "off";
  single.addEventListener("change", () => localStorage.setItem("single-keys", single.checked ? "on" : "off"));

  document.addEventListener("keydown", event => {
    const target = event.target, name = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !single.checked) return;
    if (target.matches("input[type=search], input:not([type]), select, textarea")) return;
    if (name === "enter" && target.closest("button, a, summary")) return;
    if (name.startsWith("arrow") && target.matches("input[type=radio]")) return;
    if (!form()) return;
    const act = acts[name] ?? (orientations[name] && (() => setOrientation(orientations[name])))
      ?? (codes[name] && (() => toggle(codes[name])));
    if (!act) return;
    event.preventDefault();
    act();
  });

  (async () => {
    await loadQueue();
    const wanted = parseInt(location.hash.slice(1), 10);
    const first = items()[0];
    if (Number.isInteger(wanted)) await show(wanted, false);
    else if (first) await show(+first.dataset.index, false);
    else card.textContent = "没有符合筛选的句子。";
  })();
}
