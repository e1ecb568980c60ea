"use strict";
(() => {
  const table = document.getElementById("rows");
  if (!table) return;
  const body = table.tBodies[0];
  const value = (row, at) => row.cells[at].textContent.trim();
  const amount = (text) => Number.parseFloat(text.replaceAll(",", ""));

  const sortBy = (head, at) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const numeric = head.classList.contains("number");
    const keyed = Array.from(body.rows, (row) => [numeric ? amount(value(row, at)) : value(row, at), row]);
    const missing = (key) => (numeric ? Number.isNaN(key) : key === "-" || key === "");
    keyed.sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      const order = numeric ? a - b : a.localeCompare(b, "en", { numeric: true });
      return up ? order : -order;
    });
    body.append(...keyed.map(([, row]) => row));
  };

  Array.from(table.tHead.rows[0].cells).forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => sortBy(head, at));
  });

  const input = document.getElementById("words");
  const shown = document.getElementById("shown");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of body.rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = words.length ? `${count} of ${body.rows.length}` : "";
  };
  input.addEventListener("input", filter);
  window.addEventListener("hashchange", () => {
    const row = document.getElementById(location.hash.slice(1));
    if (row && row.hidden) { input.value = ""; filter(); row.scrollIntoView(); }
  });
  input.closest("p").hidden = false;
})();
