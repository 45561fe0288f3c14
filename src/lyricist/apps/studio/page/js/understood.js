/* What was understood of uploaded lyrics, in words. */

import { el } from "./dom.js";

const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** @param {any} training @returns {HTMLElement[]} */
export function understoodOf({ understood, status, ...asked }) {
  const { songs, lines, words, dropped = [], titles = [] } = understood;
  const summary = [
    el("p", { class: "understood-counts" }, [count(songs, "song"), count(lines, "line"), count(words, "word")].join(", ")),
    el("p", { class: "muted small" }, askedFor(asked)),
  ];
  const more = el("details", { class: "as-table", open: status === "ready" }, el("summary", {}, "What was read"),
    titles.length ? el("ul", { class: "titles" }, titles.map((title) => el("li", {}, title)), songs > titles.length ? el("li", { class: "muted" }, `and ${songs - titles.length} more`) : null) : null,
    dropped.length ? el("div", {}, el("h3", {}, "Left out"), droppedList(dropped)) : el("p", { class: "muted small" }, "Nothing was left out."));
  return [...summary, more];
}

function askedFor({ from, budget_seconds: seconds, licence }) {
  const minutes = seconds / 60;
  return [
    from === "scratch" ? "from scratch" : from === "starter" ? "from the starter" : "",
    seconds ? (Number.isInteger(minutes) ? count(minutes, "minute") : count(Math.round(seconds), "second")) : "",
    licence ? `lyrics: ${licence}` : "",
  ].filter(Boolean).join(" · ");
}

/** Reasons with counts and examples. */
const droppedList = (dropped) =>
  el("ul", { class: "dropped" }, dropped.map(({ reason, count: many, examples = [] }) =>
    el("li", {}, `${many.toLocaleString("en")} ${reason}`, examples.length ? el("span", { class: "muted small" }, ` ${examples.join(", ")}`) : null)));

/** Seconds as said to people. */
export function remaining(seconds) {
  if (seconds < 1) return "almost done";
  return seconds < 90 ? `${count(Math.round(seconds), "second")} left` : `${count(Math.round(seconds / 60), "minute")} left`;
}
