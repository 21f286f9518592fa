// Follows layers.js and charts.js in one script.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const video = $("video");
const SVG = document.querySelector("svg").namespaceURI;
/** Name and shape of each kind of event. */
const KINDS = {
  onset: ["Hazard", "M8 1l7 7-7 7-7-7z"],
  brake: ["Brake", "M1 3h14L8 14z"],
  contact: ["Contact", "M3.5 1 8 5.5 12.5 1 15 3.5 10.5 8 15 12.5 12.5 15 8 10.5 3.5 15 1 12.5 5.5 8 1 3.5z"],
  goal: ["Goal", "M3 1h11l-3 4 3 4H5v6H3z"],
};
const PLAY = "M4 2.5v11L13.5 8z", PAUSE = "M3 2h3.5v12H3zM9.5 2H13v12H9.5z";
/** Views of the film: all of it, and each of its parts with where it begins and how wide it is [pixels]. */
const VIEWS = [["both", "Both", 0, data.parts.reduce((sum, [, width]) => sum + width, 0)]];
for (const [name, width] of data.parts) {
  const titles = { picture: "Picture", labels: "Labels", depth: "Depth", above: "From above" };
  VIEWS.push([name, titles[name], VIEWS.slice(1).reduce((sum, part) => sum + part[3], 0), width]);
}
if (VIEWS.length > 3) VIEWS[0][1] = "All";
let draw = data.draws[0], frame = 0, pending = 0, charts = [], view = "both";

// --- small helpers: all text goes in as text, never as markup ---------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") node.addEventListener("click", value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function shape(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" })) svg.setAttribute(name, value);
  shape("path", { d: path }, svg);
  return svg;
}

