/* Loss over steps: two lines, labelled axes, and the same as a table. SVG by DOM calls. */

import { el, fill, svg } from "./dom.js";
import { px } from "./measure.js";

const MARGIN = { top: 14, right: 92, bottom: 40, left: 54 };
const LINES = [
  { key: "train_loss", name: "Your songs", kind: "train" },
  { key: "valid_loss", name: "Held out", kind: "held-out" },
];

/**
 * A chart that redraws itself to the width it has.
 * @returns {{node: HTMLElement, draw: (history: {step: number, train_loss: number, valid_loss: number}[]) => void,
 *   close: () => void}}
 */
export function lossChart() {
  const picture = el("div", { class: "chart-picture" });
  const table = el("details", { class: "as-table", hidden: true });
  const summary = el("summary", {}, "The curves as a table");
  const node = el("figure", { class: "chart" }, el("figcaption", { class: "label" }, "Loss"), picture, table);
  let points = [];
  let width = 0;

  function redraw() {
    table.hidden = !points.length;
    fill(picture, points.length && width > 120 ? curves(points, width, width < 480 ? 200 : 260) : empty());
  }
  const seen = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (next === width) return;
    width = next;
    redraw();
  });
  seen.observe(picture);
  return {
    node,
    draw(history) {
      points = history.filter((point) => Number.isFinite(point.step));
      fill(table, summary, tableOf(points));
      redraw();
    },
    close: () => seen.disconnect(),
  };
}

const empty = () => el("p", { class: "muted small chart-empty" }, "The curves begin with the first evaluation.");

/** Round numbers that divide a range into about `about` parts. @returns {number[]} */
export function ticks(low, high, about) {
  const raw = (high - low || 1) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= raw * 0.999) ?? raw;
  const out = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) out.push(Number(at.toPrecision(12)));
  return out;
}

/** What the axes span: steps from the first to the last, losses with some room. */
function scales(points, width, height) {
  const losses = points.flatMap((point) => LINES.map(({ key }) => point[key])).filter(Number.isFinite);
  const steps = points.map((point) => point.step);
  const [left, right] = [Math.min(...steps), Math.max(...steps, Math.min(...steps) + 1)];
  const room = (Math.max(...losses) - Math.min(...losses)) * 0.08 || 0.2;
  const [low, high] = [Math.min(...losses) - room, Math.max(...losses) + room];
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  return {
    left, right, low, high,
    x: (step) => MARGIN.left + ((step - left) / (right - left)) * inner.width,
    y: (loss) => MARGIN.top + ((high - loss) / (high - low)) * inner.height,
  };
}

function curves(points, width, height) {
  const at = scales(points, width, height);
  const last = points.at(-1);
  const label = `Loss from step ${at.left} to ${last.step}: ` +
    LINES.map(({ key, name }) => `${name.toLowerCase()} ${figure(points[0][key])} to ${figure(last[key])}`).join(", ");
  return svg("svg", { class: "curves", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
    axes(at, width, height), LINES.map((line) => curve(line, points, at)), endLabels(points, at));
}

function axes(at, width, height) {
  const [right, foot] = [width - MARGIN.right, height - MARGIN.bottom];
  const losses = ticks(at.low, at.high, 4);
  const digits = losses.every(Number.isInteger) ? 0 : losses.every((loss) => Number.isInteger(loss * 10)) ? 1 : 2;
  const across = losses.flatMap((loss) => [
    svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: px(at.y(loss)), y2: px(at.y(loss)) }),
    svg("text", { x: MARGIN.left - 8, y: px(at.y(loss) + 4), "text-anchor": "end" }, loss.toFixed(digits)),
  ]);
  const down = ticks(at.left, at.right, width < 480 ? 3 : 6).filter(Number.isInteger).map((step) =>
    svg("text", { x: px(at.x(step)), y: foot + 18, "text-anchor": "middle" }, step.toLocaleString("en")));
  return svg("g", { class: "axes" }, across, down,
    svg("line", { class: "axis", x1: MARGIN.left, x2: right, y1: foot, y2: foot }),
    svg("text", { class: "axis-name", x: (MARGIN.left + right) / 2, y: height - 4, "text-anchor": "middle" }, "step"),
    svg("text", { class: "axis-name", x: -(MARGIN.top + foot) / 2, y: 12, "text-anchor": "middle", transform: "rotate(-90)" }, "nats per word"));
}

function curve({ key, kind }, points, at) {
  const known = points.filter((point) => Number.isFinite(point[key]));
  const line = known.map((point) => `${px(at.x(point.step))},${px(at.y(point[key]))}`).join(" ");
  const dots = known.length > 40 ? known.slice(-1) : known;
  return svg("g", { class: `curve ${kind}` }, svg("polyline", { points: line }),
    dots.map((point) => svg("circle", { cx: px(at.x(point.step)), cy: px(at.y(point[key])), r: 2.5 })));
}

/** Names at the ends of the lines, held apart where the lines are close. */
function endLabels(points, at) {
  const ends = LINES.map((line) => ({ ...line, last: points.findLast((point) => Number.isFinite(point[line.key])) }))
    .filter((line) => line.last)
    .map((line) => ({ ...line, x: at.x(line.last.step) + 9, y: at.y(line.last[line.key]) + 4 }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i) end.y = Math.max(end.y, ends[i - 1].y + 16); });
  return ends.map(({ name, kind, x, y }) => svg("text", { class: `curve-name ${kind}`, x: px(x), y: px(y) }, name));
}

function tableOf(points) {
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "The curves as a table" },
    el("table", {},
      el("thead", {}, el("tr", {}, ["Step", ...LINES.map(({ name }) => name)].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, points.map((point) =>
        el("tr", {}, el("td", {}, point.step.toLocaleString("en")), LINES.map(({ key }) => el("td", {}, figure(point[key]))))))));
}

const figure = (value) => (Number.isFinite(value) ? value.toFixed(2) : "–");
