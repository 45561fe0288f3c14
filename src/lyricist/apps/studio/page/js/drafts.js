/* Drafts: kept in the browser as one types, several side by side; saved and opened as files. */

import { EMPTY, docOf, isLine, rowsOf, textOf } from "./doc.js";
import { debounce, el, fileName, fill, save } from "./dom.js";
import * as store from "./draftstore.js";

const PAUSE = 400; // ms after the last change
const LARGEST = 2_000_000; // bytes of a file to open

/** @param {any} desk @param {any} planPanel */
export function makeDrafts(desk, planPanel) {
  const { app } = desk;
  let id = store.currentId() || store.freshId();
  let full = false;
  const later = debounce(keep, PAUSE);
  const file = el("input", { type: "file", accept: ".txt,.md,.json,text/plain,application/json", hidden: true });
  const rows = el("ul", { class: "draft-list" });
  const dialog = makeDialog();
  file.addEventListener("change", () => { openFile(file.files[0]); file.value = ""; });

  desk.on("doc", later);
  app.on("plan", later);
  app.on("save", ({ text, name, type }) => save(new Blob([text], { type }), name));
  addEventListener("pagehide", () => later.now());
  addEventListener("storage", ({ key }) => {
    if (key === store.keyOf(id)) id = store.freshId(); // another window writes on this draft: ours goes on as a copy
    if (dialog.open) list();
  });

  /** The draft that was open when the page was left; false if there is none. */
  function restore() {
    const draft = store.load(id);
    if (!draft) return false;
    planPanel.set(draft.plan);
    desk.open({ title: draft.title, rows: draft.rows });
    return true;
  }

  function keep() {
    const { title, rows: lines } = desk.doc;
    const empty = !title && lines.every((row) => !row.text.trim());
    if (empty && !store.list().some((each) => each.id === id)) return;
    try {
      store.keep(id, nameOf(desk.doc), { title, rows: lines, plan: app.state.plan });
      store.makeCurrent(id);
      full = false;
    } catch {
      if (!full) app.announce("The browser\u2019s storage is full or closed: save this song as a file, or delete old drafts");
      full = true;
    }
  }

  function switchTo(other) {
    later.now();
    const draft = store.load(other);
    if (!draft) return app.announce("This draft cannot be read any more");
    begin(other, { title: draft.title, rows: draft.rows }, draft.plan);
    dialog.close();
    return app.announce(`Opened: ${nameOf(desk.doc)}`);
  }

  function begin(other, doc, plan) {
    later.now();
    id = other;
    planPanel.set(plan); // before the sheet, whose steps begin anew with this plan
    desk.open(doc);
    later.now();
    try {
      store.makeCurrent(id);
    } catch { /* said by keep */ }
  }

  function fresh() {
    begin(store.freshId(), EMPTY, {});
    dialog.close();
    app.announce("An empty sheet");
  }

  function forget(entry) {
    store.remove(entry.id);
    if (entry.id === id) {
      id = store.freshId();
      desk.open(EMPTY);
    }
    app.announce(`Deleted: ${entry.name}`);
    list();
  }

  async function openFile(chosen) {
    if (!chosen) return;
    if (chosen.size > LARGEST) return app.announce(`${chosen.name} is larger than 2 MB: this is no song`);
    const text = await chosen.text();
    const draft = /\.json$/i.test(chosen.name) ? fromJson(text) : fromText(text);
    if (!draft || draft.rows.length > 5000) return app.announce(`${chosen.name} holds no draft of lyricist and no song`);
    begin(store.freshId(), { title: draft.title, rows: draft.rows }, draft.plan);
    dialog.close();
    return app.announce(`Opened: ${chosen.name}`);
  }

  function saveText() {
    save(new Blob([asText(desk.doc)], { type: "text/plain;charset=utf-8" }), `${fileName(nameOf(desk.doc))}.txt`);
  }

  function saveJson() {
    const { title, rows: lines } = desk.doc;
    const content = JSON.stringify({ format: 1, title, rows: lines, plan: app.state.plan }, null, 1);
    save(new Blob([content], { type: "application/json" }), `${fileName(nameOf(desk.doc))}.json`);
  }

  function list() {
    const entries = store.list();
    fill(rows, entries.map((entry) => el("li", {},
      el("button", { type: "button", class: "quiet draft", "aria-current": entry.id === id ? "true" : null, on: { click: () => switchTo(entry.id) } },
        el("span", { class: "draft-name" }, entry.name), el("span", { class: "small muted" }, whenOf(entry.updated))),
      el("button", { type: "button", class: "quiet small", "aria-label": `Delete ${entry.name}`, on: { click: () => forget(entry) } }, "Delete"))));
    if (!entries.length) fill(rows, el("li", { class: "muted" }, "Nothing is kept yet: what you type is."));
  }

  function makeDialog() {
    const button = (label, click, name = "") => el("button", { type: "button", class: name, on: { click } }, label);
    return el("dialog", { "aria-labelledby": "drafts-title" },
      el("div", { class: "dialog-head" }, el("h2", { id: "drafts-title" }, "Drafts"), button("Close", () => dialog.close(), "quiet")),
      el("div", { class: "stack" },
        el("p", { class: "small muted" }, "Kept in this browser as you type. Files are for keeps."),
        rows,
        el("div", { class: "row" }, button("New song", fresh, "primary"), button("Open a file", () => file.click()),
          button("Save as .txt", saveText), button("Save as .json", saveJson))));
  }

  function open() {
    later.now();
    list();
    dialog.showModal();
  }

  return { node: el("div", {}, dialog, file), open, restore, openFile, saveText, fresh, isEmpty: () => !desk.doc.rows.some((row) => isLine(row.text)) };
}

/** A file of JSON: a draft of ours, or songs as `write --json` gives them. */
function fromJson(text) {
  let data;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const song = data?.songs?.[0] ?? data;
  if (Array.isArray(song?.sections) && song.sections.every((each) => Array.isArray(each?.lines))) {
    return store.sound({ ...docOf(song), plan: data.plan });
  }
  return store.sound(data);
}

/** A file of text; a first line by itself above the first head is its title. */
function fromText(text) {
  const [, title = "", rest = text] = /^\ufeff?\s*(?:Title:\s*)?([^[\n\r]{1,200}?)[ \t]*\r?\n\s*\n(\s*\[[^\]\n]+\][^]*)$/i.exec(text) ?? [];
  return { title, rows: rowsOf(rest.replace(/^\ufeff/, "").trimEnd()), plan: {} };
}

/** Title, a blank line, the text. */
const asText = (doc) => `${doc.title ? `${doc.title}\n\n` : ""}${textOf(doc).trimEnd()}\n`;

/** A draft's name: its title or its first line. */
export function nameOf(doc) {
  const line = doc.rows.find((row) => isLine(row.text))?.text.trim() ?? "";
  return doc.title.trim() || line.slice(0, 60) || "Untitled";
}

function whenOf(ms) {
  const at = new Date(ms);
  const today = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(undefined, today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", year: "numeric" });
}
