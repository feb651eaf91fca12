// The records in the page, with names instead of places in lists. The form is described in data.rs.

const raw = JSON.parse(document.getElementById("data").textContent);
const engines = raw.engines.map(([name, kind, file]) => ({ name, kind, file }));
const metrics = raw.metrics.map(([name, title, unit, [none, one]]) => ({ name, title, unit, none, one }));
const workloads = raw.workloads.map(([name, title, family, models, operation, anchor]) =>
  ({ name, title, family, models, operation, anchor }));
const families = [...new Set(workloads.map((workload) => workload.family))];
const machines = raw.machines.map(({ title, path, groups }) => ({ title, path, groups: groups.map(readGroup) }));

function readGroup([workload, threads, noise, entries]) {
  return { workload: workloads[workload], threads, noise, entries: entries.map(readEntry) };
}

function readEntry([engine, verdict, ratio, low, high, rank, records]) {
  const found = new Map(records.map((record) => [metrics[record[0]].name, readRecord(record)]));
  const time = found.get("time_per_op") || found.get("latency_p50");
  const isMeasured = verdict !== "error" && verdict !== "n/a";
  const failure = found.get("error") || found.get("unsupported");
  return { engine: engines[engine], verdict, ratio, low, high, rank, records: found, time, isMeasured,
    note: failure ? failure.note : "" };
}

function readRecord([metric, median, samples, ...rest]) {
  const [low, high] = rest.length > 1 ? rest : [median, median];
  const note = rest.length % 2 === 1 ? raw.notes[rest[rest.length - 1]] : "";
  return { metric: metrics[metric], median, low, high, samples, note };
}

const value = (entry, metric) => (entry.records.has(metric) ? entry.records.get(metric).median : undefined);
const isPool = (entry) => entry.engine.kind !== "no pool" && entry.engine.kind !== "external";

// The groups of a machine that measured a workload, by thread count.
const groupsOf = (machine, workload) =>
  machine.groups.filter((group) => group.workload === workload).sort((a, b) => a.threads - b.threads);

// The group with this many threads, or with the most where "most" is asked for.
function groupAt(machine, workload, threads) {
  const groups = groupsOf(machine, workload);
  return threads === "most" ? groups[groups.length - 1] : groups.find((group) => String(group.threads) === threads);
}

// The ratio of an entry to another, with the verdict of it; as `Verdict::of` has it.
function against(entry, base) {
  if (!base) return entry;
  if (entry === base) return { ratio: 1, low: 1, high: 1, verdict: "equal" };
  const [ratio, low, high] = [entry.ratio / base.ratio, entry.low / base.high, entry.high / base.low];
  if (entry.verdict === "n=1" || base.verdict === "n=1") return { ratio, low, high, verdict: "n=1" };
  const isEqual = low >= 1 / 1.05 && high <= 1.05;
  return { ratio, low, high, verdict: isEqual ? "equal" : low > 1 ? "slower" : high < 1 ? "faster" : "undecided" };
}

function threeDigits(number) {
  if (number === 0 || !isFinite(number)) return String(number);
  const exponent = Math.floor(Math.log10(Math.abs(Number(number.toPrecision(3)))));
  return number.toFixed(Math.min(9, Math.max(0, 2 - exponent)));
}

function time(ns) {
  const [unit, length] = [["s", 1e9], ["ms", 1e6], ["us", 1e3]].find(([, l]) => Math.abs(ns) >= 0.9995 * l) || ["ns", 1];
  return `${threeDigits(ns / length)} ${unit}`;
}

// As the column of the metric writes it, which shows by how it writes 0 and 1.
function written(number, { unit, none, one }) {
  if (!/\d/.test(none)) return number >= 0.5 ? one : none;
  if (one.endsWith("%")) return `${threeDigits(100 * number)} %`;
  if (unit === "ns") return time(number);
  if (unit === "bytes") return number < 2 ** 20 ? `${threeDigits(number / 1024)} KiB` : `${threeDigits(number / 2 ** 20)} MiB`;
  return threeDigits(number) + (unit === "ratio" ? "x" : "");
}

// An element, with properties or attributes, and what is in it.
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, wanted] of Object.entries(attributes || {})) {
    if (name in made && typeof wanted !== "string") made[name] = wanted;
    else made.setAttribute(name, wanted);
  }
  made.append(...children);
  return made;
}
