// The page of a running board. One web socket brings states (JSON) and pictures (binary), and takes orders.

const find = (id) => document.getElementById(id);
const numbers = new Intl.NumberFormat("en");
const RECONNECT_MS = 1000;
const LINES_SHOWN = 4000;

// The line to the board

let socket = null;

function connect() {
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  let pictures = Promise.resolve();
  socket.onopen = () => find("log").replaceChildren();
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      receivers[message.kind]?.(message);
    } else {
      pictures = pictures.then(() => paint(data)).catch((error) => say("mistake", `a picture cannot be shown: ${error}`));
    }
  };
  socket.onclose = () => {
    document.body.dataset.mode = "lost";
    find("mode").textContent = "no connection";
    find("speed").textContent = "";
    setTimeout(connect, RECONNECT_MS);
  };
}

function order(kind, details = {}) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ kind, ...details }));
}

// The display

const panel = find("panel");
const paper = panel.getContext("2d");

async function paint(data) {
  const view = new DataView(data);
  const [number, width, height, count] = [view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true), view.getUint16(8, true)];
  document.body.dataset.display = width ? "on" : "off";
  find("display-size").textContent = width ? `${width} × ${height}` : "";
  if (width && (panel.width !== width || panel.height !== height)) [panel.width, panel.height] = [width, height];
  const packed = new Blob([new Uint8Array(data, 10 + 8 * count)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const pixels = await new Response(packed).arrayBuffer();
  for (let each = 0, at = 0; each < count; each++) {
    const [x, y, w, h] = [0, 2, 4, 6].map((offset) => view.getUint16(10 + 8 * each + offset, true));
    paper.putImageData(new ImageData(new Uint8ClampedArray(pixels, at, 4 * w * h), w, h), x, y);
    at += 4 * w * h;
  }
  panel.dataset.number = number;
  order("shown", { number });
}

// Mouse and keys

const BUTTONS = [[1, 1], [2, 2], [4, 4]]; // the browser's bits and the board's: left, right, middle
let moved = null;
let held = 0;

function point(event) {
  const bounds = panel.getBoundingClientRect();
  const within = (value, limit) => Math.min(Math.max(Math.floor(value), 0), limit - 1);
  const x = within(((event.clientX - bounds.left) / bounds.width) * panel.width, panel.width);
  const y = within(((event.clientY - bounds.top) / bounds.height) * panel.height, panel.height);
  const buttons = BUTTONS.reduce((all, [theirs, ours]) => all | (event.buttons & theirs ? ours : 0), 0);
  if (buttons !== held) {
    moved = null;
    held = buttons;
    order("point", { x, y, buttons });
  } else {
    if (!moved) requestAnimationFrame(() => { if (moved) order("point", moved); moved = null; });
    moved = { x, y, buttons };
  }
}

panel.addEventListener("pointerdown", (event) => { panel.focus({ preventScroll: true }); panel.setPointerCapture(event.pointerId); point(event); });
panel.addEventListener("pointermove", point);
panel.addEventListener("pointerup", point);
panel.addEventListener("pointerleave", () => { if (!held) { moved = null; order("let go"); } });
panel.addEventListener("pointercancel", () => { held = 0; order("let go"); });
panel.addEventListener("contextmenu", (event) => event.preventDefault());
panel.addEventListener("keydown", (event) => {
  if (event.metaKey || (event.ctrlKey && event.code === "Tab")) return;
  if (event.code === "Escape" && event.shiftKey) { entry.focus(); return; }
  event.preventDefault();
  if (!event.repeat) order("key", { code: event.code, down: true });
});
panel.addEventListener("keyup", (event) => { event.preventDefault(); order("key", { code: event.code, down: false }); });
panel.addEventListener("blur", () => order("let go"));

// The prompt

const log = find("log");
const entry = find("entry");
const history = [];
let recalled = 0;

function say(what, text) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const last = log.lastElementChild;
  if (what === "text" && last?.className === "text") {
    last.textContent += text;
  } else {
    const line = document.createElement(what === "text" ? "span" : "div");
    line.className = what;
    line.textContent = what === "text" ? text : text.replace(/\n$/, "");
    log.append(line);
  }
  while (log.childElementCount > LINES_SHOWN) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function fitEntry() {
  entry.rows = Math.min(entry.value.split("\n").length, 8);
}

function enter() {
  const text = entry.value.trim();
  if (!text) return;
  history.push(text);
  recalled = history.length;
  entry.value = "";
  fitEntry();
  order("enter", { text });
}

function recall(step) {
  recalled = Math.min(Math.max(recalled + step, 0), history.length);
  entry.value = history[recalled] ?? "";
  fitEntry();
}

find("prompt").addEventListener("submit", (event) => { event.preventDefault(); enter(); });
entry.addEventListener("input", fitEntry);
entry.addEventListener("keydown", (event) => {
  const isOneLine = !entry.value.includes("\n");
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); enter(); }
  else if (event.key === "ArrowUp" && isOneLine) { event.preventDefault(); recall(-1); }
  else if (event.key === "ArrowDown" && isOneLine) { event.preventDefault(); recall(1); }
  else if (event.key === "c" && event.ctrlKey && entry.selectionStart === entry.selectionEnd) order("interrupt");
});
find("interrupt").addEventListener("click", () => order("interrupt"));
find("switch-on").addEventListener("click", () => order("enter", { text: "DisplayScreen current" }));

