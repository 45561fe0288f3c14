/* Loss over steps: two lines, labelled axes, and the same as a table. SVG by DOM calls. */

import { el, fill, svg } from "./dom.js";
import { px } from "./measure.js";

const MARGIN = { top: 14, right: 92, bottom: 40, left: 54 };
const LINES = [
  { key: "train", name: "Your songs", kind: "train" },
  { key: "heldOut", name: "Held out", kind: "held-out" },
];
const CALM = 25; // parts that a long line is divided into: each of its points is the mean of about one

/**
 * @typedef {{step: number, loss: number}} Point
 * @typedef {{train: Point[], heldOut: Point[]}} Losses
 */

/**
 * A chart that redraws itself to the width it has.
 * @returns {{node: HTMLElement, draw: (losses: Losses) => void, close: () => void}}
 */
export function lossChart() {
  const picture = el("div", { class: "chart-picture" });
  const table = el("details", { class: "as-table", hidden: true });
  const summary = el("summary", {}, "The curves as a table");
  const node = el("figure", { class: "chart" }, el("figcaption", { class: "label" }, "Loss"), picture, table);
  let losses = { train: [], heldOut: [] };
  let width = 0;

  function redraw() {
    const some = losses.train.length + losses.heldOut.length > 0;
    table.hidden = !some;
    fill(picture, some && width > 120 ? curves(losses, width, width < 480 ? 200 : 260) : empty());
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
    draw(next) {
      losses = { train: calmed(known(next.train)), heldOut: known(next.heldOut) };
      fill(table, summary, tableOf(losses));
      redraw();
    },
    close: () => seen.disconnect(),
  };
}

const empty = () => el("p", { class: "muted small chart-empty" }, "The curves begin with the first steps.");

const known = (points) => points.filter(({ step, loss }) => Number.isFinite(step) && Number.isFinite(loss));

/** Each point the mean of those just before it, so that single batches do not hide where it goes. */
export function calmed(points) {
  const window = Math.max(1, Math.round(points.length / CALM));
  let sum = 0;
  return points.map(({ step, loss }, i) => {
    sum += loss - (i >= window ? points[i - window].loss : 0);
    return { step, loss: sum / Math.min(i + 1, window) };
  });
}

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
function scales(losses, width, height) {
  const points = [...losses.train, ...losses.heldOut];
  const heights = points.map((point) => point.loss);
  const steps = points.map((point) => point.step);
  const [left, right] = [Math.min(...steps), Math.max(...steps, Math.min(...steps) + 1)];
  const room = (Math.max(...heights) - Math.min(...heights)) * 0.08 || 0.2;
  const [low, high] = [Math.min(...heights) - room, Math.max(...heights) + room];
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  return {
    left, right, low, high,
    x: (step) => MARGIN.left + ((step - left) / (right - left)) * inner.width,
    y: (loss) => MARGIN.top + ((high - loss) / (high - low)) * inner.height,
  };
}

function curves(losses, width, height) {
  const at = scales(losses, width, height);
  const there = LINES.filter(({ key }) => losses[key].length);
  const label = `Loss from step ${at.left} to ${at.right}: ` +
    there.map(({ key, name }) => `${name.toLowerCase()} ${figure(losses[key][0].loss)} to ${figure(losses[key].at(-1).loss)}`).join(", ");
  return svg("svg", { class: "curves", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label },
    axes(at, width, height), there.map((line) => curve(line, losses[line.key], at)), endLabels(there, losses, at));
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

function curve({ kind }, points, at) {
  const line = points.map(({ step, loss }) => `${px(at.x(step))},${px(at.y(loss))}`).join(" ");
  const dots = points.length > 24 ? points.slice(-1) : points;
  return svg("g", { class: `curve ${kind}` }, svg("polyline", { points: line }),
    dots.map(({ step, loss }) => svg("circle", { cx: px(at.x(step)), cy: px(at.y(loss)), r: 2.5 })));
}

/** Names at the ends of the lines, held apart where the lines are close. */
function endLabels(there, losses, at) {
  const ends = there.map((line) => ({ ...line, last: losses[line.key].at(-1) }))
    .map((line) => ({ ...line, x: at.x(line.last.step) + 9, y: at.y(line.last.loss) + 4 }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => { if (i) end.y = Math.max(end.y, ends[i - 1].y + 16); });
  return ends.map(({ name, kind, x, y }) => svg("text", { class: `curve-name ${kind}`, x: px(x), y: px(y) }, name));
}

/** A row for every evaluation, with the loss of the steps before it. */
function tableOf({ train, heldOut }) {
  const rows = heldOut.map(({ step, loss }) => [step, train.findLast((point) => point.step <= step)?.loss, loss]);
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "The curves as a table" },
    el("table", {},
      el("thead", {}, el("tr", {}, ["Step", ...LINES.map(({ name }) => name)].map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, rows.map(([step, ...values]) =>
        el("tr", {}, el("td", {}, step.toLocaleString("en")), values.map((value) => el("td", {}, figure(value))))))));
}

const figure = (value) => (Number.isFinite(value) ? value.toFixed(2) : "–");
