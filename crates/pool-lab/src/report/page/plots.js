// Line plots, drawn by uPlot, and bars of plain elements.

// The engines that a plot can show without becoming a thicket: those that are chosen, or ours and the best of the others.
const MOST_LINES = 8;
const COLOURS = ["#1793c9", "#d1495b", "#2a9d5c", "#8a5fd0", "#c77d0a", "#5b7c99", "#b0578d", "#7a8450"];
const live = new Set();

function lines(entries) {
  const able = entries.filter((entry) => entry.isMeasured && isShown(entry.engine));
  if (state.engines || state.kind) return able.slice(0, MOST_LINES);
  const ours = able.filter((entry) => entry.engine.kind === "ours" && !entry.engine.name.includes(":")).slice(0, 4);
  const others = able.filter((entry) => ["peer", "brought", "baseline"].includes(entry.engine.kind));
  return [...ours, ...others.slice(0, MOST_LINES - ours.length)];
}

// `series`: [{label, values}], each with a value, or null, for each of `xs`.
function plot(title, { xs, ticks, series, log, write, xLabel }) {
  const holder = element("div", { class: "plot" });
  const figure = element("figure", {}, element("figcaption", {}, title), holder);
  const ink = () => getComputedStyle(document.documentElement).getPropertyValue("--soft").trim();
  const grid = () => ({ stroke: getComputedStyle(document.documentElement).getPropertyValue("--rule").trim(), width: 1 });
  const axis = (rest) => ({ stroke: ink, font: "11px system-ui, sans-serif", grid: { ...grid(), stroke: () => grid().stroke },
    ticks: { show: false }, ...rest });
  const height = 260;
  const options = () => ({
    width: Math.max(200, holder.clientWidth), height,
    cursor: { points: { size: 6 } },
    scales: { x: { time: false, range: (u, low, high) => [low - (high - low) * 0.04, high + (high - low) * 0.04] },
      y: log ? { distr: 3 } : { range: (u, low, high) => [0, high * 1.05] } },
    axes: [axis({ size: 26, splits: () => xs, values: () => ticks, label: xLabel, labelSize: 16, labelFont: "11px system-ui, sans-serif" }),
      axis({ size: 58, values: (u, splits) => splits.map((split) => (split === null ? "" : write(split))) })],
    series: [{ label: xLabel, value: (u, x) => ticks[xs.indexOf(x)] ?? "" },
      ...series.map(({ label }, i) => ({ label, stroke: COLOURS[i % COLOURS.length], width: 2, spanGaps: true,
        dash: i >= 4 ? [6, 3] : [], points: { show: true, size: 6 },
        value: (u, y) => (y == null ? "" : write(y)) }))],
  });
  const draw = () => {
    if (!holder.clientWidth) return;
    if (holder.chart) holder.chart.destroy();
    holder.chart = new uPlot(options(), [xs, ...series.map((one) => one.values)], holder);
  };
  let width = 0;
  new ResizeObserver(() => { if (holder.clientWidth !== width) { width = holder.clientWidth; draw(); } }).observe(holder);
  holder.draw = draw;
  live.add(holder);
  return figure;
}

// Canvases do not follow a change of colours by themselves.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => live.forEach((holder) => holder.isConnected && holder.draw()));

// Latencies from the median to the last in a thousand.
function percentiles(group) {
  const points = [["latency_p50", "p50"], ["latency_p99", "p99"], ["latency_p999", "p99.9"]];
  const known = points.filter(([metric]) => group.entries.some((entry) => entry.records.has(metric)));
  if (known.length < 2) return [];
  const series = lines(group.entries).map((entry) =>
    ({ label: entry.engine.name, values: known.map(([metric]) => value(entry, metric) ?? null) }));
  return [plot("Latency by percentile", { xs: known.map((_, i) => i), ticks: known.map(([, name]) => name), series, log: true,
    write: time, xLabel: "percentile" })];
}

// Latencies of the workload at several rates.
function byLoad(group) {
  if (group.workload.family !== "load") return [];
  const rate = (name) => Number((/at=(\d+)/.exec(name) || [])[1]);
  const without = (name) => name.replace(/at=\d+/, "");
  const alike = machine().groups.filter((other) => other.threads === group.threads && rate(other.workload.name) <= 100 &&
    without(other.workload.name) === without(group.workload.name))
    .sort((a, b) => rate(a.workload.name) - rate(b.workload.name));
  if (alike.length < 2) return [];
  const at = (engine, metric) => alike.map((other) => {
    const entry = other.entries.find((of) => of.engine === engine);
    return (entry && value(entry, metric)) ?? null;
  });
  return [["latency_p99", "p99"], ["latency_p999", "p99.9"]].map(([metric, name]) => {
    const series = lines(group.entries).map(({ engine }) => ({ label: engine.name, values: at(engine, metric) }));
    return plot(`${name} against load`, { xs: alike.map((other) => rate(other.workload.name)),
      ticks: alike.map((other) => `${rate(other.workload.name)} %`), series, log: true, write: time, xLabel: "of capacity" });
  });
}

// How much faster more threads are than one.
function speedUp(groups) {
  if (groups.length < 2 || groups[0].threads !== 1) return [];
  const last = groups[groups.length - 1];
  const of = (group, engine) => group.entries.find((entry) => entry.engine === engine && entry.isMeasured);
  const series = lines(last.entries).filter(({ engine }) => of(groups[0], engine)).map(({ engine }) => ({ label: engine.name,
    values: groups.map((group) => { const entry = of(group, engine); return entry ? of(groups[0], engine).time.median / entry.time.median : null; }) }));
  if (series.length === 0) return [];
  const xs = groups.map((group) => group.threads);
  return [plot("Speed-up", { xs, ticks: xs.map(String), series, log: false, write: (y) => `${threeDigits(y)}x`, xLabel: "threads" })];
}

// Time and processor time on one scale, both as multiples of the least.
function costBesideSpeed(group) {
  const pools = group.entries.filter((entry) => entry.isMeasured && isPool(entry) && isShown(entry.engine));
  const cost = pools.map((entry) => value(entry, "cpu_per_op")).filter((cpu) => cpu > 0);
  if (pools.length === 0 || cost.length === 0) return [];
  const least = Math.min(...cost);
  const fastest = Math.min(...pools.map((entry) => entry.time.median));
  const pairs = pools.map((entry) => [entry, entry.time.median / fastest, value(entry, "cpu_per_op") / least]);
  const far = Math.max(2, ...pairs.flatMap(([, a, b]) => [a, b]).filter(isFinite));
  const bar = (name, ratio) => {
    if (!(ratio > 0)) return element("span", { class: "bar" }, "-");
    const made = element("i", { class: name });
    made.style.width = `${2 + 70 * Math.log(ratio) / Math.log(far)}%`;
    return element("span", { class: "bar" }, made, `${threeDigits(ratio)}x`);
  };
  const rows = pairs.map(([entry, speed, cpu]) => element("div", { class: "pair" },
    element("span", { class: entry.engine.kind === "ours" ? "ours" : "" }, entry.engine.name),
    element("span", {}, bar("speed", speed), bar("cpu", cpu))));
  return [element("figure", {}, element("figcaption", {}, "Cost beside speed: ", element("i", { class: "speed key" }),
    " time and ", element("i", { class: "cpu key" }), " processor time, each as a multiple of the least, on one logarithmic scale"),
    ...rows)];
}
