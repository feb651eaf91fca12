// The section of a workload: what was measured, plots, tables, the command that measures it again, and its records as CSV.

const COLUMNS = () => (innerWidth < 600 ? 3 : 6);

function drawWorkload(article) {
  const workload = workloads.find((of) => of.anchor === article.id);
  const body = article.querySelector(".body");
  if (!workload || article.dataset.drawn === drawnFor()) return;
  article.dataset.drawn = drawnFor();
  const groups = groupsOf(machine(), workload);
  const group = groupAt(machine(), workload, state.threads) || groups[groups.length - 1];
  if (!group) {
    body.replaceChildren(element("p", {}, `Not measured on ${machine().title}.`));
    return;
  }
  const noise = group.noise ? ` An engine against itself differed by up to ${((group.noise - 1) * 100).toFixed(1)} %.` : "";
  body.replaceChildren(
    element("p", {}, `${machine().title}, threads: ${group.threads}; time per ${workload.operation}.${noise}`),
    again(group), speedTable(group),
    element("div", { class: "plots" }, ...percentiles(group), ...byLoad(group), ...speedUp(groups), ...costBesideSpeed(group)),
    ...moreTables(group), ...machinesTable(group), absent(group));
}

// What the drawing depends on.
const drawnFor = () => [state.machine, state.threads, state.engines, state.kind, state.base].join("|");

// The command that measures a group again, or one engine of it, for a shell.
function commandOf(group, engine) {
  const quoted = (word) => (/^[\w\/:=.,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  const words = { workload: quoted(group.workload.name), threads: group.threads, engine: quoted((engine || "").split("#")[0]) };
  return raw.again[engine ? 1 : 0].replace(/\{(\w+)\}/g, (_, word) => words[word]);
}

function again(group) {
  const command = commandOf(group);
  const link = element("a", { href: "#", download: `${group.workload.anchor}.csv` }, "its records as CSV");
  link.addEventListener("click", () => {
    link.href = URL.createObjectURL(new Blob([csv(group.workload)], { type: "text/csv" }));
  });
  const one = (entry) => element("p", {}, `${entry.engine.name}: `, element("code", {}, commandOf(group, entry.engine.name)));
  return element("div", { class: "again" },
    element("p", {}, "Measure it again: ", element("code", {}, command), " \u00b7 ", link),
    element("details", {}, element("summary", {}, "One engine again"), ...shownEntries(group).map(one)));
}

function csv(workload) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const [name, ...variant] = workload.name.split(":");
  const rows = groupsOf(machine(), workload).flatMap((group) => group.entries.flatMap((entry) =>
    [...entry.records.values()].map((record) => [name, variant.join(":"), entry.engine.name, group.threads, record.metric.name,
      record.metric.unit, record.median, record.low, record.high, record.samples, record.note].map(String).map(quoted).join(","))));
  return ["workload,variant,engine,threads,metric,unit,median,low,high,samples,note", ...rows].join("\n") + "\n";
}

const nameCell = (entry) => ({ text: entry.engine.name, class: entry.engine.kind === "ours" ? "ours" : "" });
const shownEntries = (group) => group.entries.filter((entry) => entry.isMeasured && isShown(entry.engine));

const isBest = (entry, base) => !base && isPool(entry) && entry.ratio === 1 && entry.verdict === "equal" && entry.low === entry.high;

function speedTable(group) {
  const entries = shownEntries(group);
  const base = group.entries.find((entry) => entry.engine.name === state.base && entry.isMeasured);
  const around = (entry) => entry.records.get("spread") || entry.time;
  const logs = entries.flatMap((entry) => [around(entry).low, around(entry).high, entry.time.median]).filter((t) => t > 0).map(Math.log);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const at = (ns) => `${100 * (Math.log(ns) - least) / (most - least || 1)}%`;
  const whisker = (entry) => {
    const { low, high } = around(entry);
    const line = element("i");
    line.style.left = at(low);
    line.style.right = `calc(100% - ${at(high)})`;
    const dot = element("b");
    dot.style.left = at(entry.time.median);
    const parts = entry.verdict === "n=1" ? [dot] : [line, dot];
    return element("div", { class: "whisker", title: `${time(low)} to ${time(high)}`, "data-key": String(entry.time.median) }, ...parts);
  };
  const rows = entries.map((entry) => {
    const { ratio, verdict } = against(entry, base);
    return [nameCell(entry), { text: time(entry.time.median), key: entry.time.median, class: "num" }, whisker(entry),
      { text: `${threeDigits(ratio)}x`, key: ratio, class: "num" },
      { text: isBest(entry, base) ? "best" : verdict }];
  });
  const to = base ? state.base : "best";
  return table(`${group.workload.anchor}-speed`, ["engine", "time", "p10 to p90, log", `to ${to}`, "verdict"], rows);
}

// All other metrics, a few columns a table.
function moreTables(group) {
  const entries = shownEntries(group);
  const known = metrics.filter(({ name, title }) => title && entries.some((entry) => entry.records.has(name)));
  const [tables, columns] = [[], COLUMNS()];
  for (let from = 0; from < known.length; from += columns) {
    const some = known.slice(from, from + columns);
    const rows = entries.map((entry) => [nameCell(entry), ...some.map((metric) => {
      const found = value(entry, metric.name);
      return found === undefined ? { text: "-", key: Infinity, class: "num faint" } : { text: written(found, metric), key: found, class: "num" };
    })]);
    tables.push(table(`${group.workload.anchor}-${from}`, ["engine", ...some.map(({ title }) => title)], rows));
  }
  return tables.length === 0 ? [] : [element("details", { open: true }, element("summary", {}, "What it costs, and all other figures"), ...tables)];
}

// The ratios of each machine side by side, where there are several.
function machinesTable(group) {
  const all = machines.map((of) => groupAt(of, group.workload, String(group.threads)) || groupAt(of, group.workload, "most"));
  if (all.filter(Boolean).length < 2) return [];
  const rows = shownEntries(group).map((entry) => [nameCell(entry), ...all.map((other) => {
    const same = other && other.entries.find((of) => of.engine === entry.engine && of.isMeasured);
    return same ? { text: `${threeDigits(same.ratio)}x ${isBest(same) ? "best" : same.verdict}`, key: same.ratio, class: "num" }
      : { text: "-", key: Infinity, class: "num faint" };
  })]);
  const heads = ["engine", ...machines.map((of, i) => of.title + (all[i] && all[i].threads !== group.threads ? `, ${all[i].threads} threads` : ""))];
  const first = all.filter(Boolean).map((other) => other.entries.filter((of) => of.rank === 1).map((of) => of.engine.name));
  const apart = first.some((some, i) => first.slice(0, i).some((others) => some.length && others.length && !some.some((name) => others.includes(name))));
  return [element("details", { open: true },
    element("summary", {}, `Machine by machine: ratio to the fastest pool there${apart ? "; they disagree about the winner" : ""}`),
    table(`${group.workload.anchor}-machines`, heads, rows))];
}

function absent(group) {
  const failed = group.entries.filter((entry) => entry.verdict === "error");
  const unable = group.entries.filter((entry) => entry.verdict === "n/a").map((entry) => entry.engine.name);
  return element("div", {}, ...failed.map((entry) => element("p", { class: "bad" }, `error: ${entry.engine.name}: ${entry.note}; again: `, element("code", {}, commandOf(group, entry.engine.name)))),
    ...(unable.length ? [element("p", { class: "faint" }, `n/a: ${unable.join(", ")}`)] : []));
}
