"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const n = data.x.length;
const canvas = document.getElementById("map");
const context = canvas.getContext("2d");
const tip = document.getElementById("tip");
const pick = document.getElementById("by");
const find = document.getElementById("find");
const legend = document.getElementById("legend");

const HUES = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999",
  "#e07b39", "#6f5fb5", "#0f9d8a", "#b8860b", "#d45fa6", "#888877"];
const FIXED = { kept: "#228833", passed: "#ee6677", "not asked": "#9aa3ad", owned: "#4477aa" };
const CELL = 24; // pixels of the grid that finds the point under the pointer
const REACH = 12; // pixels from which a point counts as pointed at
const MARGIN = 24; // pixels around all points before anybody zooms
const MOST_LABELS = 60;
const LABEL_HEIGHT = 14;

let view = { k: 1, x: 0, y: 0 };
let off = new Set(); // colours that are switched off in the legend
let hits = null; // points that "Find" found, null while nothing is looked for
let grid = new Map();
let queued = false;
const px = new Float32Array(n);
const py = new Float32Array(n);

const ends = values => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)],
  [Infinity, -Infinity]);
const [left, right] = n ? ends(data.x) : [0, 0];
const [bottom, top_] = n ? ends(data.y) : [0, 0];

for (const name of Object.keys(data.by)) pick.add(new Option(name));
const colour = (word, i) => FIXED[word] || HUES[i % HUES.length];

function showLegend() {
  legend.replaceChildren();
  const by = data.by[pick.value];
  by.words.forEach((word, i) => {
    const item = document.createElement("li");
    item.textContent = (word || "none given") + " " + by.counts[i];
    item.style.setProperty("--c", colour(word, i));
    if (off.has(i)) item.className = "off";
    item.onclick = () => {
      off.has(i) ? off.delete(i) : off.add(i);
      showLegend();
      draw();
    };
    legend.append(item);
  });
}

function draw() {
  if (queued) return;
  queued = true;
  requestAnimationFrame(paint);
}

function paint() {
  queued = false;
  const ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, w, h);
  const by = data.by[pick.value];
  const size = Math.max(2, Math.min(7, 1.5 * Math.sqrt(view.k) * Math.sqrt(20000 / Math.max(n, 1500))));
  const lists = place(by, w, h);
  const order = [...by.words.keys()].sort((i, j) => by.counts[j] - by.counts[i]);
  context.globalAlpha = hits ? .15 : .75;
  for (const c of order) {
    context.fillStyle = colour(by.words[c], c);
    for (const i of lists[c]) square(i, size);
  }
  context.globalAlpha = 1;
  const shown = lists.flat();
  if (hits) {
    for (const i of hits) {
      if (off.has(by.codes[i])) continue;
      context.fillStyle = colour(by.words[by.codes[i]], by.codes[i]);
      square(i, size + 3);
    }
    const inView = new Set(shown);
    label(hits.filter(i => inView.has(i)), w, h, size + 3);
  } else label(shown, w, h, size);
}

/* Where every point lies on the screen, by colour; both axes have one scale, so that near is near. */
function place(by, w, h) {
  const wide = Math.max(right - left, 1), high = Math.max(top_ - bottom, 1);
  const s = Math.max(Math.min((w - 2 * MARGIN) / wide, (h - 2 * MARGIN) / high), 1e-6) * view.k;
  const cx = w / 2 + view.x - (left + right) / 2 * s, cy = h / 2 + view.y + (bottom + top_) / 2 * s;
  const lists = by.words.map(() => []);
  grid = new Map();
  for (let i = 0; i < n; i++) {
    const x = px[i] = cx + data.x[i] * s, y = py[i] = cy - data.y[i] * s;
    if (x < -9 || y < -9 || x > w + 9 || y > h + 9 || off.has(by.codes[i])) continue;
    lists[by.codes[i]].push(i);
    const key = (x / CELL | 0) * 4096 + (y / CELL | 0), there = grid.get(key);
    there ? there.push(i) : grid.set(key, [i]);
  }
  return lists;
}

