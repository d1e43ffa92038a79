/* What all pages of the desk share: requests, messages, the reviewer's name. */

const base = document.body.dataset.base;

function say(text, isError = false) {
  const place = document.getElementById("message");
  place.textContent = text;
  place.classList.toggle("error", isError);
}

/* A request that changes something; null, with a message, where it fails. */
async function post(path, content = {}) {
  try {
    const answer = await fetch(base + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    });
    if (answer.ok) return await answer.json();
    const reason = await answer.json().catch(() => ({}));
    say(typeof reason.error === "string" ? reason.error : "没有保存：服务器拒绝了这个请求。", true);
  } catch {
    say("没有保存：审阅台已经关闭，请重新启动 tenderlens review。", true);
  }
  return null;
}

/* A part of the page that the server has rendered and escaped. */
async function part(path) {
  const answer = await fetch(base + path).catch(() => null);
  if (answer && answer.ok) return answer.text();
  const reason = answer ? await answer.json().catch(() => ({})) : {};
  say(typeof reason.error === "string" ? reason.error : "读不到内容：请从终端显示的链接重新打开。", true);
  return null;
}

document.getElementById("who").addEventListener("submit", async event => {
  event.preventDefault();
  if (await post("/reviewer", { name: event.target.elements.name.value })) location.reload();
});
