/* A phrase as a quiet piano roll: each slot a bar as long as its note and as high as its pitch, words underneath. */

import { svg } from "./dom.js";
import { px, spread, textWidth } from "./measure.js";

const BAR = 7; // height of a note, pixels
const ABOVE = 12; // room over the highest note, for the marks of strong slots
const BELOW = 6;
const GAP = 2; // between notes
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/** MIDI pitch as a name: 60 is C4. */
export const pitchName = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

/** Lowest and highest pitch of a tune. @returns {[number, number]} */
export function rangeOf(tune) {
  const slots = tune.phrases.flatMap((phrase) => phrase.slots);
  const pitches = slots.flatMap((slot) => [slot.pitch, ...(slot.notes ?? []).map((note) => note.pitch)]);
  return [Math.min(...pitches), Math.max(...pitches)];
}

/** From one slot's beginning to the next's, in quarters: the last ends with its note. */
export function spans(slots) {
  return slots.map((slot, i) => (slots[i + 1] ? slots[i + 1].start_beat - slot.start_beat : slot.beats) || 0.25);
}

/** How long a phrase is, in quarters. */
export const lengthOf = (phrase) => spans(phrase.slots).reduce((sum, each) => sum + each, 0);

/**
 * Draw a phrase.
 * @param {object} phrase
 * @param {any[]} lines laid lines of this phrase, one a verse (or undefined)
 * @param {{width: number, longest: number, range: [number, number], size: number, family: string, height: number,
 *   label: string, first?: number}} look sizes in pixels; longest: quarters that fill the width; first: verse number
 *   of the first line, 0 for none
 * @returns {SVGElement}
 */
export function drawPhrase(phrase, lines, look) {
  const gutter = look.first ? 18 : 0;
  const places = placesOf(phrase, lines, { ...look, width: look.width - gutter });
  const height = ABOVE + look.height + BELOW + lines.length * lead(look);
  const view = svg("svg", { class: "roll", viewBox: `0 0 ${px(look.width)} ${px(height)}`, width: px(look.width),
    height: px(height), role: "img", "aria-label": look.label });
  const inner = svg("g", { transform: `translate(${gutter} 0)` });
  inner.append(...phrase.slots.map((slot, i) => note(slot, i, places[i], look)));
  lines.forEach((line, row) => {
    const y = ABOVE + look.height + BELOW + (row + 0.72) * lead(look);
    if (look.first) view.append(svg("text", { class: "verse-number", x: 0, y, "font-size": 12 }, look.first + row));
    if (line) inner.append(words(line, row, places, y, look));
  });
  view.append(inner);
  return view;
}

const lead = (look) => Math.round(look.size * 1.5);

/** Where each slot stands: `{x, width, room}`; room goes on to the next slot. */
function placesOf(phrase, lines, look) {
  const lengths = spans(phrase.slots);
  const font = `${look.size}px ${look.family}`;
  const needs = phrase.slots.map((_, i) => Math.max(9, ...lines.map((line) => needOf(line, i, font))));
  const length = lengthOf(phrase);
  const roomy = Math.max(...needs.map((need, i) => (need / lengths[i]) * length)); // where all are as long as they are
  let rooms = spread(lengths, needs, Math.min(look.width, Math.max(roomy, look.width * Math.min(1, length / look.longest))));
  const taken = rooms.reduce((sum, each) => sum + each, 0);
  if (taken > look.width) rooms = rooms.map((room) => (room * look.width) / taken);
  let x = 0;
  return rooms.map((room, i) => {
    const width = Math.max(3, room * Math.min(1, phrase.slots[i].beats / lengths[i]) - GAP);
    const place = { x, width, room };
    x += room;
    return place;
  });
}

function needOf(line, slot, font) {
  const under = line?.syllables.find((syllable) => syllable.slot === slot);
  return under ? textWidth(under.text, font) + (under.joins ? 9 : 6) : 0;
}

function note(slot, i, place, look) {
  const [low, high] = look.range;
  const step = (look.height - BAR) / Math.max(high - low, 5);
  const height = (pitch) => ABOVE + (high - pitch) * step;
  const y = height(slot.pitch);
  const mark = slot.strong ? svg("circle", { class: "mark", cx: px(place.x + 3), cy: px(y - 5), r: 1.75 }) : null;
  return svg("g", { class: slot.strong ? "slot strong" : "slot", "data-slot": i },
    svg("rect", { class: "reach", x: px(place.x), y: 0, width: px(place.room), height: ABOVE + look.height }),
    tones(slot, place).map(({ x, width, pitch }) =>
      svg("rect", { class: "tone", x: px(x), y: px(height(pitch)), width: px(width), height: BAR, rx: 2 })), mark);
}

/** The notes of a slot: one, or several that are sung on its syllable. */
function tones(slot, place) {
  const notes = slot.notes?.length > 1 && slot.beats > 0 ? slot.notes : [{ ...slot }];
  const perBeat = (place.width + GAP) / slot.beats;
  return notes.map((note) => ({
    x: place.x + (note.start_beat - slot.start_beat) * perBeat,
    width: Math.max(2, note.beats * perBeat - (note === notes.at(-1) ? GAP : 0)),
    pitch: note.pitch,
  }));
}

/** A line's syllables, each under its slot, hyphens between those of a word. */
function words(line, row, places, y, look) {
  const shown = line.syllables.filter((syllable) => places[syllable.slot]);
  const natural = Math.max(...shown.map((each) => textWidth(each.text, `${look.size}px ${look.family}`) /
    Math.max(1, places[each.slot].room - 2)), 1);
  const size = Math.max(9, look.size / natural);
  const font = `${size}px ${look.family}`;
  const group = svg("g", { class: "under", "data-row": row, "font-size": px(size) });
  for (const { text, slot, word, joins } of shown) {
    const { x, room } = places[slot];
    group.append(svg("text", { class: "syllable", x: px(x), y: px(y), "data-slot": slot, "data-word": word }, text));
    const free = x + textWidth(text, font);
    const next = x + room;
    if (joins && !text.endsWith("-") && next - free > 5) {
      group.append(svg("text", { class: "hyphen", x: px((free + next) / 2), y: px(y), "text-anchor": "middle" }, "-"));
    }
  }
  return group;
}

/** What the picture shows, in words. */
export function describe(phrase, number, lines) {
  const strong = phrase.slots.flatMap((slot, i) => (slot.strong ? [i + 1] : []));
  const said = lines.filter(Boolean).map((line) => line.text).join(" / ");
  const count = `${phrase.slots.length} ${phrase.slots.length === 1 ? "note" : "notes"}`;
  const pitches = phrase.slots.map((slot) => pitchName(slot.pitch)).join(" ");
  return `Phrase ${number}, ${phrase.section}: ${count}, ${pitches}; strong ${strong.join(", ") || "none"}.` +
    (said ? ` Words: ${said}` : "");
}
