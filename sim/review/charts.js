// What was measured over time: page.js follows in the same script.

const CHARTS = [
  { key: "ego_speed", title: "Speed", note: "of the ego", unit: "km/h", scale: 3.6, digits: 1, tone: "--speed", least: 20 },
  { key: "hazard_distance", beside: "distance", title: "Distance", note: "to the nearest actor", unit: "m", scale: 1, digits: 1, tone: "--distance", least: 5 },
  { key: "time_to_collision", title: "Time to collision", note: "if all go on as they do; red below 1.5 s", unit: "s", scale: 1, digits: 2, tone: "--ttc", least: 4, cap: 10, zone: 1.5 },
  { key: "ego_acceleration", title: "Acceleration", note: "of the ego, along its heading", unit: "m/s²", scale: 1, digits: 1, tone: "--accel", least: 2 },
];
const MARGIN = { left: 38, right: 10, top: 10, bottom: 20 };
const HEIGHT = 128;

function niceCeil(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((k) => k * power).find((k) => k >= value - 1e-9);
}

function niceStep(span, target) {
  const raw = span / target, power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw - 1e-9);
}

function makeChart(spec) {
  const node = element("section", { class: "chart", style: `--tone: var(${spec.tone})` });
  const output = element("output");
  const note = element("small", {}, spec.note);
  node.append(element("header", {}, element("h2", {}, spec.title), note, output));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("role", "img");
  node.append(svg);
  $("charts").append(node);
  const chart = { ...spec, svg, output, note };
  const drag = (event) => {
    const box = svg.getBoundingClientRect();
    const part = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
    show(frameAt(part * length()), true);
  };
  svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); drag(event); });
  svg.addEventListener("pointermove", (event) => { if (event.buttons & 1) drag(event); });
  return chart;
}

/** Stretches of values without a gap. */
function runs(values, cap) {
  const lines = [];
  values.forEach((v, k) => {
    if (v === null || (cap && v > cap)) return;
    const last = lines.at(-1);
    if (last && last.at(-1).k === k - 1) last.push({ k, v });
    else lines.push([{ k, v }]);
  });
  return lines;
}

function plot(chart) {
  const { svg } = chart;
  svg.replaceChildren();
  const width = Math.max(svg.clientWidth, 200);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const scaled = (key) => draw.series[key].map((v) => (v === null || v === undefined ? null : v * chart.scale));
  const values = scaled(chart.key), beside = chart.beside && draw.hazard_actor ? scaled(chart.beside) : [];
  const known = [...values, ...beside].filter((v) => v !== null);
  if (chart.beside) chart.note.textContent = draw.hazard_actor ? `to ${draw.hazard_actor}; grey: to the nearest actor` : "to the nearest actor";
  const low = Math.min(0, ...known);
  const top = niceCeil(Math.min(chart.cap ?? Infinity, Math.max(chart.least, ...known)));
  const bottom = low < 0 ? -niceCeil(-low) : 0;
  const x = (time) => MARGIN.left + (time / length()) * (width - MARGIN.left - MARGIN.right);
  const y = (v) => MARGIN.top + (1 - (Math.min(v, top) - bottom) / (top - bottom)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  if (chart.zone) shape("rect", { class: "zone", x: MARGIN.left, y: y(chart.zone), width: width - MARGIN.left - MARGIN.right, height: y(0) - y(chart.zone) }, svg);
  const step = niceStep(top - bottom, 3);
  for (let v = Math.ceil(bottom / step) * step; v <= top + 1e-9; v += step) {
    shape("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(v), y2: y(v) }, svg);
    shape("text", { x: MARGIN.left - 6, y: y(v) + 4, "text-anchor": "end" }, svg).textContent = String(Number(v.toFixed(6)));
  }
  const tick = niceStep(length(), width / 90);
  for (let t = 0; t <= length() + 1e-9; t += tick) {
    shape("text", { x: x(t), y: HEIGHT - 4, "text-anchor": t ? "middle" : "start" }, svg).textContent = `${Number(t.toFixed(6))} s`;
  }
  const path = (line) => `M${line.map(({ k, v }) => `${x(draw.series.time[k]).toFixed(1)},${y(v).toFixed(1)}`).join("L")}${line.length > 1 ? "" : "h0.01"}`;
  for (const line of runs(beside, chart.cap)) shape("path", { class: "beside", d: path(line) }, svg);
  for (const line of runs(values, chart.cap)) {
    const [from, to] = [line[0], line.at(-1)].map(({ k }) => x(draw.series.time[k]).toFixed(1));
    const base = y(Math.max(bottom, 0)).toFixed(1);
    shape("path", { class: "fill", d: `${path(line)}L${to},${base}L${from},${base}Z` }, svg);
    shape("path", { class: "curve", d: path(line) }, svg);
  }
  for (const event of draw.events) {
    shape("line", { class: "event", "data-kind": event.kind, x1: x(event.time), x2: x(event.time), y1: MARGIN.top - 6, y2: HEIGHT - MARGIN.bottom }, svg);
  }
  const head = shape("g", { class: "head" }, svg);
  shape("line", { x1: 0, x2: 0, y1: MARGIN.top - 6, y2: HEIGHT - MARGIN.bottom }, head);
  const dot = shape("circle", { r: 4.5 }, head);
  Object.assign(chart, { values, x, y, head, dot });
  const range = known.length ? `from ${number(Math.min(...known), chart.digits)} to ${number(Math.max(...known), chart.digits)} ${chart.unit}` : "no value";
  svg.setAttribute("aria-label", `${chart.title} over time, ${range}`);
}
