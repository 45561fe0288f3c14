/* What the text sounds like, line by line, while it is typed: /api/check, asked anew for what has changed. */

import { isLine, textOf } from "./doc.js";
import { debounce } from "./dom.js";
import { byRow } from "./scansion.js";
import { wishes } from "./wishes.js";

const PAUSE = 60; // ms after the last key

/** @param {any} desk @param {any} sheet @param {(song: any[], found: any) => void} onSong */
export function makeScan(desk, sheet, onSong) {
  const { app } = desk;
  let running = null;
  let asked = "";
  let failed = false;
  let known = []; // texts of the rows the infos belong to
  const later = debounce(ask, PAUSE);

  desk.on("doc", () => { carry(); later(); });
  app.on("plan", later);
  app.on("tune", later);

  /** Until the answer is there, rows keep what is known of their text. */
  function carry() {
    const { rows } = desk.doc;
    if (rows.length === known.length && rows.every((row, i) => row.text === known[i])) return;
    const old = sheet.infos;
    const before = new Map(known.map((text, i) => [text, old.get(i)]));
    const infos = new Map();
    rows.forEach((row, i) => {
      const info = known[i] === row.text ? old.get(i) : before.get(row.text);
      if (info) infos.set(i, info);
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
    if (key === asked) return;
    running?.abort();
    if (!doc.rows.some((row) => isLine(row.text))) return show(null, doc, key);
    running = new AbortController();
    try {
      const found = await app.api.post("/api/check", body, running.signal);
      if (failed) app.announce("The studio answers again");
      failed = false;
      show(found, doc, key);
    } catch (error) {
      if (error.name === "AbortError") return;
      asked = "";
      if (!failed || error.status) app.fail(error);
      failed = !error.status;
      if (error.retryAfter || failed) setTimeout(later, (error.retryAfter || 3) * 1000);
    }
  }

  function show(found, doc, key) {
    asked = key;
    const { rows, song } = found ? byRow(found) : { rows: new Map(), song: [] };
    if (doc !== desk.doc && textOf(doc) !== textOf(desk.doc)) return;
    sheet.infos = rows;
    known = doc.rows.map((row) => row.text);
    sheet.render();
    onSong(song, found);
  }

  later();
  return { now: () => later.now() };
}
