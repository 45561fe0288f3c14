/* The phrases of a tune, a row each: number, notes, the words under them, and what does not fit. */

import { el, fill } from "./dom.js";
import { describe, drawPhrase, lengthOf, pitchName, rangeOf } from "./roll.js";

const MOST_VERSES = 6; // under one roll

/**
 * @param {any} tune @param {(phrase: number, slot: number) => void} onPlay from which slot it is to be played
 */
export function mountPhrases(tune, onPlay) {
  const list = el("ol", { class: "phrases" });
  const remark = el("p", { class: "muted small", hidden: true });
  const legend = el("p", { class: "legend muted small" }, el("span", { class: "swatch strong-swatch", "aria-hidden": "true" }),
    "strong beat", el("span", { class: "swatch", "aria-hidden": "true" }), "weak beat");
  const cells = el("div");
  const table = el("details", { class: "as-table", on: { toggle: () => tabulate() } }, el("summary", {}, "The notes as a table"), cells);
  const node = el("div", { class: "panel phrases-panel stack" }, el("div", { class: "phrases-head" }, el("h2", { class: "small-head" }, "Phrases"), legend), remark, list, table);
  const longest = Math.max(...tune.phrases.map(lengthOf));
  const range = rangeOf(tune);
  let verses = [];
  let heads = new Map(); // where the draft's sections begin
  let rows = [];
  let lit = null;
  let width = 0;

  /** Thousands of cells: only for those who look. */
  function tabulate() {
    fill(cells, table.open ? tableOf(tune, verses) : null);
  }

  function draw() {
    if (width < 60) return;
    lit = null;
    const narrow = width < 420;
    const look = { width, longest, range, size: narrow ? 14 : 17, family: family(node), height: narrow ? 36 : 44 };
    const shown = verses.slice(0, MOST_VERSES);
    rows = tune.phrases.map((phrase, i) => rowOf(phrase, i, shown.map((verse) => verse[i]), look));
    fill(list, rows);
  }

  function rowOf(phrase, i, lines, look) {
    const opens = i === 0 || heads.has(i) || (!heads.size && sectionOf(tune, i) !== sectionOf(tune, i - 1));
    const picture = drawPhrase(phrase, lines, { ...look, first: lines.length > 1 ? 1 : 0, label: describe(phrase, i + 1, lines) });
    picture.addEventListener("click", (event) => {
      onPlay(i, Number(event.target.closest("[data-slot]")?.dataset.slot ?? 0));
    });
    return el("li", { class: opens && i ? "phrase opens" : "phrase", "data-phrase": i },
      el("button", { type: "button", class: "quiet phrase-play", "aria-label": `Play from phrase ${i + 1}`,
        title: "Play from here", on: { click: () => onPlay(i, 0) } }, String(i + 1)),
      el("div", { class: "phrase-roll" }, opens ? el("p", { class: "section-name" }, heads.get(i) ?? phrase.section) : null, picture,
        misfits(phrase, lines).map((text) => el("p", { class: "misfit small" }, text))));
  }

  const seen = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width) - 44;
    if (Math.abs(next - width) < 2) return;
    width = next;
    draw();
  });

  return {
    node,
    watch: () => seen.observe(list),
    close: () => seen.disconnect(),
    /** Other words under the notes. */
    lay(next, { own, lines, sections }) {
      verses = next;
      heads = own ? new Map() : headsOf(sections, tune.phrases.length);
      fill(remark, remarkOf(tune, verses, own, lines));
      remark.hidden = !remark.textContent;
      tabulate();
      draw();
    },
    /** Show what sounds: `{verse, phrase, slot}`, or nothing. */
    light(cue) {
      if (cue && lit && cue.verse === lit.verse && cue.phrase === lit.phrase && cue.slot === lit.slot) return;
      const before = lit?.phrase;
      lit = cue;
      for (const mark of list.querySelectorAll(".now, .lit, .row-now")) mark.classList.remove("now", "lit", "row-now");
      if (before !== cue?.phrase) rows[before]?.classList.remove("playing");
      if (cue) lightUp(rows[cue.phrase], cue, before !== cue.phrase);
    },
  };
}

function lightUp(row, { verse, slot }, arrives) {
  if (!row) return;
  row.classList.add("playing");
  row.querySelector(`.slot[data-slot="${slot}"]`)?.classList.add("now");
  const words = row.querySelector(`.under[data-row="${verse}"]`);
  words?.classList.add("row-now");
  const syllable = words?.querySelector(`.syllable[data-slot="${slot}"]`);
  if (syllable) {
    for (const each of words.querySelectorAll(`[data-word="${syllable.dataset.word}"]`)) each.classList.add("lit");
    syllable.classList.add("now");
  }
  if (arrives) reveal(row);
}

/** Scroll just as far as needed, and not at all for those who asked for no motion to be seen. */
function reveal(row) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  row.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

const sectionOf = (tune, i) => tune.phrases[i].section_index ?? tune.phrases[i].section;

/** Names of the draft's sections at the phrases of the first verse that they begin on. */
function headsOf(sections, phrases) {
  const heads = new Map();
  let at = 0;
  for (const { name, lines } of sections) {
    if (lines.length && at < phrases) heads.set(at, name);
    at += lines.length;
  }
  return heads;
}

const family = (node) => getComputedStyle(node).getPropertyValue("--serif").trim() || "serif";

/** Lines with more or fewer syllables than their phrase has notes. */
function misfits(phrase, lines) {
  const wanted = phrase.slots.length;
  return lines.flatMap((line, verse) => {
    if (!line || line.count === wanted || !line.text.trim()) return [];
    const which = lines.length > 1 ? `Verse ${verse + 1}: ` : "";
    return [`${which}${line.count} ${line.count === 1 ? "syllable" : "syllables"} for ${wanted} ${wanted === 1 ? "note" : "notes"}`];
  });
}

function remarkOf(tune, verses, own, lines) {
  if (own) return verses.length ? "These are the tune’s own words: your draft is empty." : "";
  const size = tune.phrases.length;
  if (verses.length > MOST_VERSES) return `Of ${verses.length} verses the first ${MOST_VERSES} are shown.`;
  if (lines % size) return `Your draft has ${lines} lines and the tune ${size} phrases: a score needs a line for each.`;
  return "";
}

function tableOf(tune, verses) {
  const rows = tune.phrases.flatMap((phrase, at) =>
    phrase.slots.map((slot, i) =>
      el("tr", {}, el("td", {}, at + 1), el("td", {}, phrase.section), el("td", {}, i + 1), el("td", {}, pitchName(slot.pitch)),
        el("td", {}, number(slot.start_beat)), el("td", {}, number(slot.beats)), el("td", {}, slot.strong ? "strong" : "weak"),
        verses.map((verse) => el("td", {}, verse[at]?.syllables.find((each) => each.slot === i)?.text ?? "")))));
  const heads = ["Phrase", "Section", "Note", "Pitch", "Begins at", "Beats", "Beat is", ...verses.map((_, v) => `Verse ${v + 1}`)];
  return el("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "The notes as a table" },
    el("table", {}, el("thead", {}, el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, rows)));
}

const number = (value) => String(Math.round(value * 1000) / 1000);
