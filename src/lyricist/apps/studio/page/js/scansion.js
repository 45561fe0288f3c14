/* What the API's check says, brought to the rows of the text; and where a word's syllables stand in its letters. */

const WORD = /[\p{L}\p{N}]+(?:[-'\u2019][\p{L}\p{N}]+)*['\u2019]?|['\u2019][\p{L}\p{N}]+/gu;

/** Words of a line: `{text, start, end}`. */
export const wordsOf = (text) => [...text.matchAll(WORD)].map((m) => ({ text: m[0], start: m.index, end: m.index + m[0].length }));

/** The word of a line that a column touches: its index, or -1. */
export const wordAt = (text, column) => wordsOf(text).findIndex((word) => word.start <= column && column <= word.end);

/** Whether two words are the same letters, whatever their apostrophes and capitals. */
export const same = (one, other) => plain(one) === plain(other);

const plain = (text) => text.toLowerCase().replace(/\u2019/g, "'");

/**
 * The words that were read, each with its index among them and its place in the text. They are paired in order where there are as many of
 * both, and found by their letters otherwise.
 */
export function placed(text, read) {
  const there = wordsOf(text);
  if (there.length === read.length) return read.map((word, index) => ({ ...word, index, start: there[index].start, end: there[index].end }));
  const low = plain(text);
  let from = 0;
  return read.flatMap((word, index) => {
    const start = low.indexOf(plain(word.text), from);
    if (start < 0) return [];
    from = start + word.text.length;
    return [{ ...word, index, start, end: from }];
  });
}

/** What is known of each row, by its text: `{rows: Map(row -> info), song: violations of the whole}`. */
export function byRow(found) {
  const rows = new Map();
  for (const line of found.lines) {
    rows.set(line.line - 1, { ...line, letter: line.rhyme_letter ?? line.letter ?? "X", violations: [] });
  }
  const song = [];
  for (const violation of found.violations ?? []) {
    const info = rows.get((violation.line ?? 0) - 1);
    if (info) info.violations.push(violation);
    else song.push(violation);
  }
  return { rows, song };
}

/** The word that a finding quotes: `'door' (AO R)` -> "door"; what it says itself if none. */
function quoted(text) {
  const [, , word] = /(['"])(.+?)\1(?![a-z])/.exec(text) ?? [];
  return word ? `\u201c${word}\u201d` : String(text);
}

const REASONS = {
  syllables: ({ found, expected }) => `${found} ${plural(found, "syllable")}, ${expected} asked for`,
  metre: ({ expected, found }) => `stressed ${marksOf(found)}, asked for ${marksOf(expected)}`,
  rhyme: ({ expected, found }) => `${quoted(found)} is no ${/near/.test(expected) ? "near" : "perfect"} rhyme for ${quoted(expected)}`,
  "identical-rhyme": ({ expected, found }) => `${quoted(found)} sounds the same as ${quoted(expected)}: no rhyme`,
  lines: ({ expected, found }) => `${expected} asked for, here ${found}`,
  section: ({ expected, found }) => `the plan asks for ${String(expected).replace(/^\d+ sections: /, "")}; here are ${found}`,
  form: ({ expected, found }) => `a ${expected} is asked for here, not a ${found}`,
  chorus: ({ expected }) => `does not come back word for word: \u201c${String(expected).replace(/^line \d+ again: /, "")}\u201d`,
  refrain: ({ expected }) => `the refrain is \u201c${expected}\u201d`,
  text: ({ expected }) => `the plan gives \u201c${expected}\u201d`,
  include: ({ expected }) => `\u201c${expected}\u201d must occur`,
  avoid: ({ found }) => `\u201c${found}\u201d is to be avoided`,
  unclean: ({ found }) => `\u201c${found}\u201d is not clean`,
  person: ({ expected, found }) => `${quoted(found)} is another person than \u201c${expected}\u201d`,
  tense: ({ expected, found }) => `${quoted(found)} is not in ${expected}`,
  start: ({ expected, found }) => `the song is to begin with \u201c${expected}\u201d, not \u201c${found}\u201d`,
  acrostic: ({ expected, found }) => `the acrostic wants ${expected}, here ${found}`,
};

const plural = (n, word) => (String(n) === "1" ? word : `${word}s`);
const marksOf = (pattern) => String(pattern).replace(/[012]/g, (digit) => (digit === "0" ? "x" : "/"));

/** One violation in words. */
export function reasonOf(violation) {
  const say = REASONS[violation.kind];
  return say ? say(violation) : `${violation.kind}: ${violation.expected} asked for, found ${violation.found}`;
}

/**
 * The letters that carry each of a word's syllables, as `[start, end)` pairs: the vowels of its parts where the parts
 * are known ("wa", "ter"), equal shares of the word otherwise.
 * @param {string} word @param {number} n @param {string[]} [parts]
 */
export function syllableSpots(word, n, parts = []) {
  if (parts.length !== n || parts.join("") !== word) return equalShares(word.length, n);
  let from = 0;
  return parts.map((part) => {
    const vowel = /[aeiou\u00e0-\u00ff]+|y+/i.exec(part);
    const [a, b] = vowel ? [vowel.index, vowel.index + vowel[0].length] : [0, part.length];
    from += part.length;
    return [from - part.length + a, from - part.length + b];
  });
}

function equalShares(length, n) {
  if (length < n) return [];
  return Array.from({ length: n }, (_, i) => [Math.floor((i * length) / n), Math.floor(((i + 1) * length) / n)]);
}
