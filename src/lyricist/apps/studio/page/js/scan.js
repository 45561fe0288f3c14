/* What the text sounds like, line by line, while it is typed: /api/check, asked anew for what has changed. */

import { isLine, textOf } from "./doc.js";
import { debounce } from "./dom.js";
import { byRow } from "./scansion.js";
import { wishes } from "./wishes.js";

const PATIENCE = 8000; // ms that an answer may take
const AGAIN = 3; // s until a studio that did not answer is asked again

/** @param {any} desk @param {any} sheet @param {(song: any[], found: any) => void} onSong */
export function makeScan(desk, sheet, onSong) {
  const { app } = desk;
  let running = false;
  let asked = "";
  let failed = ""; // what was said
  let known = []; // texts of the rows the infos belong to
  const later = debounce(ask, 0);

  desk.on("doc", () => { carry(); later(); });
  app.on("plan", later);

  /** Until the answer is there, rows keep what is known of their text, and a line being typed what was known. */
  function carry() {
    const { rows } = desk.doc;
    if (rows.length === known.length && rows.every((row, i) => row.text === known[i])) return;
    const old = sheet.infos;
    const before = new Map(known.map((text, i) => [text, old.get(i)]));
    const infos = new Map();
    rows.forEach((row, i) => {
      const info = known[i] === row.text ? old.get(i) : before.get(row.text);
      const stale = !info && rows.length === known.length && isLine(row.text) && old.get(i);
      if (info) infos.set(i, info);
      else if (stale) infos.set(i, { ...stale, stale: true, violations: [] });
    });
    sheet.infos = infos;
    known = rows.map((row) => row.text);
    sheet.render();
  }

  async function ask() {
    const { doc } = desk;
    const text = textOf(doc);
    const body = { text, ...wishes(app) };
    const key = JSON.stringify(body);
    if (key === asked || running) return; // one at a time: what was typed meanwhile is asked for next
    if (!doc.rows.some((row) => isLine(row.text))) return show(null, doc, key);
    running = true;
    try {
      const found = await heard(body, AbortSignal.timeout(PATIENCE));
      running = false;
      if (failed) app.announce("The studio answers again");
      failed = "";
      show(found, doc, key);
      later();
    } catch (error) {
      running = false;
      asked = "";
      if (error.message !== failed) app.fail(error); // once, not at every key
      failed = error.message;
      if (error.retryAfter || !error.status) setTimeout(later, (error.retryAfter || AGAIN) * 1000);
    }
  }

  /** A plan that is wrong (it says so itself) does not keep the text from being read. */
  async function heard({ text, ...asked }, signal) {
    try {
      return await app.api.post("/api/check", { text, ...asked }, signal);
    } catch (error) {
      if (![400, 404, 409, 422].includes(error.status) || !Object.keys(asked).length) throw error;
      return app.api.post("/api/check", { text }, signal);
    }
  }

  function show(found, doc, key) {
    asked = key;
    const { rows, song } = found ? byRow(found) : { rows: new Map(), song: [] };
    sheet.infos = rows;
    known = doc.rows.map((row) => row.text);
    if (doc !== desk.doc) carry();
    sheet.render();
    onSong(song, found);
  }

  later();
  return { now: () => later.now() };
}
