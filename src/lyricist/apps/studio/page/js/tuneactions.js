/* What one does with a tune: write words to it, take the song away as a file. */

import { el, fileName, fill, save } from "./dom.js";
import { tuneAsked } from "./reading.js";
import { BY_TUNE, wishes } from "./wishes.js";

const FILES = [
  ["musicxml", "MusicXML", "the score, for notation programs"],
  ["mid", "MIDI", "the notes, with the words as lyric events"],
  ["lrc", "LRC", "timed words, for karaoke"],
  ["svg", "SVG", "the engraved page"],
  ["cho", "ChordPro", "chords over the words"],
  ["txt", "Text", "the words alone"],
];

/** Key, metre, tempo, length and size of a tune, as said to people. @returns {string[]} */
export function factsOf(tune) {
  const notes = tune.phrases.reduce((sum, phrase) => sum + phrase.slots.length, 0);
  const seconds = Math.round(tune.duration_seconds ?? 0);
  return [
    tune.key ? String(tune.key) : "",
    tune.metre ? `${tune.metre} time` : "",
    tune.tempo ? `${Math.round(tune.tempo)} beats a minute` : "",
    seconds ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} long` : "",
    `${tune.phrases.length} ${tune.phrases.length === 1 ? "phrase" : "phrases"}`,
    `${notes} ${notes === 1 ? "note" : "notes"} to sing`,
  ].filter(Boolean);
}

/** What the API wants to make a score: the tune, the draft laid on it unless it is empty. */
export function scoreRequest(app, tune, format) {
  const { draft } = app.state;
  const worded = draft.sections.some((section) => section.lines.some((line) => line.text.trim()));
  const title = draft.title || tune.title || "";
  return { ...tuneAsked(tune), format, ...(worded ? { draft } : {}), ...(title ? { title } : {}) };
}

/**
 * @param {any} app @param {any} tune
 * @param {(draft: any) => void} preview shows a draft that is being written
 */
export function mountActions(app, tune, preview) {
  const write = writePanel(app, tune, preview);
  return { write: write.node, suggest: write.suggest, close: write.close, downloads: downloadPanel(app, tune) };
}

function writePanel(app, tune, preview) {
  let stop = null;
  let chosen = false;
  const verses = el("select", { id: "tune-verses", on: { change: () => { chosen = true; } } },
    [1, 2, 3, 4].map((n) => el("option", { value: String(n) }, n)));
  const button = el("button", { type: "button", class: "primary", on: { click: () => (stop ? stop.abort() : write()) } });
  const back = el("button", { type: "button", class: "quiet", hidden: true }, "Put the old words back");
  const status = el("p", { class: "small muted", role: "status" });
  const about = el("p", { class: "small muted" });
  idle();

  function idle(said = "") {
    stop = null;
    button.textContent = "Write words to this tune";
    status.textContent = said;
  }

  async function write() {
    const before = app.state.draft;
    stop = new AbortController();
    button.textContent = "Stop";
    status.textContent = "Writing …";
    back.hidden = true;
    try {
      const { draft, unmet } = await writeWords(app, tune, Number(verses.value), stop.signal, (partly) => {
        status.textContent = `Writing … line ${partly.sections.reduce((sum, section) => sum + section.lines.length, 0)}`;
        preview(partly);
      });
      app.set("draft", draft, "tune");
      offerBack(before);
      idle(unmet ? `Words are written. ${unmet}` : "Words are written; they stand in the editor too.");
    } catch (error) {
      preview(before);
      idle(error.name === "AbortError" ? "Stopped: your words are as they were." : "");
      app.fail(error);
    }
  }

  function offerBack(before) {
    if (!before.sections.some((section) => section.lines.length)) return;
    back.hidden = false;
    back.onclick = () => {
      app.set("draft", before, "tune");
      back.hidden = true;
      idle("The old words are back.");
    };
  }

  const node = el("div", { class: "panel write-panel stack" },
    el("div", { class: "row" }, button,
      el("label", { class: "inline-field", for: "tune-verses" }, el("span", {}, "Verses"), verses), back), about, status);
  const said = (plan) => { about.textContent = plan?.about?.length ? `About ${[plan.about].flat().join(", ")}, as the plan says.` : ""; };
  said(app.state.plan);
  /** As many verses as the draft has, unless a number was chosen. */
  const suggest = (count) => {
    if (!chosen && !stop) verses.value = String(Math.max(1, Math.min(4, count)));
  };
  return { node, suggest, close: app.on("plan", said) };
}

/** Write to the tune, keeping locked lines; the draft as it grows goes to `onDraft`. */
async function writeWords(app, tune, verses, signal, onDraft) {
  const asked = wishes(app, { always: true, drawing: true });
  const plan = Object.fromEntries(Object.entries(asked.plan).filter(([key]) => !BY_TUNE.includes(key)));
  const { draft } = app.state;
  const locked = draft.sections.some((section) => section.lines.some((line) => line.locked));
  const body = { ...asked, plan, ...tuneAsked(tune), verses };
  const grown = { title: draft.title, sections: [] };
  const given = draft.sections.flatMap((section) => section.lines);
  let at = 0;
  let song = null;
  const onEvent = (name, data) => {
    if (name === "error") throw new app.api.ApiError(data.code, data.message);
    if (name === "song") song = data;
    if (name === "line") onDraft(grow(grown, locked && given[at]?.locked ? { ...data, text: given[at].text } : data));
    if (name === "line") at++;
  };
  await app.api.stream(locked ? "/api/fill" : "/api/write", locked ? { draft, ...body } : body, onEvent, signal);
  if (!song) throw new app.api.ApiError("no_song", "No song came of it: try again.");
  return { draft: locked ? relock(draftOf(song, draft), draft) : draftOf(song, draft), unmet: song.told ?? "" };
}

/** One line more. */
function grow(draft, { text, opens, first }) {
  if (opens || first || !draft.sections.length) draft.sections.push({ name: opens || "verse", lines: [] });
  draft.sections.at(-1).lines.push({ text, locked: false });
  return draft;
}

function draftOf(song, before) {
  const sections = song.sections.map(({ name, lines }) => ({ name, lines: lines.map(({ text }) => ({ text, locked: false })) }));
  return { ...before, title: before.title || song.title || "", sections };
}

/** Lines that were locked stay so. */
function relock(draft, before) {
  const locks = before.sections.flatMap((section) => section.lines.map((line) => line.locked));
  let i = 0;
  for (const section of draft.sections) for (const line of section.lines) line.locked = Boolean(locks[i++]);
  return draft;
}

function downloadPanel(app, tune) {
  const buttons = FILES.map(([format, label, about]) =>
    el("button", { type: "button", title: about, "data-format": format, on: { click: (event) => take(event.currentTarget, format) } }, label));

  async function take(button, format) {
    button.disabled = true;
    try {
      const asked = scoreRequest(app, tune, format);
      const file = await app.api.file("/api/score", asked);
      const name = file.name || `${fileName(app.state.draft.title || tune.title || "song")}.${format}`;
      save(file.blob, name);
      for (let page = 2; page <= Number(file.headers.get("X-Pages") ?? 1); page++) { // only engraved scores have more
        save((await app.api.file(`/api/score?page=${page}`, asked)).blob, name.replace(/(\.\w+)$/, `-${page}$1`));
      }
    } catch (error) {
      app.fail(error);
    } finally {
      button.disabled = false;
      button.focus();
    }
  }

  const panel = el("div", { class: "panel downloads" });
  return fill(panel, el("h2", { class: "small-head" }, "Take it away"), el("div", { class: "row", role: "group", "aria-label": "Downloads" }, buttons));
}
