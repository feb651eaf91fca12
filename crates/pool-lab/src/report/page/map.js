// The map of engines and workloads: the ratio to the best, or to the engine that is chosen to compare with.

const LABEL = () => (innerWidth < 600 ? 118 : 210);
const NARROWEST = 42;
const SIGNS = { equal: "=", undecided: "?", "n=1": "\u00b9", faster: "", slower: "" };

function drawFilters() {
  const form = document.getElementById("filters");
  const counts = [...new Set(machine().groups.map((group) => group.threads))].sort((a, b) => a - b);
  const select = (name, label, options) => {
    const made = element("select", { name }, ...options.map(([key, text]) =>
      element("option", { value: key, selected: state[name] === key }, text)));
    return element("label", {}, label, made);
  };
  const named = (names) => names.map((name) => [name, name]);
  form.replaceChildren(
    select("machine", "machine", machines.map((of, i) => [String(i), of.title])),
    select("threads", "threads", [["most", "the most"], ...named(counts.map(String))]),
    select("family", "family", [["", "all"], ...named(families)]),
    select("kind", "kind", [["", "all"], ...named([...new Set(engines.map((engine) => engine.kind))])]),
    element("label", {}, "engines", element("input", { name: "engines", value: state.engines, size: 18,
      placeholder: "stealing,rayon", title: "beginnings of names, separated by commas" })),
    select("base", "compare with", [["", "the fastest pool"], ...named(engines.map((engine) => engine.name))]),
  );
  form.hidden = false;
}

function shownWorkloads() {
  const here = new Set(machine().groups.map((group) => group.workload));
  return workloads.filter((workload) => here.has(workload) && (!state.family || workload.family === state.family));
}

function drawMap() {
  const place = document.getElementById("heat");
  const rows = shownWorkloads().map((workload) => groupAt(machine(), workload, state.threads)).filter(Boolean);
  const able = new Set(rows.flatMap((group) => group.entries.filter((entry) => entry.verdict !== "n/a")).map((e) => e.engine));
  const order = ["ours", "peer", "brought", "baseline", "external", "no pool"];
  const all = engines.filter((engine) => able.has(engine) && isShown(engine))
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.name.localeCompare(b.name));
  const room = Math.max(1, Math.floor((place.clientWidth - LABEL()) / NARROWEST));
  const from = Math.min(Number(state.from) || 0, Math.max(0, all.length - 1));
  const shown = all.slice(from, from + room);
  if (shown.length === 0 || rows.length === 0) {
    place.replaceChildren(element("p", {}, "No engine and workload pass these filters."));
    return;
  }
  const heads = shown.map((engine) => element("th", { scope: "col", class: `up ${engine.kind === "ours" ? "ours" : ""}`,
    title: `${engine.name} (${engine.kind})` }, element("span", {}, shortened(engine.name))));
  const made = element("table", { class: "heat" },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "workload"), ...heads)),
    element("tbody", {}, ...rows.map((group) => mapRow(group, shown))));
  made.style.setProperty("--label", `${LABEL()}px`);
  makeSortable(made, "heat");
  moveByArrows(made);
  const pages = all.length > room ? [pager(all, from, room)] : [];
  place.replaceChildren(legend(), ...pages, element("div", { class: "scroll" }, made));
}

// A head has room for so many letters. Long names begin alike, and differ at their ends.
const LONGEST_HEAD = 23;

function shortened(name) {
  if (name.length <= LONGEST_HEAD) return name;
  const first = name.split(":")[0].slice(0, 8);
  return `${first}\u2026${name.slice(first.length + 1 - LONGEST_HEAD)}`;
}

function mapRow(group, shown) {
  const { workload } = group;
  const link = element("a", { href: `#${workload.anchor}`, tabIndex: -1 }, workload.title);
  const base = state.base && group.entries.find((entry) => entry.engine.name === state.base && entry.isMeasured);
  const cells = shown.map((engine) => mapCell(group.entries.find((entry) => entry.engine === engine), base, group));
  return element("tr", { "data-anchor": workload.anchor },
    element("th", { scope: "row" }, link), ...cells);
}

function mapCell(entry, base, group) {
  const cell = (text, title, key, level, isFirst) =>
    element("td", { class: level === undefined ? "none" : `l${level}${isFirst ? " first" : ""}`, title, "data-key": isFinite(key) ? String(key) : "inf" }, text);
  if (!entry) return cell("\u00b7", "not measured", Infinity);
  const name = `${entry.engine.name}, ${group.workload.title}`;
  if (!entry.isMeasured) return cell(entry.verdict === "error" ? "!" : "\u2013", `${name}: ${entry.verdict}: ${entry.note}`, Infinity);
  if (state.base && !base) return cell("\u00b7", `${state.base} was not measured here`, Infinity);
  const { ratio, low, high, verdict } = against(entry, base);
  const isFirst = !base && isPool(entry) && ratio === 1 && verdict === "equal";
  const sign = isFirst ? "\u25cf" : SIGNS[verdict];
  const digits = ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(ratio < 1.995 ? 2 : 1);
  const text = sign + (ratio >= 9999 ? ratio.toExponential(0).replace("+", "") : digits);
  const bounds = verdict === "n=1" ? "one sample" : `${threeDigits(low)} to ${threeDigits(high)}`;
  const level = Math.max(0, Math.min(6, Math.round(2 * Math.log2(Math.max(ratio, 1)))));
  return cell(text, `${name}: ${threeDigits(ratio)}x (${bounds}), ${verdict}, ${time(entry.time.median)}`, ratio, level, isFirst);
}

function pager(all, from, room) {
  const go = (to, text) => {
    const button = element("button", { type: "button", disabled: to < 0 || to >= all.length }, text);
    button.addEventListener("click", () => { choose({ from: String(Math.max(0, to)) }); drawMap(); });
    return button;
  };
  const back = from > 0 ? Math.max(0, from - room) : -1;
  return element("p", { class: "pager" }, go(back, "\u2039 before"),
    ` engines ${from + 1} to ${Math.min(all.length, from + room)} of ${all.length} `, go(from + room, "next \u203a"));
}

function legend() {
  const base = state.base ? `${state.base}` : "the fastest pool";
  return element("p", { class: "legend" }, `Time as a multiple of that of ${base}; darker is slower. ` +
    "\u25cf fastest, = equal within 5 %, ? undecided, \u00b9 one sample, ! error, \u2013 cannot do it, \u00b7 not measured. " +
    "A head sorts; arrow keys go from cell to cell, Enter opens the workload.");
}

// One tab stop for all cells.
function moveByArrows(made) {
  const body = made.tBodies[0];
  body.rows[0].cells[1].tabIndex = 0;
  body.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td");
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
    if (!cell) return;
    if (event.key === "Enter") goTo(cell.parentElement.dataset.anchor);
    const row = body.rows[cell.parentElement.sectionRowIndex + down];
    const next = row && row.cells[cell.cellIndex + right];
    if ((down || right) && next && next.tagName === "TD") moveFocus(cell, next, event);
  });
}
