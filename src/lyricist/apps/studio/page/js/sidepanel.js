/* The panel beside the sheet: what else could stand at the caret, in four tabs. */

import { el, fill, debounce } from "./dom.js";
import { makeLines, makeWords } from "./others.js";
import { makeRhymes } from "./rhymes.js";
import { spokenStress, wordAtCaret } from "./words.js";

const SETTLE = { lines: 0, words: 500, rhymes: 200, why: 350 }; // ms that the caret rests before a tab asks

/** @param {any} desk @param {any} sheet @param {any} suggest @param {any} why */
export function makeSidePanel(desk, sheet, suggest, why, onClose) {
  const rhymes = makeRhymes(desk);
  const tabs = [
    { name: "lines", label: "Lines", view: makeLines(desk, suggest) },
    { name: "words", label: "Words", view: makeWords(desk) },
    { name: "rhymes", label: "Rhymes", view: rhymes },
    { name: "why", label: "Why", view: why },
  ];
  let current = "rhymes";
  let shown = "";
  const head = el("div", { class: "word-head" });
  const list = el("div", { class: "side-tabs", role: "tablist", "aria-label": "At the caret" });
  const body = el("div", { class: "side-body", role: "tabpanel", id: "side-body", tabindex: "-1" });
  const close = el("button", { type: "button", class: "quiet only-over", on: { click: onClose } }, "Close");
  const top = el("div", { class: "panel-head" }, head, close);
  const node = el("aside", { class: "side", "aria-label": "Line and word" }, top, list, body);
  const timers = Object.fromEntries(tabs.map(({ name }) => [name, debounce(() => refresh(), SETTLE[name])]));

  for (const tab of tabs) {
    tab.root = el("div", { class: "side-pane" });
    tab.button = el("button", {
      type: "button", role: "tab", id: `side-${tab.name}`, "aria-controls": "side-body", on: { click: () => choose(tab.name) },
    }, tab.label);
    list.append(tab.button);
  }
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = tabs.findIndex(({ name }) => name === current);
    choose(tabs[(at + by + tabs.length) % tabs.length].name);
    tabs.find(({ name }) => name === current).button.focus();
  });

  function choose(name, { focus = false } = {}) {
    current = name;
    shown = "";
    for (const tab of tabs) {
      const on = tab.name === name;
      tab.button.setAttribute("aria-selected", on);
      tab.button.tabIndex = on ? 0 : -1;
      if (on) body.setAttribute("aria-labelledby", tab.button.id);
    }
    fill(body, tabs.find((tab) => tab.name === name).root);
    refresh();
    const typed = name === "rhymes" && matchMedia("(pointer: fine)").matches; // no keyboard pops up under a finger
    if (focus) (typed ? rhymes.input : body).focus({ preventScroll: true });
  }

  async function refresh() {
    if (desk.busy || !node.getClientRects().length) return;
    const word = wordAtCaret(desk, sheet);
    headline(word);
    const tab = tabs.find(({ name }) => name === current);
    const key = JSON.stringify([current, word?.row, word?.index, word?.text, desk.row, desk.doc.rows[desk.row]?.text]);
    if (key === shown) return;
    shown = key;
    try {
      await tab.view.show(tab.root, word);
    } catch (error) {
      if (error.name === "AbortError") return;
      shown = "";
      if (!error.code) console.error(error);
      fill(tab.root, el("p", { class: "wrong" }, error.code ? error.message : "This could not be shown."));
    }
  }

  function headline(word) {
    if (!word) return fill(head, el("p", { class: "word-now muted" }, "\u2014"));
    const reading = word.parts?.length > 1 ? el("span", {}, word.parts.join("\u00b7")) : null;
    const marks = word.stress ? el("span", { class: "word-stress" },
      el("span", { class: "unseen" }, spokenStress(word.stress)), stressMarks(word.stress)) : null;
    return fill(head, el("p", { class: "word-now" }, word.text), el("p", { class: "small muted row" }, marks, reading));
  }

  const settle = () => timers[current]();
  desk.on("caret", settle);
  desk.on("doc", settle);
  choose(current);
  return { node, choose, refresh: settle };
}

/** Stresses as small marks, strokes for strong and dots for weak. */
export function stressMarks(stress) {
  return el("span", { class: "marks", "aria-hidden": "true" },
    [...stress].map((mark) => el("i", { class: mark === "/" ? "strong" : mark === "?" ? "any" : "weak" })));
}
