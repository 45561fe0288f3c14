/* The writing desk: plan, sheet, and what could stand at the caret. */

import { makeCompose } from "./compose.js";
import { makeDesk } from "./desk.js";
import { docOf, firstLine, isLine } from "./doc.js";
import { makeDrafts } from "./drafts.js";
import { el, fill } from "./dom.js";
import { mountKeys } from "./keys.js";
import { makePlanPanel } from "./planpanel.js";
import { makeScan } from "./scan.js";
import { makeSheet } from "./sheet.js";
import { makeSidePanel } from "./sidepanel.js";
import { makeStatus } from "./status.js";
import { makeSuggest } from "./suggest.js";
import { makeToolbar } from "./toolbar.js";
import { makeWhy } from "./why.js";

/** @param {HTMLElement} root @param {any} app */
export function mount(root, app) {
  const desk = makeDesk(app);
  const sheet = makeSheet(desk);
  const suggest = makeSuggest(desk, sheet);
  const compose = makeCompose(desk, sheet);
  const why = makeWhy(desk, sheet);
  const plan = makePlanPanel(desk, closePanel);
  const side = makeSidePanel(desk, sheet, suggest, why, closePanel);
  const status = makeStatus(desk, sheet, suggest);
  const drafts = makeDrafts(desk, plan);
  const toolbar = makeToolbar(desk, { compose, suggest, drafts, showPlan, showSide });
  const title = titleInput(desk);

  sheet.wantedOf = (place) => wanted(app.state.pattern, place);
  app.on("pattern", () => sheet.render());
  makeScan(desk, sheet, (song, found) => { status.song(song, found); status.line(); side.refresh(); });

  const paper = el("section", { class: "paper", "aria-label": "Song" }, toolbar.node, title, status.departures, sheet.node, status.node);
  root.classList.add("desk");
  fill(root, el("h1", { class: "unseen" }, "Write"), plan.node, paper, side.node, drafts.node);
  why.hover();
  const keys = mountKeys(actions(), { area: sheet.area, node: root, shown: () => !root.hidden });
  document.getElementById("masthead-end").prepend(
    el("button", { type: "button", class: "quiet", "aria-label": "Shortcuts", title: "Shortcuts (?)", on: { click: () => keys.help() } }, "?"));

  app.on("draft", (draft, source) => { if (source !== "editor" && draft) take(docOf(draft)); });
  app.on("view", (name) => { if (name === "write") sheet.render(); });
  dropFiles(root, drafts);
  begin();

  function begin() {
    const given = app.state.draft;
    if (given.sections.length) desk.open(docOf(given));
    else if (!drafts.restore()) first();
    if (matchMedia("(pointer: fine)").matches) sheet.focus();
  }

  /** A draft from another view: one step that undo takes back. */
  function take(doc) {
    const first = firstLine(doc.rows);
    desk.change(doc, { at: [first, first] });
  }

  /** Nothing is kept: an empty sheet, or the song of --demo. */
  async function first() {
    desk.open(desk.doc);
    const { demo } = app.state.version ?? (await new Promise((done) => { app.on("version", done); }));
    if (demo && drafts.isEmpty()) (await import("./demo.js")).loadDemo(app);
  }

  function actions() {
    return {
      accept: suggest.accept,
      step: (by) => { suggest.step(by); },
      lock: () => (isLine(desk.doc.rows[desk.row].text) ? desk.lock(desk.row) : false),
      write: () => { compose.write(); },
      again: () => { compose.again(); },
      stop: () => escape(),
      undo: () => { if (!desk.busy) desk.undo(); },
      redo: () => { if (!desk.busy) desk.redo(); },
      side: (name) => showSide(name),
      say: () => status.say(),
      plan: () => showPlan(),
      drafts: () => drafts.open(),
      save: () => drafts.saveText(),
      help: null,
    };
  }

  function escape() {
    if (desk.busy) return compose.stop();
    if (root.dataset.open) return closePanel();
    if (sheet.ghost) return suggest.clear();
    return document.activeElement === sheet.area ? false : sheet.focus();
  }

  function closePanel() {
    root.dataset.open = "";
    sheet.focus();
  }

  /** On a narrow window one panel at a time lies over the sheet. */
  function showPlan() {
    root.dataset.open = root.dataset.open === "plan" ? "" : "plan";
    if (root.dataset.open) plan.node.querySelector("input:not([hidden]), button")?.focus();
  }

  function showSide(name) {
    root.dataset.open = "side";
    side.choose(name, { focus: true });
    sheet.reveal();
  }
}

function titleInput(desk) {
  const input = el("input", { type: "text", class: "song-title", "aria-label": "Title", placeholder: "Untitled", spellcheck: false, maxLength: 200, autocomplete: "off" });
  input.addEventListener("input", () => desk.change({ ...desk.doc, title: input.value }, { kind: "title", from: "title" }));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") document.getElementById("lyrics").focus(); });
  desk.on("doc", (doc, from) => { if (from !== "title") input.value = doc.title; });
  return input;
}

/** What the plan's pattern asks of a place: of the section there, or of the first of its name. */
function wanted(pattern, place) {
  if (!pattern || !place) return null;
  const here = pattern[place.section];
  const section = here?.name === place.name ? here : pattern.find((each) => each.name === place.name);
  return section?.lines[place.line] ?? null;
}

function dropFiles(root, drafts) {
  root.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });
  root.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    drafts.openFile(file);
  });
}
