(() => {
  "use strict";
  const filter = document.querySelector(".filter");
  const rows = [...document.querySelectorAll("details.row")];
  if (!filter) return;
  filter.hidden = false;
  const chips = [...filter.querySelectorAll("button")];
  const search = filter.querySelector("input");
  const nothing = document.querySelector(".nothing");
  let kind = "";
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of rows) {
      const text = words.length ? row.textContent.toLowerCase() : "";
      const is = (!kind || row.dataset.kinds.split(" ").includes(kind)) && words.every((word) => text.includes(word));
      row.hidden = !is;
      visible += is;
    }
    nothing.hidden = visible > 0;
  };
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      kind = chip.dataset.kind;
      for (const other of chips) other.setAttribute("aria-pressed", String(other === chip));
      show();
    });
  }
  let pending;
  search.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(show, 120);
  });
  const reveal = () => {
    const row = location.hash.startsWith("#row-") && document.getElementById(location.hash.slice(1));
    if (!row) return;
    row.hidden = false;
    row.open = true;
    row.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