// Time

let isRunning = true;
let isPaced = true;

find("pause").addEventListener("click", () => (isRunning ? order("pause") : order("run", { paced: isPaced })));
for (const [id, paced] of [["real", true], ["fast", false]]) {
  find(id).addEventListener("click", () => order("run", { paced }));
}
for (const button of document.querySelectorAll(".step")) {
  button.addEventListener("click", () => order("step", { unit: button.dataset.unit }));
}
find("clear").addEventListener("click", () => order("clear"));

function showStatus(status) {
  isRunning = status.mode === "running" || status.mode === "asleep";
  isPaced = status.paced;
  const isEnded = status.mode === "ended";
  document.body.dataset.mode = status.mode;
  find("mode").textContent = status.mode;
  find("speed").textContent = status.mode === "running" ? `${(status.speed / 10).toFixed(0)} % of real time` : "";
  find("time").textContent = `${(status.cycles / status.hertz).toFixed(3)} s`;
  find("cycles").textContent = `${numbers.format(status.cycles)} cycles, ${numbers.format(status.instructions)} instructions`;
  find("clock").title = `${status.model}, ${status.hertz / 1e6} MHz, firmware ${status.firmware}`;
  find("pause").textContent = isRunning ? "Pause" : "Run";
  find("real").setAttribute("aria-pressed", status.paced);
  find("fast").setAttribute("aria-pressed", !status.paced);
  for (const button of document.querySelectorAll("#controls button")) button.disabled = isEnded;
  find("interrupt").disabled = !status.busy;
  find("place").hidden = !status.address;
  find("place").textContent = status.address ? `${status.address}  ${status.place}` : "";
}

// How long interrupts wait

const SVG = "http://www.w3.org/2000/svg";
const BAR = 10;
const HIGHEST = 60;

function element(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const micros = (nanoseconds) => `${(nanoseconds / 1000).toFixed(1)} µs`;

function histogram(line, bin) {
  const most = Math.max(...line.bins);
  const height = (count) => 1 + (HIGHEST - 1) * (most > 1 ? Math.log(count) / Math.log(most) : 1);
  const bars = line.bins.flatMap((count, place) => {
    if (!count) return [];
    const isLast = place === line.bins.length - 1;
    const range = isLast ? `${micros(place * bin)} and more` : `${micros(place * bin)} to ${micros((place + 1) * bin)}`;
    const title = element("title", {}, `${range}: ${numbers.format(count)}`);
    const tall = height(count);
    return [element("rect", { x: place * BAR, y: HIGHEST - tall, width: BAR - 1, height: tall, class: isLast ? "late" : "" }, title)];
  });
  const width = line.bins.length * BAR;
  const figure = document.createElement("div");
  figure.className = "histogram";
  figure.dataset.line = line.name;
  const words = document.createElement("p");
  const name = document.createElement("b");
  name.textContent = `${line.name || "line"} (${line.line})`;
  words.append(name, ` ${numbers.format(line.count)} interrupts`, ` min ${micros(line.min)}`, ` median ${micros(line.median)}`, ` max ${micros(line.max)}`);
  for (const node of [...words.childNodes].slice(1)) {
    const span = document.createElement("span");
    span.textContent = node.textContent.trim();
    node.replaceWith(span);
  }
  const axis = document.createElement("div");
  axis.className = "axis";
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const label = document.createElement("span");
    label.textContent = part ? `${(part * line.bins.length * bin) / 1000} µs` : "0";
    axis.append(label);
  }
  const drawing = element("svg", { viewBox: `0 0 ${width} ${HIGHEST + 1}`, preserveAspectRatio: "none", role: "img" });
  drawing.append(element("line", { x1: 0, y1: HIGHEST + 0.5, x2: width, y2: HIGHEST + 0.5 }), ...bars);
  figure.append(words, drawing, axis);
  return figure;
}