const number = (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const count = () => draw.series.time.length;
const rate = () => draw.fps[0] / draw.fps[1];
const length = () => count() / rate();
const frameAt = (time) => Math.max(0, Math.min(count() - 1, Math.floor(time * rate() + 1e-3)));
/** First frame at or after an event. */
const frameOf = (event) => Math.max(0, Math.min(count() - 1, Math.ceil(event.time * rate() - 1e-3)));
const pad = (n) => String(n).padStart(6, "0");

// --- showing a draw, a frame --------------------------------------------------------------------------------------------

function selectDraw(next, at = 0) {
  draw = next;
  const scenario = data.scenarios[draw.scenario];
  $("draw").value = draw.id;
  $("name").textContent = scenario.name;
  $("danger").textContent = scenario.danger;
  $("source").textContent = scenario.source ? `Source: ${scenario.source}` : "";
  $("tags").replaceChildren(...scenario.tags.map((tag) => element("li", {}, tag)));
  $("notes").replaceChildren(...scenario.notes.map((note) => element("li", {}, note)));
  $("notes-card").hidden = scenario.notes.length === 0;
  const order = data.draws.indexOf(draw);
  $("draw-before").disabled = order === 0;
  $("draw-after").disabled = order === data.draws.length - 1;
  $("broken").hidden = true;
  video.src = draw.video;
  loadLayer();
  $("seek").max = count() - 1;
  frame = Math.max(0, Math.min(count() - 1, at));
  video.addEventListener("loadedmetadata", () => {
    setView(view);
    video.playbackRate = Number($("rate").value);
    show(frame, true);
  }, { once: true });
  showOutcome();
  showEvents();
  showParameters();
  charts.forEach(plot);
  show(frame, false);
}

function showOutcome() {
  const contact = draw.events.find((e) => e.kind === "contact");
  const goal = draw.events.find((e) => e.kind === "goal");
  const least = draw.series.time_to_collision.filter((v) => v !== null);
  // What the contact did stands under the events.
  const text = contact ? `${contact.text.split(": ")[0]}, at ${contact.time.toFixed(2)} s`
    : goal ? `Goal reached without contact, ${goal.time.toFixed(2)} s`
    : `No contact${draw.cut_at === null ? "" : ` before the cut at ${draw.cut_at} s`}${least.length ? `, least time to collision ${Math.min(...least).toFixed(2)} s` : ""}`;
  $("outcome").textContent = text;
  $("outcome").className = `outcome ${contact ? "contact" : goal ? "goal" : "clear"}`;
}

function showEvents() {
  const jump = (event) => () => show(frameOf(event), true);
  const at = (event) => `${event.time.toFixed(2)} s`;
  const label = (event) => `${event.text}, at ${at(event)}`;
  $("jumps").replaceChildren(...draw.events.map((e) => element("button", { type: "button", class: "jump", "data-kind": e.kind, title: label(e), onclick: jump(e) }, KINDS[e.kind][0])));
  $("marks").replaceChildren(...draw.events.map((e) => element("button", { type: "button", "data-kind": e.kind, title: label(e), "aria-label": label(e), style: `left: ${(100 * frameOf(e)) / Math.max(1, count() - 1)}%`, onclick: jump(e) }, icon(KINDS[e.kind][1]))));
  $("events").replaceChildren(...draw.events.map((e) => element("li", {}, element("button", { type: "button", "data-kind": e.kind, onclick: jump(e) }, element("span", { class: "dot" }), element("time", {}, at(e)), element("span", {}, e.text)))));
  if (!draw.events.length) $("events").append(element("li", { class: "empty" }, draw.cut_at === null ? "Nothing dangerous happened in this draw." : `Nothing dangerous happened before this draw was cut at ${draw.cut_at} s; its scenario goes on.`));
}

function showParameters() {
  const rows = Object.entries({ draw: draw.key, seed: data.config.seed, ...draw.parameters });
  $("parameters").replaceChildren(...rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

/** Show a frame: everything but the video at once, the video too if it is to be moved there. */
function show(next, seek) {
  frame = Math.max(0, Math.min(count() - 1, next));
  if (seek) {
    video.pause();
    video.currentTime = (frame + 0.5) / rate();
    follow(true);
  }
  const { series } = draw, time = series.time[frame];
  $("seek").value = frame;
  $("seek").setAttribute("aria-valuetext", `${time.toFixed(2)} seconds, frame ${frame + 1} of ${count()}`);
  const clock = element("small", {}, `frame ${frame + 1} of ${count()}`);
  $("clock").replaceChildren(`${time.toFixed(2)} s`, clock);
  for (const chart of charts) {
    const value = chart.values[frame];
    chart.head.setAttribute("transform", `translate(${chart.x(time).toFixed(1)} 0)`);
    chart.dot.setAttribute("cy", chart.y(value ?? 0));
    chart.dot.style.display = value === null || (chart.cap && value > chart.cap) ? "none" : "";
    chart.output.textContent = value === null ? "–" : `${number(value, chart.digits)} ${chart.unit}`;
  }
  [...$("events").querySelectorAll("button")].forEach((button, k) => {
    button.classList.toggle("now", frameOf(draw.events[k]) === frame);
  });
  showValues(series, time);
  showObjects(series.conflict_actor[frame]);
  clearTimeout(pending);
  pending = setTimeout(remember, 250);
}

function showValues(series, time) {
  const yes = (value, bad) => [value ? "yes" : "no", value && bad ? "bad" : ""];
  const rows = [
    ["Time", [`${time.toFixed(3)} s`]],
    ["Speed", [`${number(series.ego_speed[frame] * 3.6, 1)} km/h`]],
    ["Acceleration", [`${number(series.ego_acceleration[frame], 2)} m/s²`]],
    ["Nearest actor", [series.distance[frame] === null ? "–" : `${number(series.distance[frame], 2)} m`]],
    ["Time to collision", [series.time_to_collision[frame] === null ? "–" : `${number(series.time_to_collision[frame], 2)} s`]],
    ["On course with", [series.conflict_actor[frame] ?? "–"]],
    ["Hazard since onset", yes(series.hazard[frame], false)],
    ["Contact", yes(series.collided[frame], true)],
    ["Off the road", yes(series.off_road[frame], true)],
  ];
  $("values").replaceChildren(...rows.flatMap(([name, [text, mood]]) => [element("dt", {}, name), element("dd", { class: mood ?? "" }, text)]));
  $("links").replaceChildren(...draw.pictures.map(([camera, folder, suffix], number) => {
    const at = `${folder.split("/").map(encodeURIComponent).join("/")}/${pad(frame)}`;
    const files = { picture: `frames/${at}.${suffix}`, classes: `masks/${at}.semantic.png`, instances: `masks/${at}.instance.png`, annotations: `labels/${at}.json` };
    for (const [name, where, ending, once] of data.labels) {
      if (!once) files[name.replace("_", " ")] = `${where}/${at}.${ending}`;
      else if (number === 0) files[name.replace("_", " ")] = `${where}/${encodeURIComponent(draw.id)}/${pad(frame)}.${ending}`;
    }
    const links = Object.entries(files).flatMap(([name, href], k) => [k ? " · " : "", element("a", { href, target: "_blank", rel: "noopener" }, name)]);
    return element("p", {}, `${draw.pictures.length > 1 ? camera : "Files"}: `, ...links);
  }));
}

function showObjects(conflict) {
  const rows = draw.objects[frame].map(([track, category, distance, hidden, , cameras]) => {
    const name = draw.actors[track - 1] ?? `#${track}`;
    const by = draw.pictures.length > 1 ? [element("small", {}, cameras.map((k) => draw.pictures[k][0]).join(", "))] : [];
    return element("tr", { class: name === conflict ? "danger" : "" },
      element("td", {}, name, ...by), element("td", {}, `${data.categories[category] ?? ""} ${track}`),
      element("td", { class: "n" }, `${number(distance, 1)} m`), element("td", { class: "n" }, `${Math.round(hidden * 100)} %`));
  });
  if (!rows.length) rows.push(element("tr", {}, element("td", { class: "empty", colspan: 4 }, "No actor is in view.")));
  $("objects").tBodies[0].replaceChildren(...rows);
}

/** Keep draw and frame in the address, so that it can be shared and reloaded. */
function remember() {
  try { history.replaceState(null, "", `#draw=${encodeURIComponent(draw.id)}&frame=${frame}`); } catch { /* some browsers forbid it for files */ }
}

function recall() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const found = data.draws.find((d) => d.id === wanted.get("draw")) ?? data.draws[0];
  selectDraw(found, Number.parseInt(wanted.get("frame") ?? "0", 10) || 0);
}

// --- following the video -------------------------------------------------------------------------------------------------

function watch() {
  if ("requestVideoFrameCallback" in video) {
    const seen = (_, info) => {
      if (!video.paused) show(frameAt(info.mediaTime + 0.25 / rate()), false);
      follow(false);
      video.requestVideoFrameCallback(seen);
    };
    video.requestVideoFrameCallback(seen);
  } else {
    const look = () => {
      if (!video.paused) show(frameAt(video.currentTime), false);
      follow(false);
      requestAnimationFrame(look);
    };
    look();
  }
}

function toggle() {
  if (!video.paused) return show(frameAt(video.currentTime), true);
  if (frame >= count() - 1) video.currentTime = 0;
  video.play().catch(() => {});
}

function setView(name) {
  view = name;
  const [, , start, width] = VIEWS.find(([id]) => id === view), total = VIEWS[0][3], labels = VIEWS.find(([id]) => id === "labels");
  const place = (node, left, wide) => {
    node.style.setProperty("--left", `${(100 * left) / width}%`);
    node.style.setProperty("--width", `${(100 * wide) / width}%`);
  };
  $("screen").className = `screen ${view}`;
  $("screen").style.setProperty("--ratio", String((video.videoWidth / video.videoHeight) * (width / total) || (width / total) * 3.5556));
  place(video, -start, total);
  for (const node of [layer, $("layer-broken")]) place(node, labels[2] - start, labels[3]);
  for (const button of document.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem("swerve-theme", theme); } catch { /* no storage for files in some browsers */ }
}

function step(by) { show((video.paused ? frame : frameAt(video.currentTime)) + by, true); }

function jumpBy(by) {
  const frames = draw.events.map(frameOf);
  const target = by > 0 ? frames.find((k) => k > frame) : frames.filter((k) => k < frame).at(-1);
  if (target !== undefined) show(target, true);
}

function changeDraw(by) {
  const next = data.draws[data.draws.indexOf(draw) + by];
  if (next) selectDraw(next);
}

const KEYS = {
  " ": toggle, k: toggle, ",": () => step(-1), ".": () => step(1), "<": () => step(-10), ">": () => step(10),
  Home: () => show(0, true), End: () => show(count() - 1, true), n: () => jumpBy(1), p: () => jumpBy(-1),
  "[": () => changeDraw(-1), "]": () => changeDraw(1), l: () => nextLayer(1), L: () => nextLayer(-1),
  ...Object.fromEntries(VIEWS.map(([name], k) => [k + 1, () => setView(name)])),
  t: () => $("theme").click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inside = event.target.tagName;
  if (inside === "SELECT" || (event.key === " " && (inside === "BUTTON" || inside === "A"))) return;
  const arrow = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const action = arrow ? () => step(arrow * (event.shiftKey ? 10 : 1)) : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// --- start ---------------------------------------------------------------------------------------------------------------

let stored = null;
try { stored = localStorage.getItem("swerve-theme"); } catch { /* as above */ }
document.documentElement.dataset.theme = stored ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
$("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
$("draw").replaceChildren(...data.draws.map((d) => element("option", { value: d.id }, data.scenarios.length > 1 ? `${data.scenarios[d.scenario].name}, draw ${d.key}` : `Draw ${d.key}`)));
$("draws").hidden = data.draws.length < 2;
$("draw").addEventListener("change", () => selectDraw(data.draws.find((d) => d.id === $("draw").value)));
$("draw-before").addEventListener("click", () => changeDraw(-1));
$("draw-after").addEventListener("click", () => changeDraw(1));
$("play").addEventListener("click", toggle);
$("back").addEventListener("click", () => step(-1));
$("forward").addEventListener("click", () => step(1));
$("first").addEventListener("click", () => show(0, true));
$("last").addEventListener("click", () => show(count() - 1, true));
$("seek").addEventListener("input", () => show(Number($("seek").value), true));
$("rate").addEventListener("change", () => { video.playbackRate = layer.playbackRate = Number($("rate").value); });
$("views").replaceChildren(...VIEWS.map(([name, text], k) => element("button", { type: "button", "data-view": name, title: `${text} (${k + 1})`, onclick: () => setView(name) }, text)));
$("view-keys").replaceChildren(...VIEWS.map((_, k) => element("kbd", {}, k + 1)));
for (const film of [video, layer]) film.addEventListener("click", toggle);
video.addEventListener("error", () => { $("broken").hidden = false; });
startLayers();
video.addEventListener("ended", () => show(count() - 1, false));
for (const name of ["play", "pause"]) {
  video.addEventListener(name, () => {
    $("play").replaceChildren(icon(video.paused ? PLAY : PAUSE));
    $("play").setAttribute("aria-label", video.paused ? "Play" : "Pause");
    follow(video.paused);
  });
}
$("made").textContent = `Made by Swerve ${data.version} · ${data.config.size.join("×")} at ${data.config.fps} frames/s · ${data.config.quality} quality · seed ${data.config.seed}`;
charts = CHARTS.map(makeChart);
recall();
watch();
new ResizeObserver(() => { charts.forEach(plot); show(frame, false); }).observe($("charts"));
addEventListener("hashchange", recall);
