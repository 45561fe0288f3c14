/* The tune view: a file of music, its phrases with the words under them, the score, and how it sounds. */

import { loadDemo, uploadTune } from "./demo.js";
import { debounce, el, fill, stylesheet } from "./dom.js";
import { fileDrop } from "./filedrop.js";
import { mountPhrases } from "./phrases.js";
import { readingForm } from "./reading.js";
import { mountScore } from "./score.js";
import { Transport } from "./transport.js";
import { factsOf, mountActions } from "./tuneactions.js";
import { remember, tuneList } from "./tunelist.js";
import { draftLines, layDraft, layOwn, timeline } from "./underlay.js";

const KINDS = ".mid,.midi,.kar,.rmi,.musicxml,.xml,.mxl,.abc";

/** @param {HTMLElement} root @param {any} app */
export async function mount(root, app) {
  await stylesheet("parts.css");
  const drop = fileDrop({
    label: "Choose a tune", multiple: false, accept: KINDS,
    about: "MIDI, karaoke, MusicXML or ABC. Only this studio reads it.",
    onFiles: ([file]) => take(file), area: root,
  });
  const before = tuneList(app, (found) => app.set("tune", found, "list"));
  const head = el("div", { class: "tune-head" });
  const body = el("div", { class: "tune-body" });
  root.append(el("div", { class: "view tune stack" }, head, drop.node, before.node, body));

  let tune = null;
  let parts = null; // what stands in the body while there is a tune
  let checking = null;

  async function take(file) {
    drop.busy(`Reading ${file.name} …`);
    try {
      app.set("tune", await uploadTune(app, file), "tune");
      show(app.state.tune);
      const { phrases } = app.state.tune;
      app.announce(`${titleOf(app.state.tune)}: ${phrases.length} phrases, ${count(phrases)} notes to sing.`, { quiet: true });
    } catch (error) {
      app.fail(error);
    } finally {
      drop.busy("");
    }
  }

  function show(next) {
    tune = next;
    parts?.close();
    parts = null;
    drop.small(Boolean(tune));
    before.node.classList.toggle("with-tune", Boolean(tune));
    if (tune) remember(tune);
    root.firstChild.classList.toggle("has-tune", Boolean(tune));
    fill(head, tune ? headOf(tune, readingForm(app, tune, (other) => app.set("tune", other, "reading"))) : emptyHead(app));
    fill(body);
    if (tune) parts = open(body, app, tune, check);
    check();
  }

  /** Lay the draft's words on the tune: what a word's syllables are, the studio says. */
  async function check(draft = app.state.draft) {
    if (!parts) return;
    stale = false;
    const lines = draftLines(draft);
    const own = !lines.some((line) => line.trim());
    checking?.abort();
    checking = new AbortController();
    try {
      const checked = own ? [] : await checkLines(app, lines, checking.signal);
      parts.lay(own ? layOwn(tune) : layDraft(tune, checked), { own, lines: lines.length, sections: draft.sections });
    } catch (error) {
      app.fail(error);
    }
  }

  let stale = false; // the draft has changed while nobody looked
  const soon = debounce(() => (root.hidden ? (stale = true) : check()), 250);
  app.on("tune", (next, source) => source !== "tune" && show(next));
  app.on("draft", () => soon());
  app.on("view", (name) => {
    if (name !== "tune") return parts?.left();
    if (stale) check();
    parts?.shown();
  });
  onSpace(root, () => parts?.toggle());
  show(app.state.tune);
  await before.again();
}

/** The parts that one tune has, and what can be asked of them together. */
function open(body, app, tune, preview) {
  const transport = new Transport(tune, (cue) => phrases.light(cue), app);
  const phrases = mountPhrases(tune, (phrase, slot) => transport.playSlot(phrase, slot));
  const score = mountScore(app, tune);
  const actions = mountActions(app, tune, preview);
  body.append(
    el("section", { class: "phrases-side stack", "aria-label": "Phrases" }, actions.write, phrases.node),
    el("section", { class: "score-side stack", "aria-label": "Score" }, actions.downloads, score.node),
    transport.node,
  );
  phrases.watch();
  return {
    lay(verses, about) {
      phrases.lay(verses, about);
      if (!about.own) actions.suggest(verses.length);
      transport.load(timeline(tune, verses.length), verses);
      score.refresh(about.own);
    },
    shown: () => score.shown(),
    toggle: () => transport.toggle(),
    left: () => transport.player.pause(),
    close() {
      transport.player.close();
      phrases.close();
      actions.close();
      score.close();
    },
  };
}

/** Each line as the studio reads it; lines without words have none. */
async function checkLines(app, lines, signal) {
  const found = await app.api.post("/api/check", { text: lines.map(oneLine).join("\n") }, signal);
  const byNumber = new Map((found.lines ?? []).map((line) => [line.line, line]));
  return lines.map((text, i) => ({ text, words: byNumber.get(i + 1)?.words ?? [] }));
}

/** A line that cannot be taken for the head of a section. */
const oneLine = (text) => text.replace(/[\r\n]+/g, " ").replace(/^\s*\[(.*)\]\s*$/, "$1");

export const titleOf = (tune) => tune.title || "A tune without a title";
const count = (phrases) => phrases.reduce((sum, phrase) => sum + phrase.slots.length, 0);

function emptyHead(app) {
  const ours = app.state.version?.demo
    ? el("button", { type: "button", class: "quiet link", on: { click: () => loadDemo(app) } }, "Or open the demo song")
    : null;
  return el("div", { class: "stack tight" }, el("h1", {}, "Words for a tune"),
    el("p", { class: "muted" }, "A line for every phrase, a syllable for every note, stresses on strong beats.", ours));
}

function headOf(tune, reading) {
  const warned = (tune.warnings ?? []).map((text) => el("li", {}, text));
  return el("div", { class: "stack tight" }, el("h1", {}, titleOf(tune)),
    el("ul", { class: "facts" }, factsOf(tune).map((fact) => el("li", {}, fact))),
    warned.length ? el("ul", { class: "warned" }, warned) : null, reading);
}

/** Space plays and pauses while the view is seen, unless a control wants it. */
function onSpace(root, toggle) {
  addEventListener("keydown", (event) => {
    if (event.code !== "Space" || event.ctrlKey || event.altKey || event.metaKey || !root.offsetParent) return;
    if (event.target.closest?.("input:not([type=range]), textarea, select, button, a, summary, dialog, [contenteditable]")) return;
    event.preventDefault();
    toggle();
  });
}
