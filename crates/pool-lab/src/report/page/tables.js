// Tables: sorted by a click or Enter on a head, one tab stop each (arrows go from head to head), as wide as there is room.

const keyOf = (cell) => {
  const key = cell.dataset.key;
  return key === undefined ? cell.textContent : key === "inf" ? Infinity : Number(key);
};

function sortTable(table, column, up) {
  const order = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a < b ? -1 : 1;
    return String(a).localeCompare(String(b));
  };
  for (const body of table.tBodies) {
    const rows = [...body.rows].sort((a, b) => order(keyOf(a.cells[column]), keyOf(b.cells[column])) * (up ? 1 : -1));
    body.append(...rows);
  }
  for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
  table.tHead.rows[0].cells[column].setAttribute("aria-sort", up ? "ascending" : "descending");
}

function makeSortable(table, name) {
  const heads = [...table.tHead.rows[0].cells];
  table.dataset.name = name;
  heads.forEach((head, column) => {
    head.tabIndex = column === 0 ? 0 : -1;
    const sort = () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      sortTable(table, column, up);
      choose({ sort: `${name}.${column}.${up ? "up" : "down"}` });
    };
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(); }
      if (step && heads[column + step]) moveFocus(head, heads[column + step], event);
    });
  });
  const [wanted, column, way] = state.sort.split(".");
  if (wanted === name && heads[column]) sortTable(table, Number(column), way === "up");
}

// One element of a group has the tab stop: the one that had the focus last.
function moveFocus(from, to, event) {
  event.preventDefault();
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

// Sets a table tight, or makes it a list of cards, where it is too wide for its place; and undoes that where there is room.
function fit(table) {
  const place = table.parentElement;
  if (!place.clientWidth) return;
  const isTooWide = () => table.scrollWidth > place.clientWidth + 1;
  table.classList.remove("cards", "tight");
  if (isTooWide()) table.classList.add("tight");
  // The first column may be broken anywhere, but names of a few letters a line are not read.
  const isSqueezed = () => table.classList.contains("tight") && table.tHead.rows[0].cells[0].clientWidth < 76;
  if (isTooWide() || isSqueezed()) table.classList.replace("tight", "cards");
}

const widths = new ResizeObserver((places) => places.forEach(({ target }) => {
  const table = target.querySelector("table");
  if (table) fit(table);
}));

// Everything that a table of the page needs, whoever has written it.
function adopt(table, name) {
  const titles = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, i) => { cell.dataset.label = titles[i]; });
  makeSortable(table, name);
  widths.observe(table.parentElement);
}

// A table of `{text, key, class, title}` or of elements.
function table(name, heads, rows) {
  const cell = (of) => {
    if (of instanceof Element) return element("td", { "data-key": of.dataset.key || "0" }, of);
    const made = element("td", { class: of.class || "" }, of.text);
    if (of.key !== undefined) made.dataset.key = isFinite(of.key) ? of.key : "inf";
    return made;
  };
  const head = element("tr", {}, ...heads.map((title) => element("th", { scope: "col" }, title)));
  const made = element("table", {}, element("thead", {}, head),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map(cell)))));
  const place = element("div", { class: "scroll" }, made);
  adopt(made, name);
  return place;
}
