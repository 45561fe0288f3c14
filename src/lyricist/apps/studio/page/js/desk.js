/* The song that is being written: its document, where the caret is, undo and redo, and who wants to know. */

import { EMPTY, draftOf, firstLine, placeOf, rowAt, startOf } from "./doc.js";
import { history } from "./history.js";

/** @param {any} app */
export function makeDesk(app) {
  const past = history({ doc: EMPTY, at: [0, 0], plan: {} });
  const listeners = new Map();
  let busy = "";

  const desk = {
    app,
    get doc() { return past.present.doc; },
    /** The plan, as the steps know it; the panel keeps it up to date. */
    get plan() { return past.present.plan; },
    /** Selection, as offsets into the text. */
    get at() { return past.present.at; },
    /** Row of the caret. */
    get row() { return rowAt(desk.doc.rows, desk.at[1]).row; },
    get column() { return rowAt(desk.doc.rows, desk.at[1]).column; },
    /** Where the caret's line stands among the sections, or null. */
    get place() { return placeOf(desk.doc, desk.row); },
    get canUndo() { return past.canUndo; },
    get canRedo() { return past.canRedo; },
    /** What is being written just now, "" if nothing: typing rests meanwhile. */
    get busy() { return busy; },
    set busy(what) { busy = what; tell("busy", what); },

    on(name, fn) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(fn);
    },
    /** A new document. `kind`: changes of one kind soon after another are undone together. `at`: the selection. */
    change(doc, { kind = "", at = null, from = "" } = {}) {
      past.push({ doc, at: at ?? within(doc, desk.at), plan: desk.plan }, kind);
      changed(from);
    },
    /** Another plan, a step like any other. */
    replan(plan, kind = "") {
      past.push({ doc: desk.doc, at: desk.at, plan }, kind);
      tell("steps");
    },
    /** Change one row's text, the caret at its end unless told otherwise. */
    setRow(row, text, { kind = "", caret = text.length } = {}) {
      const rows = desk.doc.rows.map((each, i) => (i === row ? { ...each, text } : each));
      const place = startOf(rows, row) + caret;
      desk.change({ ...desk.doc, rows }, { kind, at: [place, place] });
    },
    lock(row, locked = !desk.doc.rows[row].locked) {
      const rows = desk.doc.rows.map((each, i) => (i === row ? { ...each, locked } : each));
      desk.change({ ...desk.doc, rows });
      app.announce(locked ? "Line locked" : "Line unlocked", { quiet: true });
    },
    select(at, from = "") {
      const before = desk.row;
      past.amend({ ...past.present, at });
      tell("caret", desk.row !== before, from);
    },
    undo: () => travel(() => past.undo(), "Undone", "There is nothing to undo"),
    redo: () => travel(() => past.redo(), "Done again", "There is nothing to do again"),
    /** Tell those who listen to `name`. */
    say: tell,
    /** Another song: what was there is kept as a draft, not as a step. */
    open(doc) {
      const first = firstLine(doc.rows);
      past.reset({ doc, at: [first, first], plan: desk.plan });
      changed("");
    },
  };

  function travel(go, said, nothing) {
    const { plan } = desk;
    const state = go();
    app.announce(state ? said : nothing, { quiet: true });
    if (!state) return;
    if (state.plan !== plan) app.set("plan", state.plan, "undo");
    changed("");
  }

  function changed(from) {
    app.set("draft", draftOf(desk.doc), "editor");
    tell("doc", desk.doc, from);
    tell("caret", true, from);
  }

  function tell(name, ...data) {
    for (const fn of listeners.get(name) ?? []) fn(...data);
  }

  return desk;
}

function within(doc, [from, to]) {
  const length = doc.rows.reduce((sum, row) => sum + row.text.length + 1, -1);
  return [Math.min(from, length), Math.min(to, length)];
}