function showLatency({ bin, lines }) {
  const none = document.createElement("p");
  none.className = "hint";
  none.textContent = "No interrupt yet.";
  find("histograms").replaceChildren(...(lines.length ? lines.map((line) => histogram(line, bin)) : [none]));
}

// The heap

const map = find("map");

function size(bytes) {
  return bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : bytes >= 1024 ? `${(bytes / 1024).toFixed(0)} KB` : `${bytes} bytes`;
}

function showHeap(heap) {
  const shades = heap.categories.map(({ color }) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
  if (map.width !== heap.across || map.height !== heap.rows) [map.width, map.height] = [heap.across, heap.rows];
  const image = new ImageData(heap.across, heap.rows);
  const counts = heap.categories.map(() => 0);
  for (let at = 0; at < heap.cells.length; at++) {
    const category = heap.cells.charCodeAt(at) - 48;
    counts[category]++;
    image.data.set([...shades[category], 255], 4 * at);
  }
  map.getContext("2d").putImageData(image, 0, 0);
  map.dataset.cells = heap.cells;
  find("legend").replaceChildren(...heap.categories.map(({ name, color }, place) => {
    const item = document.createElement("li");
    item.append(element("svg", { viewBox: "0 0 1 1" }, element("rect", { width: 1, height: 1, fill: color })), name);
    item.title = `most of ${numbers.format(counts[place])} cells`;
    return item;
  }));
  find("phase").textContent = heap.phase ? `collector: ${heap.phase}` : "";
  const rings = Object.entries(heap.rings).filter(([, count]) => count).map(([name, count]) => `${name} ${numbers.format(count)}`);
  find("heap-text").textContent = `${numbers.format(heap.objects)} objects, ${size(heap.free)} of ${size(heap.bytes)} free; a cell is ${size(heap.cell)}, up to the last block in use` + (rings.length ? `. On the rings: ${rings.join(", ")}` : "");
}

// Drivers and lines

function cells(...texts) {
  const row = document.createElement("tr");
  row.append(...texts.map((text) => {
    const cell = document.createElement("td");
    cell.textContent = text;
    return cell;
  }));
  return row;
}

function showLines({ rows, others, totals }) {
  const shown = rows.map(({ line, name, drivers, enabled, raised, entered, served }) => {
    const row = cells(line, name, drivers.join(", "), ...[raised, entered, served].map((count) => numbers.format(count)));
    row.dataset.name = name;
    if (!enabled) { row.className = "masked"; row.title = "masked at the interrupt controller"; }
    return row;
  });
  find("rows").replaceChildren(...shown, ...others.map(({ name, drivers }) => cells("", name, drivers.join(", "), "", "", "")));
  find("totals").textContent = Object.entries(totals).map(([name, count]) => `${numbers.format(count)} ${name}`).join(", ");
}

function showConsole({ lost, lines }) {
  if (lost) say("notice", `${numbers.format(lost)} lines are no longer kept`);
  for (const { what, text } of lines) say(what, text);
}

function showMore({ text }) {
  entry.value = `${text}\n${entry.value}`;
  fitEntry();
}

const receivers = {
  status: showStatus,
  latency: showLatency,
  heap: showHeap,
  lines: showLines,
  console: showConsole,
  more: showMore,
  refused: ({ why }) => say("mistake", why),
};

document.body.dataset.display = "off";
connect();
