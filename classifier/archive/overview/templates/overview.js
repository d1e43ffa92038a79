/* ---- start ---- */

unpack().then(() => {
  fillOptions("folder", data.folders);
  fillOptions("year", data.years);
  fillOptions("buyer", data.buyers);
  $("#tools").hidden = false;
  applyFilters();          // the browser may have kept what was chosen before
}).catch((error) => {
  $("#trouble").hidden = false;
  console.error(error);
});
