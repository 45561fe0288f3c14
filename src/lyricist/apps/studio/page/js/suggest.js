/* Lines that fit: a ghost on an empty line (Tab takes it), and the alternatives of a line (Alt with the arrows). */

import { headOf, isBlank, isHead, isOpen, startOf } from "./doc.js";
import { debounce } from "./dom.js";
import { wishes } from "./wishes.js";

const REST = 650; // ms that the caret rests on an empty line before a suggestion is asked for
const EACH = 5;

/** @param {any} desk @param {any} sheet */
export function makeSuggest(desk, sheet) {
  const { app } = desk;
  let running = null;
  let walk = null; // {row, lines, at, kind}: the alternatives of one line, lines[0] what stood there
  let walks = 0;
  const listeners = [];
  const later = debounce(ghost, REST);
  const api = { on: true, clear, accept, step, pick, more, get walk() { return walk; }, listen: (fn) => listeners.push(fn) };

  desk.on("caret", (moved) => { if (moved) { clear(); settle(); } });
  desk.on("doc", () => { clear(); settle(); });
  app.on("plan", () => { clear(); walk = null; settle(); });

  function settle() {
    if (walk && (walk.row !== desk.row || !walk.lines.some((line) => line.text === desk.doc.rows[desk.row].text))) {
      walk = null;
      tell();
    }
    if (api.on && wants()) later();
    else later.cancel();
  }

  /** An empty line at the caret in a song that has begun, or where a plan asks for something. */
  function wants() {
    const row = desk.doc.rows[desk.row];
    const begun = desk.doc.rows.some((each) => !isBlank(each.text)) || Object.keys(app.state.plan).length;
    return !desk.busy && begun && row && (isBlank(row.text) || isOpen(row.text)) && desk.at[0] === desk.at[1] && inSong();
  }

  /** A blank row below a line or a head, not the gap between stanzas. */
  function inSong() {
    const { rows } = desk.doc;
    const above = rows[desk.row - 1];
    return !above || !isBlank(above.text) || desk.row === rows.length - 1;
  }

  function clear() {
    running?.abort();
    later.cancel();
    sheet.suggest("");
  }

  async function ghost() {
    if (!wants() || document.activeElement !== sheet.area) return;
    const head = nextHead();
    if (head) return present(head);
    const row = desk.row;
    try {
      const lines = await fetchLines(row);
      if (row !== desk.row || !wants() || !lines.length) return;
      walk = { ...begin(row), lines: [{ text: desk.doc.rows[row].text }, ...lines] };
      present(lines[0].text);
      tell();
    } catch (error) {
      if (error.name !== "AbortError" && !error.code) throw error; // the plan and the check say what is wrong
    }
  }

  const begin = (row) => ({ row, lines: [], at: 0, kind: `=walk ${++walks}` });

  function present(text) {
    sheet.suggest(text);
    app.announce(`Suggestion: ${text}. Tab takes it.`, { quiet: true });
  }

  /** The next section's head, where the plan's section above is full. */
  function nextHead() {
    const place = desk.place;
    const pattern = app.state.pattern;
    if (!place || !pattern || !isBlank(desk.doc.rows[desk.row].text)) return "";
    const full = pattern[place.section] && place.line >= pattern[place.section].lines.length;
    const next = pattern[place.section + 1];
    const last = desk.doc.rows.slice(desk.row + 1).every((row) => isBlank(row.text));
    return full && next && last ? headOf(next.name) : "";
  }

  async function fetchLines(row, extra = {}) {
    const place = desk.place;
    if (!place) return [];
    running?.abort();
    running = new AbortController();
    const { section, line, draft } = place;
    const body = { draft, section, line, count: EACH, ...wishes(app, { always: true }), ...extra };
    const found = await app.api.post("/api/alternatives", body, running.signal);
    return found.lines ?? [];
  }

  /** Tab: whether there was something to take. */
  function accept() {
    const text = sheet.ghost;
    if (!text) return false;
    const { row } = desk;
    sheet.suggest("");
    if (isHead(text)) insertHead(row, text);
    else {
      if (walk) walk.at = 1;
      desk.setRow(row, text);
    }
    app.announce(`Taken: ${text}`, { quiet: true });
    return true;
  }

  function insertHead(row, text) {
    const gap = { text: "", locked: false };
    const rows = [...desk.doc.rows.slice(0, row), gap, { text, locked: false }, gap, ...desk.doc.rows.slice(row + 1)];
    const place = startOf(rows, row + 2);
    desk.change({ ...desk.doc, rows }, { at: [place, place] });
  }

  /** Alt and an arrow: the next or the last alternative of the caret's line. */
  async function step(by) {
    const { row } = desk;
    if (desk.busy || isHead(desk.doc.rows[row].text)) return;
    if (locked(row)) return;
    if (!walk || walk.row !== row) {
      app.announce("Looking for other lines", { quiet: true });
      if (!(await more())) return;
      if (by < 0) return pick(walk.lines.length - 1);
    } else if (walk.at + by >= walk.lines.length && !(await more())) return;
    pick((walk.at + by + walk.lines.length) % walk.lines.length);
  }

  function locked(row) {
    const is = desk.doc.rows[row].locked;
    if (is) app.announce("This line is locked: unlock it with Alt+L to change it");
    return is;
  }

  /** Ask for further alternatives of the caret's line; false if there are none. */
  async function more() {
    const { row } = desk;
    const text = desk.doc.rows[row].text;
    try {
      const seed = walk?.row === row ? walk.lines.length : 0;
      const lines = await fetchLines(row, seed ? { seed } : {});
      if (row !== desk.row || text !== desk.doc.rows[row].text) return false;
      const before = walk?.row === row ? walk.lines : [{ text }];
      const fresh = lines.filter((line) => !before.some((each) => each.text === line.text));
      walk = { ...(walk?.row === row ? walk : begin(row)), lines: [...before, ...fresh] };
      tell();
      if (!fresh.length) app.announce("No other line fits here");
      return fresh.length > 0;
    } catch (error) {
      app.fail(error);
      return false;
    }
  }

  /** Put one of the alternatives into its line. */
  function pick(at) {
    if (!walk || walk.row !== desk.row || locked(walk.row)) return;
    walk.at = at;
    const { text } = walk.lines[at];
    sheet.suggest("");
    desk.setRow(walk.row, text, { kind: walk.kind });
    app.announce(`${at ? `${at} of ${walk.lines.length - 1}` : "As it was"}: ${text || "empty line"}`, { quiet: true });
    tell();
  }

  const tell = () => listeners.forEach((fn) => fn(walk));
  return api;
}
