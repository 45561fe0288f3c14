/* A song on the desk as rows of text, and as the sections the API knows. Pure functions; nothing here is changed
   in place. A row is `{text, locked}`; a head is a row such as "[chorus]"; blank rows part sections. */

/** @typedef {{text: string, locked: boolean}} Row @typedef {{title: string, rows: Row[]}} Doc */

export const EMPTY = Object.freeze({ title: "", rows: [{ text: "", locked: false }] });
const NAMES = ["verse", "chorus", "bridge", "prechorus", "intro", "outro", "refrain", "hook", "interlude"];
const HEAD = /^\s*(?:\[([^\]]{1,60})\]|((?:verse|chorus|bridge|pre-?chorus|intro|outro|refrain|hook|interlude)(?:\s+\d+)?)\s*:)\s*$/i;
const OPEN = /^\s*(?:\.\.\.|\u2026)\s*$/; // a line to be written, as in draft files

export const isHead = (text) => HEAD.test(text);
export const isOpen = (text) => OPEN.test(text);
export const isBlank = (text) => !text.trim();
export const isLine = (text) => !isBlank(text) && !isHead(text);

/** The section's name in a head: "[Verse 2]" -> "verse"; a head no one knows is a verse. */
export function nameOf(text) {
  const [, bracket, label] = HEAD.exec(text) ?? [];
  const name = (bracket ?? label ?? "").toLowerCase().replace(/[^a-z]/g, "");
  return NAMES.find((each) => each === name) ?? NAMES.find((each) => name.startsWith(each)) ?? "verse";
}

/** Text as rows; line ends tidied, characters left out that no one can type. */
export const rowsOf = (text) => tidy(text).split("\n").map((each) => ({ text: each, locked: false }));

const tidy = (text) => (text.toWellFormed?.() ?? text).replace(/\r\n?|[\u2028\u2029\v\f]/g, "\n").replace(/[\0-\x08\x0e-\x1f\x7f]/g, "");

export const textOf = (doc) => doc.rows.map((row) => row.text).join("\n");

/** New text with the locks of the rows that are still there. @param {Row[]} rows @param {string} text */
export function retext(rows, text) {
  const fresh = rowsOf(text);
  let head = 0;
  while (head < Math.min(rows.length, fresh.length) && rows[head].text === fresh[head].text) head++;
  let tail = 0;
  const most = Math.min(rows.length, fresh.length) - head;
  while (tail < most && rows.at(-1 - tail).text === fresh.at(-1 - tail).text) tail++;
  const same = rows.length === fresh.length; // typing within lines keeps their locks
  return fresh.map((row, i) => {
    const old = i < head ? rows[i] : i >= fresh.length - tail ? rows[i - fresh.length + rows.length] : same ? rows[i] : null;
    return { text: row.text, locked: Boolean(old?.locked) && isLine(row.text) };
  });
}

/**
 * The sections of the rows: `{name, head, rows}`, rows by their index. `at`: a blank row that counts as a line to be
 * written (where the caret is), so that it has a place in its section.
 */
export function sectionsOf(rows, at = -1) {
  const sections = [];
  let open = null;
  rows.forEach(({ text }, i) => {
    if (isHead(text)) sections.push((open = { name: nameOf(text), head: i, rows: [] }));
    else if (isBlank(text) && i !== at) open = open?.rows.length ? null : open;
    else {
      if (!open) sections.push((open = { name: "verse", head: -1, rows: [] }));
      open.rows.push(i);
    }
  });
  return sections.filter((section) => section.rows.length);
}

/** The draft of the API. @param {Doc} doc */
export function draftOf(doc, at = -1) {
  const line = (i) => ({ text: isOpen(doc.rows[i].text) ? "" : doc.rows[i].text.trim(), locked: doc.rows[i].locked });
  const sections = sectionsOf(doc.rows, at).map(({ name, rows }) => ({ name, lines: rows.map(line) }));
  return { title: doc.title, sections };
}

/** Where each row stands: `{section, line, name}`, null for heads and gaps. */
export function placesOf(rows, at = -1) {
  const places = rows.map(() => null);
  sectionsOf(rows, at).forEach(({ name, rows: there }, section) => {
    there.forEach((row, line) => { places[row] = { section, line, name }; });
  });
  return places;
}

/** Where a row stands: `{section, line, name, draft}` with the draft it counts in, or null for heads and gaps. */
export function placeOf(doc, row) {
  if (!doc.rows[row] || isHead(doc.rows[row].text)) return null;
  const at = isBlank(doc.rows[row].text) ? row : -1;
  const place = placesOf(doc.rows, at)[row];
  return place && { ...place, draft: draftOf(doc, at) };
}

/** A draft (or a song of the API: its sections have names and lines with a text) as a document. */
export function docOf({ title = "", sections = [] }) {
  const rows = [];
  for (const { name, lines } of sections) {
    if (rows.length) rows.push({ text: "", locked: false });
    rows.push({ text: headOf(name), locked: false });
    for (const { text, locked } of lines) rows.push({ text: text || "...", locked: Boolean(locked && text) });
  }
  return { title: title ?? "", rows: rows.length ? rows : EMPTY.rows };
}

export const headOf = (name) => `[${name || "verse"}]`;

/** Put written lines into the rows that hold the draft's lines, in order; null if there are more or fewer. */
export function refill(doc, texts, whole = true) {
  const places = sectionsOf(doc.rows).flatMap((section) => section.rows);
  if (whole ? places.length !== texts.length : places.length < texts.length) return null;
  const rows = [...doc.rows];
  texts.forEach((text, k) => {
    const row = rows[places[k]];
    if (!row.locked) rows[places[k]] = { text, locked: false };
  });
  return { ...doc, rows };
}

/** Row and column of a place in the text. */
export function rowAt(rows, offset) {
  let row = 0;
  while (row < rows.length - 1 && offset > rows[row].text.length) offset -= rows[row++].text.length + 1;
  return { row, column: offset };
}

/** The place in the text where its first sung line begins. */
export const firstLine = (rows) => startOf(rows, Math.max(0, rows.findIndex((row) => isLine(row.text))));

/** The place in the text where a row begins. */
export const startOf = (rows, row) => rows.slice(0, row).reduce((sum, each) => sum + each.text.length + 1, 0);
