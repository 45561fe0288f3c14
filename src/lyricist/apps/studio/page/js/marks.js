/* Stresses and underlines of a row, laid over its text. The text itself stays one run of letters, so that kerning and
   ligatures set it exactly as in the text area above it; where its words and vowels stand is measured. */

import { el } from "./dom.js";
import { hueOf } from "./rowview.js";
import { placed, same, syllableSpots } from "./scansion.js";

/**
 * What is to be drawn over a row, in pixels from its words' corner; reads the layout and changes nothing.
 * @param {HTMLElement} row @param {string} text @param {any} info what the check says of it
 */
export function measure(row, text, info) {
  const words = row.querySelector(".words");
  const letters = words.firstChild;
  const corner = words.getBoundingClientRect();
  const rects = (start, end) => {
    const range = document.createRange();
    range.setStart(letters, start);
    range.setEnd(letters, end);
    return [...range.getClientRects()].map((each) => ({ x: each.left - corner.left, y: each.top - corner.top, w: each.width, h: each.height }));
  };
  const read = placed(text, info.words ?? []).filter((word) => !info.stale || same(word.text, text.slice(word.start, word.end)));
  const bad = badWords(info);
  return read.map((word, i) => {
    const last = i === read.length - 1;
    const spots = syllableSpots(text.slice(word.start, word.end), (word.stress ?? "").length, word.parts);
    return {
      index: word.index,
      text: text.slice(word.start, word.end),
      boxes: rects(word.start, word.end),
      marks: spots.map(([a, b], k) => ({ ...rects(word.start + a, word.start + b)[0], strong: word.stress[k] === "/" })),
      bad: bad(word, last),
      hue: last && info.letter !== "X" ? hueOf(info.letter) : null,
    };
  });
}

/** Draw what was measured. */
export function draw(row, found) {
  const over = el("div", { class: "over" });
  for (const word of found) {
    for (const box of word.boxes) {
      over.append(el("span", {
        class: word.bad ? "w bad" : "w", "data-i": word.index, "data-text": word.text, "data-rhyme": word.hue,
        style: { left: `${box.x}px`, top: `${box.y}px`, width: `${box.w}px`, height: `${box.h}px` },
      }));
    }
    for (const mark of word.marks) {
      if (mark.w === undefined) continue;
      over.append(el("span", {
        class: "v", "data-s": mark.strong ? "strong" : "weak",
        style: { left: `${mark.x + mark.w / 2}px`, top: `${mark.y}px` },
      }));
    }
  }
  row.querySelector(".over")?.remove();
  row.querySelector(".words").append(over);
}

/** Whether a word is what a violation is about: the whole line, its last word, or the word named. */
function badWords(info) {
  const kinds = new Set(info.violations.map((each) => each.kind));
  const named = new Set(info.violations.filter((each) => /avoid|unclean/.test(each.kind)).map((each) => String(each.found).toLowerCase()));
  const whole = ["syllables", "metre", "text", "chorus", "refrain"].some((kind) => kinds.has(kind));
  const end = kinds.has("rhyme") || kinds.has("identical-rhyme");
  return (word, last) => whole || (end && last) || named.has(word.text.toLowerCase());
}
