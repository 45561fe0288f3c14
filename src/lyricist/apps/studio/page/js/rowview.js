/* One row of the sheet: what stands beside the text (lock, syllables, rhyme), the text, the note. */

import { isBlank, isHead, isOpen } from "./doc.js";
import { el, svg } from "./dom.js";
import { reasonOf } from "./scansion.js";

/**
 * @param {{text: string, locked: boolean}} row
 * @param {{info: any, wanted: any, number: number, ghost: string, onLock: () => void}} given
 */
export function rowNode(row, given) {
  const kind = isHead(row.text) ? "head" : isBlank(row.text) ? "blank" : isOpen(row.text) ? "open" : "line";
  const spoken = kind === "line" ? { role: "group", "aria-label": `Line ${given.number}` } : {};
  const node = el("div", { class: "sheet-row", "data-kind": kind, "data-locked": row.locked, ...spoken });
  node.append(gutter(kind, row, given), words(row, given.ghost), note(given.info));
  return node;
}

function gutter(kind, row, { info, wanted, number, onLock }) {
  const box = el("div", { class: "gutter" });
  if (kind === "line") box.append(lockButton(row, info, number, onLock), count(info, wanted), letter(info));
  else if (wanted) box.append(el("span", { class: "count wanted", "aria-hidden": "true" }, wanted.syllables ?? ""),
    el("span", { class: "letter wanted", "aria-hidden": "true" }, wanted.rhyme && wanted.rhyme !== "X" ? wanted.rhyme : ""));
  return box;
}

function lockButton(row, info, number, onLock) {
  const button = el("button", {
    type: "button", class: "lock quiet", title: row.locked ? "Unlock this line" : "Lock this line", tabindex: "-1",
    "aria-pressed": row.locked, "aria-label": `Lock line ${number}: ${row.text.trim()}`, on: { click: onLock },
  });
  button.append(padlock(row.locked));
  return button;
}

function padlock(shut) {
  return svg("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
    svg("rect", { x: 3, y: 7, width: 10, height: 7, rx: 1.2, fill: shut ? "currentColor" : "none", stroke: "currentColor", "stroke-width": 1.3 }),
    svg("path", { d: shut ? "M5 7V4.8a3 3 0 0 1 6 0V7" : "M5 7V4.6a3 3 0 0 1 5.8-1", fill: "none", stroke: "currentColor", "stroke-width": 1.3, "stroke-linecap": "round" }));
}

function count(info, wanted) {
  if (!info) return el("span", { class: "count" });
  const off = info.violations.some((each) => each.kind === "syllables");
  const text = off && wanted?.syllables ? `${info.syllables}/${wanted.syllables}` : String(info.syllables);
  return el("span", { class: off ? "count off" : "count", title: `${info.syllables} syllables` }, text, unseen(" syllables"));
}

function letter(info) {
  const rhymed = info && info.letter !== "X";
  const title = rhymed ? `rhyme ${info.letter}${info.rhymes ? `, ${info.rhymes}` : ""}` : "";
  const said = rhymed ? [unseen("rhyme "), info.letter] : "";
  return el("span", { class: "letter", "data-rhyme": rhymed ? hueOf(info.letter) : null, title }, said);
}

const unseen = (text) => el("span", { class: "unseen" }, text);

/** The colour of a rhyme letter, 1 to 8. */
export const hueOf = (name) => ((name.toUpperCase().charCodeAt(0) - 65) % 8) + 1;

/** The text as one run of letters; what is known of it is laid over it, see marks. */
function words(row, ghost) {
  const box = el("div", { class: "words", "aria-hidden": "true" }, row.text || "\u200b");
  if (ghost) box.append(el("span", { class: "ghost" }, ghost));
  return box;
}

function note(info) {
  if (!info?.violations?.length) return el("div", { class: "note" });
  return el("div", { class: "note" }, info.violations.map((each) => el("p", {}, reasonOf(each))));
}
