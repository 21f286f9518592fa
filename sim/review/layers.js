"use strict";
// Labels over the film's, and their legends: page.js follows in the same script.

const layer = document.getElementById("layer");
let chosen = "";

/** Load the chosen label's film, if it has one of its own, and explain its colours. */
function loadLayer() {
  layer.hidden = !chosen;
  $("layer-broken").hidden = true;
  if (chosen) {
    layer.src = draw.layers[chosen];
  } else {
    // Hiding alone would let it play on unseen.
    layer.pause();
    layer.removeAttribute("src");
    layer.load();
  }
  $("which").value = chosen;
  showLegend(data.legends[chosen]);
}

function chooseLayer(name) {
  chosen = name;
  if (chosen && !["both", "labels"].includes(view)) setView("both");
  loadLayer();
  show(frame, video.paused);
}

function nextLayer(by) {
  const names = Object.keys(data.legends);
  chooseLayer(names.at((names.indexOf(chosen) + by) % names.length));
}

function showLegend(legend) {
  const color = ([r, g, b]) => `rgb(${r} ${g} ${b})`;
  const stops = () => legend.stops.map(([share, rgb]) => `${color(rgb)} ${(100 * share).toFixed(2)}%`).join(", ");
  const parts = [element("span", {}, element("strong", {}, legend.title), legend.about)];
  if (legend.kind === "scale") {
    const bar = element("div", { class: "scale" }, element("i", { style: `background: linear-gradient(to right, ${stops()})` }));
    bar.append(...legend.ticks.map(([share, text]) => element("span", { style: `left: ${(100 * share).toFixed(2)}%` }, `${text} ${legend.unit}`)));
    parts.push(bar);
  } else if (legend.kind === "wheel") {
    // White in the middle, and the colour grows with the square root of the length.
    const fades = [0, 0.02, 0.1, 0.25, 0.5, 1].map((r) => `rgb(255 255 255 / ${(1 - Math.sqrt(r)).toFixed(3)}) ${100 * r}%`);
    const disc = element("i", { style: `background: radial-gradient(closest-side, ${fades.join(", ")}), conic-gradient(from 90deg, ${stops()})` });
    parts.push(element("div", { class: "wheel" }, disc, element("span", {}, `rim: ${legend.rim} or more`)));
  } else {
    parts.push(element("ul", {}, ...legend.names.map(([rgb, text]) => element("li", {}, element("i", { style: `background: ${color(rgb)}` }), text))));
  }
  $("legend").replaceChildren(...parts);
}

/** Let the label's film stand where the picture does, or run about there: seeking takes longer than it lags. */
function follow(exactly) {
  if (layer.hidden) return;
  const lag = Math.abs(layer.currentTime - video.currentTime);
  if (exactly || (!layer.seeking && lag > Math.max(0.5 / rate(), 0.05))) layer.currentTime = video.currentTime;
  if (layer.paused !== video.paused) video.paused ? layer.pause() : layer.play().catch(() => {});
}

function startLayers() {
  $("which").replaceChildren(...Object.entries(data.legends).map(([name, { title }]) => element("option", { value: name }, title)));
  $("which").addEventListener("change", () => chooseLayer($("which").value));
  $("layers").hidden = Object.keys(data.legends).length < 2;
  layer.addEventListener("error", () => { $("layer-broken").hidden = !layer.hasAttribute("src"); });
  layer.addEventListener("loadedmetadata", () => { layer.playbackRate = video.playbackRate; follow(video.paused); });
}
