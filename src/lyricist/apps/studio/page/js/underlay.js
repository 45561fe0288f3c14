/* Words laid on a tune: which syllable of the draft stands under which slot, and when. */

/**
 * @typedef {{text: string, slot: number, word: number, joins: boolean}} Syllable joins: its word goes on after it
 * @typedef {{text: string, words: string[], syllables: Syllable[], count: number}} Laid a line; count: syllables sung
 */

/** The lines of a draft, in order. */
export const draftLines = (draft) =>
  (draft?.sections ?? []).flatMap((section) => section.lines.map((line) => line.text));

/** How many verses the lines of a draft make of a tune, the last one perhaps not whole. */
export const versesOf = (lines, phrases) => (phrases ? Math.ceil(lines.length / phrases) : 0);

/**
 * One checked line on its slots: every word begins on the slot after those of the words before.
 * @param {{text: string, words?: {text: string, syllables: number, parts?: string[]}[], syllables?: number}} line
 * @returns {Laid}
 */
export function layLine(line) {
  const syllables = [];
  const words = [];
  const found = line.words ?? [];
  const written = asWritten(line.text, found.map((word) => word.text));
  let slot = 0;
  for (const [at, word] of found.entries()) {
    const count = word.syllables ?? 1;
    if (!count) {
      append(words, syllables, written[at]);
      continue;
    }
    const parts = divided(written[at], word, count);
    parts.forEach((text, i) => {
      syllables.push({ text, slot: slot + i, word: words.length, joins: i + 1 < parts.length });
    });
    words.push(written[at]);
    slot += count;
  }
  return { text: line.text, words, syllables, count: slot };
}

/** Words with the signs around them: what stands before the next word goes with the one before. */
function asWritten(text, words) {
  let done = 0;
  const starts = words.map((word) => {
    const at = Math.max(text.indexOf(word, done), done);
    done = at + word.length;
    return at;
  });
  return starts.map((start, i) => text.slice(i ? start : 0, starts[i + 1] ?? text.length).trim() || words[i]);
}

/** A word's syllables as they are written, if the studio divided it; signs stay with the first and the last. */
function divided(written, word, count) {
  const parts = word.parts ?? [];
  const at = written.toLowerCase().indexOf(word.text.toLowerCase());
  if (count < 2 || parts.length !== count || at < 0 || parts.join("").length !== word.text.length) return [written];
  let from = 0;
  let end = at;
  return parts.map((part, i) => {
    end += part.length;
    const piece = written.slice(from, i + 1 < count ? end : undefined);
    from = end;
    return piece;
  });
}

/** A word without a syllable of its own goes with the one before. */
function append(words, syllables, text) {
  if (!words.length) return;
  words[words.length - 1] += ` ${text}`;
  syllables[syllables.length - 1].text += ` ${text}`;
}

/** The words that the tune's file has, on the slots they stand under; null where it has none. */
export function ownLine(phrase) {
  const bare = phrase.slots.every((slot) => !slot.word);
  if (bare) return null;
  const syllables = [];
  const words = [];
  phrase.slots.forEach((slot, i) => {
    if (!slot.word) return;
    const goesOn = i > 0 && syllables.length && syllables[syllables.length - 1].joins;
    const text = slot.word.replace(/-$/, "");
    if (goesOn) words[words.length - 1] += text;
    else words.push(text);
    syllables.push({ text, slot: i, word: words.length - 1, joins: slot.word.endsWith("-") });
  });
  return { text: phrase.text ?? words.join(" "), words, syllables, count: phrase.slots.length };
}

/**
 * All lines on all phrases: `[verse][phrase]` is a laid line or undefined.
 * @param {object} tune
 * @param {{text: string}[]} checked one per line of the draft
 * @returns {Laid[][]}
 */
export function layDraft(tune, checked) {
  const size = tune.phrases.length;
  const verses = [];
  checked.forEach((line, i) => {
    const verse = Math.floor(i / size);
    verses[verse] = verses[verse] ?? [];
    verses[verse][i % size] = layLine(line);
  });
  return verses;
}

/** The tune's own words as its only verse, or none. */
export function layOwn(tune) {
  const lines = tune.phrases.map(ownLine);
  return lines.some(Boolean) ? [lines.map((line) => line ?? undefined)] : [];
}

/**
 * What sounds when, over all verses, in seconds at the tune's own tempi: for the player and for the lights.
 * @returns {{sounds: {at: number, seconds: number, pitch: number}[], end: number,
 *   cues: {at: number, verse: number, phrase: number, slot: number}[]}}
 */
export function timeline(tune, verses) {
  const beat = 60 / (tune.tempo || 100);
  const all = tune.phrases.flatMap((phrase, at) => phrase.slots.map((slot, i) => ({ ...timed(slot, beat), slot, phrase: at, i })));
  const end = all.reduce((most, { start, seconds }) => Math.max(most, start + seconds), 0);
  const step = end + silence(tune) * beat;
  const sounds = [];
  const cues = [];
  for (let verse = 0; verse < Math.max(1, verses); verse++) {
    for (const { start, seconds, slot, phrase, i } of all) {
      cues.push({ at: start + verse * step, verse, phrase, slot: i });
      const perBeat = slot.beats ? seconds / slot.beats : beat;
      for (const note of slot.notes?.length ? slot.notes : [slot]) {
        sounds.push({ at: start + verse * step + (note.start_beat - slot.start_beat) * perBeat, seconds: note.beats * perBeat, pitch: note.pitch });
      }
    }
  }
  return { sounds, cues, end: step * (Math.max(1, verses) - 1) + end };
}

/** When a slot begins and how long it is, in seconds: as the studio says, or by the tempo. */
const timed = (slot, beat) => ({ start: slot.start ?? slot.start_beat * beat, seconds: slot.seconds ?? slot.beats * beat });

/** Quarters from the end of a verse to the beginning of the next, so that its bars are whole. */
function silence(tune) {
  const end = tune.phrases.flatMap((phrase) => phrase.slots).reduce((most, slot) => Math.max(most, slot.start_beat + slot.beats), 0);
  return (tune.verse_beats ?? wholeBars(end, tune.metre)) - end;
}

/** A length rounded up to whole bars of a metre such as "4/4" or "6/8", in quarters. */
export function wholeBars(beats, metre) {
  const [count, unit] = String(metre ?? "4/4").split("/").map(Number);
  const bar = count > 0 && unit > 0 ? (4 * count) / unit : 4;
  return Math.ceil(beats / bar - 1e-6) * bar;
}

/** The cue at a time, or the last before it; -1 before the first. Cues are in order. */
export function cueAt(cues, time) {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle].at <= time + 1e-6) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
