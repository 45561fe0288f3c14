/* Other lines in place of the caret's line, other words in place of the caret's word: all of them fit the plan. */

import { isHead } from "./doc.js";
import { el, fill } from "./dom.js";
import { placed } from "./scansion.js";
import { remembered, wishes } from "./wishes.js";

/** The list of a line's alternatives, walked with Alt and the arrows. @param {any} desk @param {any} suggest */
export function makeLines(desk, suggest) {
  let root = null;
  suggest.listen(() => root && draw());

  function show(into) {
    root = into;
    draw();
  }

  function draw() {
    const { walk } = suggest;
    const text = desk.doc.rows[desk.row]?.text ?? "";
    const find = el("button", { type: "button", on: { click: () => suggest.more() } }, walk ? "Find more" : "Find other lines");
    const how = el("p", { class: "small muted" }, el("kbd", {}, "Alt"), " ", el("kbd", {}, "\u2191"), " ", el("kbd", {}, "\u2193"), " walk them in the text.");
    if (isHead(text)) return fill(root, el("p", { class: "muted" }, "Put the caret into a line to find others that fit in its place."));
    fill(root, walk ? el("ol", { class: "line-list" }, walk.lines.map(entry)) : null, el("div", { class: "row" }, find), how);
  }

  function entry(line, i) {
    const current = i === suggest.walk.at;
    const label = line.text || "empty line";
    return el("li", {}, el("button", {
      type: "button", class: "quiet line-choice", "aria-pressed": current, on: { click: () => suggest.pick(i) },
    }, label, i ? null : el("span", { class: "small muted" }, " as it was")));
  }

  return { show };
}

/** Words that fit in place of one. @param {any} desk */
export function makeWords(desk) {
  const { app } = desk;
  const ask = remembered((body) => app.api.post("/api/alternatives", body));
  let asked = 0;

  async function show(root, word) {
    const turn = ++asked;
    if (!word) return fill(root, el("p", { class: "muted" }, "Put the caret into a word to see which others fit in its place."));
    const { place } = desk;
    if (!place) return null;
    if (!root.querySelector(".word-list")) fill(root, el("p", { class: "muted" }, "Trying other words"));
    const { draft, section, line } = place;
    const body = { draft, section, line, word: word.index, count: 10, ...wishes(app, { always: true }) };
    const { lines } = await ask(body);
    if (turn !== asked) return null;
    return fill(root, lines.length ? listOf(word, lines)
      : el("p", { class: "muted" }, `No other word fits in place of \u201c${word.text}\u201d here.`));
  }

  function listOf(word, lines) {
    return el("div", { class: "stack tight" },
      el("p", { class: "small muted" }, "The rest of the line stays as it is."),
      el("ul", { class: "word-list" }, lines.map((line) => el("li", {}, el("button", {
        type: "button", class: "quiet word-choice", title: line.text, on: { click: () => take(word, line) },
      }, changed(line, word))))));
  }

  function take(word, line) {
    if (desk.doc.rows[word.row].locked) return app.announce("This line is locked: unlock it with Alt+L to change it");
    desk.setRow(word.row, line.text);
    return app.announce(line.text, { quiet: true });
  }

  return { show };
}

/** The word of a line that stands at the place of another, as it reads there. */
function changed(line, word) {
  const words = placed(line.text, line.text.split(/\s+/).map((text) => ({ text })));
  const found = words[word.index];
  return found ? line.text.slice(found.start, found.end) : line.text;
}
