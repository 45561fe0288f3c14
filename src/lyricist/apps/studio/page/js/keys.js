/* Every key of the desk: one table, which is also the sheet of shortcuts. */

import { el } from "./dom.js";

const mac = /Mac|iPhone|iPad/.test(navigator.platform);
const CTRL = mac ? "\u2318" : "Ctrl";
const ALT = mac ? "\u2325" : "Alt";

/** What is done, its keys, whether an event is it, what it runs (false: not now, let the browser have it). */
const table = (on) => [
  ["Take the suggestion", ["Tab"], (e) => e.key === "Tab" && bare(e), on.accept, "text"],
  ["Next line that fits here", [ALT, "\u2193"], (e) => e.key === "ArrowDown" && alt(e), () => on.step(1), "text"],
  ["The one before", [ALT, "\u2191"], (e) => e.key === "ArrowUp" && alt(e), () => on.step(-1), "text"],
  ["Lock or unlock the line", [ALT, "L"], (e) => e.code === "KeyL" && alt(e), on.lock, "text"],
  ["Write a song", [CTRL, "Enter"], (e) => e.key === "Enter" && ctrl(e) && !e.shiftKey, on.write],
  ["Again: rewrite what is not locked", [CTRL, "Shift", "Enter"], (e) => e.key === "Enter" && ctrl(e) && e.shiftKey, on.again],
  ["Stop", ["Esc"], (e) => e.key === "Escape" && bare(e), on.stop],
  ["Undo", [CTRL, "Z"], (e) => e.code === "KeyZ" && ctrl(e) && !e.shiftKey, on.undo, "desk"],
  ["Redo", [CTRL, "Shift", "Z"], (e) => ctrl(e) && ((e.code === "KeyZ" && e.shiftKey) || e.code === "KeyY"), on.redo, "desk"],
  ["Rhymes for the word", [ALT, "R"], (e) => e.code === "KeyR" && alt(e), () => on.side("rhymes")],
  ["Other words in its place", [ALT, "O"], (e) => e.code === "KeyO" && alt(e), () => on.side("words")],
  ["Other lines in its place", [ALT, "I"], (e) => e.code === "KeyI" && alt(e), () => on.side("lines")],
  ["Why this word?", [ALT, "Y"], (e) => e.code === "KeyY" && alt(e), () => on.side("why")],
  ["Back to the text", ["Esc"], () => false, null],
  ["Read this line\u2019s scansion out", [ALT, "S"], (e) => e.code === "KeyS" && alt(e), on.say],
  ["The plan", [ALT, "P"], (e) => e.code === "KeyP" && alt(e), on.plan],
  ["Drafts", [CTRL, "O"], (e) => e.code === "KeyO" && ctrl(e), on.drafts],
  ["Save as text", [CTRL, "S"], (e) => e.code === "KeyS" && ctrl(e), on.save],
  ["Write, Tune, Train, Models", [ALT, "1 \u2013 4"], () => false, null],
  ["These shortcuts", ["?"], (e) => (e.key === "?" && !typing(e)) || e.key === "F1", () => on.help()],
];

const ctrl = (e) => (e.ctrlKey || e.metaKey) && !e.altKey;
const alt = (e) => e.altKey && !e.ctrlKey && !e.metaKey;
const bare = (e) => !e.altKey && !e.ctrlKey && !e.metaKey && !e.shiftKey;
const typing = (e) => /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName);

/**
 * Listen while the desk is shown.
 * @param {any} on what each key does @param {{area: HTMLElement, node: HTMLElement, shown: () => boolean}} where
 */
export function mountKeys(on, { area, node, shown }) {
  const keys = table(on);
  const help = makeHelp(keys);
  node.append(help);
  on.help = () => help.showModal();
  addEventListener("keydown", (event) => {
    if (!shown() || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return; // it has keys of its own
    for (const [, , is, run, place] of keys) {
      if (!run || !is(event)) continue;
      if (place === "text" && event.target !== area) continue;
      if (place === "desk" && typing(event) && event.target !== area) continue; // fields undo their own
      if (run(event) === false) continue;
      event.preventDefault();
      return;
    }
  });
  return { help: on.help };
}

function makeHelp(keys) {
  const rows = keys.map(([label, names]) => el("div", {}, el("dt", {}, label),
    el("dd", {}, names.flatMap((name, i) => [i ? " " : null, el("kbd", {}, name)]))));
  const close = el("button", { type: "button", class: "quiet", on: { click: () => help.close() } }, "Close");
  const help = el("dialog", { class: "help", "aria-labelledby": "help-title" },
    el("div", { class: "dialog-head" }, el("h2", { id: "help-title" }, "Shortcuts"), close),
    el("dl", { class: "keys" }, rows));
  return help;
}
