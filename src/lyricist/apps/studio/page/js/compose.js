/* Writing a song and rewriting what is not locked: lines come into the sheet as they are made. */

import { docOf, draftOf, firstLine, isLine, isOpen, refill, startOf } from "./doc.js";
import { wishes } from "./wishes.js";

const TRIES = 3; // where the studio is busy and says when to come back

/** @param {any} desk @param {any} sheet */
export function makeCompose(desk, sheet) {
  const { app } = desk;
  let running = null;
  let runs = 0; // each is one step to undo

  /** A new song to the plan. What stands on the sheet goes, unless it is locked; undo brings it back. */
  function write() {
    const locked = desk.doc.rows.filter((row) => row.locked).length;
    if (locked) {
      const them = locked === 1 ? "One line is" : `${locked} lines are`;
      return app.announce(`${them} locked: use Again to write around them, or unlock them first`);
    }
    const song = { title: "", sections: [] };
    return run("Writing", "/api/write", { ...wanted(), count: 1 }, (line) => grow(song, line));
  }

  /** The lines that are not locked, anew. */
  function again() {
    if (!desk.doc.rows.some((row) => isLine(row.text))) return write();
    if (desk.doc.rows.every((row) => !isLine(row.text) || (row.locked && !isOpen(row.text)))) {
      return app.announce("Every line is locked: unlock those that are to change");
    }
    const before = desk.doc;
    const texts = [];
    const body = { draft: draftOf(before), ...wanted(), like_present: true };
    return run("Rewriting", "/api/fill", body, (line) => {
      texts.push(line.text);
      return refill(before, texts, false);
    });
  }

  function wanted() {
    const { seed } = app.state;
    return { ...wishes(app, { always: true, drawing: true }), ...(seed === null || seed === undefined ? {} : { seed }) };
  }

  function stop() {
    running?.abort();
  }

  async function run(what, path, body, onLine) {
    if (running) return;
    const before = desk.doc;
    running = new AbortController();
    const got = { lines: 0, song: null, seed: null, kind: `=run ${++runs}` };
    desk.busy = what;
    app.announce(what, { quiet: true });
    try {
      await patiently(() => app.api.stream(path, body, (name, data) => take(name, data, got, before, onLine), running.signal));
      finish(got, before, what);
    } catch (error) {
      end();
      if (error.name === "AbortError") app.announce(got.lines ? "Stopped. Undo brings back what was there." : "Stopped");
      else failed(error, before, got);
    }
  }

  function take(name, data, got, before, onLine) {
    if (name === "error") throw new app.api.ApiError(data.code, data.message);
    if (name === "started") got.seed = data.seed;
    if (name === "song") got.song = data;
    if (name !== "line") return;
    const doc = onLine(data);
    if (!doc) return;
    const rows = doc.rows;
    const end = startOf(rows, rows.length - 1) + rows.at(-1).text.length;
    desk.change({ title: before.title, rows }, { kind: got.kind, at: [end, end] });
    got.lines++;
    if (!before.rows.some((row) => isLine(row.text))) sheet.reveal(rows.length - 1);
  }

  function finish({ kind, song, seed }, before, what) {
    const places = song ? song.sections.flatMap((section) => section.lines.map((line) => line.text)) : [];
    let doc = song ? docOf(song) : desk.doc;
    if (what === "Rewriting") doc = refill(before, places) ?? relocked(docOf(song ?? draftOf(desk.doc)), before);
    const title = (what === "Writing" ? song?.title : before.title || song?.title) ?? before.title;
    end();
    const first = firstLine(doc.rows);
    desk.change({ title, rows: doc.rows }, { kind, at: what === "Writing" ? [first, first] : desk.at });
    if (what === "Writing") scrollTo({ top: 0 });
    app.set("song", song, "editor");
    app.announce(facts(what === "Writing" ? "Written" : "Rewritten", places.length, song, seed));
  }

  function failed(error, before, got) {
    if (got.lines) desk.change(before);
    app.fail(error);
  }

  function end() {
    running = null;
    desk.busy = "";
    sheet.focus();
  }

  /** Try again when the studio is busy and says for how long. */
  async function patiently(ask) {
    for (let turn = 1; ; turn++) {
      try {
        return await ask();
      } catch (error) {
        if (error.status !== 429 || turn === TRIES) throw error;
        const wait = error.retryAfter || turn;
        app.announce(`The studio is busy: trying again in ${wait} s`);
        await pause(wait * 1000, running.signal);
      }
    }
  }

  return { write, again, stop };
}

/** A song that grows line by line. */
function grow(song, { text, opens }) {
  if (opens || !song.sections.length) song.sections.push({ name: opens || "verse", lines: [] });
  song.sections.at(-1).lines.push({ text });
  return docOf(song);
}

/** Locks of lines that are still there word for word. */
function relocked(doc, before) {
  const locked = new Set(before.rows.filter((row) => row.locked).map((row) => row.text));
  return { ...doc, rows: doc.rows.map((row) => ({ ...row, locked: locked.has(row.text) })) };
}

/** What came of it: lines, the longest run of words that stands in the training songs, the seed. */
function facts(done, lines, song, seed) {
  const copied = Number.isInteger(song?.copied) ? `, longest copied run ${song.copied} words` : "";
  return `${done}: ${lines} lines${copied}${seed === null ? "" : `, seed ${seed}`}`;
}

function pause(ms, signal) {
  return new Promise((done, stop) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); stop(signal.reason); }, { once: true });
  });
}