function square(i, size) {
  context.fillRect(px[i] - size / 2, py[i] - size / 2, size, size);
}

/* Names beside points, as many as do not touch each other; in the order of the points, so that they
   do not jump about. Zooming in shows more. */
function label(points, w, h, size) {
  const style = getComputedStyle(document.body);
  context.font = "11px " + style.fontFamily;
  context.fillStyle = style.color;
  context.textBaseline = "middle";
  const taken = [];
  for (const i of [...points].sort((a, b) => a - b)) {
    if (taken.length >= MOST_LABELS) break;
    const name = data.names[i].length > 36 ? data.names[i].slice(0, 35) + "…" : data.names[i];
    const x = px[i] + size / 2 + 3, y = py[i];
    if (x < 0 || y < LABEL_HEIGHT / 2 || y > h - LABEL_HEIGHT / 2) continue;
    if (taken.some(t => Math.abs(t.y - y) < LABEL_HEIGHT && x < t.end && t.x < x + 40)) continue;
    const end = x + context.measureText(name).width + 6;
    if (end > w || taken.some(t => Math.abs(t.y - y) < LABEL_HEIGHT && x < t.end && t.x < end)) continue;
    taken.push({ x, y, end });
    context.fillText(name, x, y);
  }
}

function near(x, y) {
  let best = -1, far = REACH ** 2;
  const column = x / CELL | 0, row = y / CELL | 0;
  for (let a = column - 1; a <= column + 1; a++)
    for (let b = row - 1; b <= row + 1; b++)
      for (const i of grid.get(a * 4096 + b) || []) {
        const d = (px[i] - x) ** 2 + (py[i] - y) ** 2;
        if (d < far) {
          far = d;
          best = i;
        }
      }
  return best;
}

function showTip(event) {
  const box = canvas.getBoundingClientRect();
  const i = near(event.clientX - box.left, event.clientY - box.top);
  if (i < 0) {
    tip.style.display = "none";
    return;
  }
  tip.textContent = data.names[i] + (data.notes[i] ? "\n" + data.notes[i] : "");
  tip.style.display = "block";
  tip.style.left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 6) + "px";
  tip.style.top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 6) + "px";
}

function zoom(factor, x, y) {
  const w = canvas.clientWidth / 2, h = canvas.clientHeight / 2;
  const k = Math.max(.5, Math.min(200, view.k * factor));
  factor = k / view.k;
  view = { k, x: (view.x - x + w) * factor + x - w, y: (view.y - y + h) * factor + y - h };
  draw();
}

let from = null; // where dragging began
canvas.onpointerdown = event => {
  from = [event.clientX - view.x, event.clientY - view.y];
  canvas.setPointerCapture(event.pointerId);
};
canvas.onpointerup = () => { from = null; };
canvas.onpointermove = event => {
  if (!from) {
    showTip(event);
    return;
  }
  view.x = event.clientX - from[0];
  view.y = event.clientY - from[1];
  tip.style.display = "none";
  draw();
};
canvas.onpointerleave = () => { tip.style.display = "none"; };
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
canvas.onkeydown = event => {
  const steps = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  const step = steps[event.key];
  if (step) {
    view.x += step[0];
    view.y += step[1];
    draw();
  }
  if (event.key === "+" || event.key === "-")
    zoom(event.key === "+" ? 1.3 : 1 / 1.3, canvas.clientWidth / 2, canvas.clientHeight / 2);
  if (event.key === "0") {
    view = { k: 1, x: 0, y: 0 };
    draw();
  }
};
pick.onchange = () => {
  off.clear();
  showLegend();
  draw();
};
find.oninput = () => {
  const words = find.value.trim().toLowerCase();
  hits = words ? [...data.names.keys()].filter(i => data.names[i].toLowerCase().includes(words)) : null;
  draw();
};
new ResizeObserver(draw).observe(canvas);
showLegend();
draw();
