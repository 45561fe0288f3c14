/* The word at the caret: which it is, and putting another in its place. */

import { isLine } from "./doc.js";
import { placed, wordAt, wordsOf } from "./scansion.js";

/**
 * The word at the caret, as it was read: `{row, index, text, start, end, ...}`; null where there is none.
 * Before the check has answered only its place and letters are known.
 */
export function wordAtCaret(desk, sheet) {
  const { row, column } = desk;
  const text = desk.doc.rows[row]?.text ?? "";
  return isLine(text) ? wordIn(text, sheet.infos.get(row), row, column) : null;
}

function wordIn(text, info, row, column) {
  if (!info?.words?.length) {
    const index = wordAt(text, column);
    return index < 0 ? null : { row, index, ...wordsOf(text)[index] };
  }
  const read = placed(text, info.words);
  const word = read.find(({ start, end }) => start <= column && column <= end);
  return word ? { ...word, row, text: text.slice(word.start, word.end) } : null;
}

/** Another word in its place, its first letter large or small as before. */
export function replaceWord(desk, word, other) {
  const { text } = desk.doc.rows[word.row];
  if (desk.doc.rows[word.row].locked) {
    desk.app.announce("This line is locked: unlock it with Alt+L to change it");
    return;
  }
  const large = word.text[0] !== word.text[0].toLowerCase();
  const fitted = large ? other[0].toUpperCase() + other.slice(1) : other;
  desk.setRow(word.row, text.slice(0, word.start) + fitted + text.slice(word.end), { caret: word.start + fitted.length });
  desk.app.announce(`${fitted} in place of ${word.text}`, { quiet: true });
}

/** "x/" as words for a screen reader. */
export const spokenStress = (stress) => [...stress].map((mark) => (mark === "/" ? "strong" : "weak")).join(", ");
