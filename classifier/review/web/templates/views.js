/* The pages beside the desk: documents, adjudication, sign-off. */

document.getElementById("main").addEventListener("click", async event => {
  const button = event.target.closest("[data-adjudicate], [data-withdraw], [data-open], #sign");
  if (!button) return;
  button.disabled = true;
  let done = null;
  if (button.dataset.adjudicate) done = await post("/decisions", JSON.parse(button.dataset.adjudicate));
  else if (button.dataset.withdraw) done = await post("/withdraw", { entry: +button.dataset.withdraw });
  else if (button.id === "sign") done = await post(`/d/${document.body.dataset.document}/sign-off`);
  else {
    say("正在读取和评估……");
    done = await post("/open", { row: +button.dataset.open });
  }
  if (done && button.dataset.open) location.href = `${base}/d/${done.document}/`;
  else if (done) location.reload();
  else button.disabled = false;
});
