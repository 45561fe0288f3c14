// Plays notes by Web Audio and says where it is. Beats are quarter notes from the beginning.

import { createVoice } from "./voice.js";

const AHEAD = 1.5; // seconds of notes handed to the audio clock: more than the second a hidden page may sleep
const TICK = 40; // milliseconds

/**
 * @typedef {{beat: number, beats: number, pitch: number}} Sound
 * @typedef {{clock?: () => number, voice?: object, every?: (fn: () => void) => (() => void)}} Parts
 */

const same = (a, b) =>
  a.length === b.length && a.every((one, i) => one.beat === b[i].beat && one.beats === b[i].beats && one.pitch === b[i].pitch);

/** Calls a function again and again; the returned function ends it. */
function everyTick(fn) {
  const timer = setInterval(fn, TICK);
  return () => clearInterval(timer);
}

/**
 * A player. `onBeat(beat)` is called as it goes, `onState(playing)` when it starts and stops.
 * The parts can be replaced: a clock in seconds, a voice (as voice.js makes one), a timer.
 * @param {{onBeat?: (beat: number) => void, onState?: (playing: boolean) => void}} hooks
 * @param {Parts} [parts]
 */
export function createPlayer({ onBeat = () => {}, onState = () => {} }, parts = {}) {
  const voice = parts.voice ?? createVoice();
  const clock = parts.clock ?? (() => voice.now());
  const every = parts.every ?? everyTick;
  /** @type {Sound[]} */
  let sounds = [];
  let end = 0; // beats
  let tempo = 100; // quarters a minute
  let rate = 1;
  let anchor = { beat: 0, time: 0 }; // where and when it was last set going
  let next = 0; // the first sound not yet handed over
  let stopTicking = null;

  const perSecond = () => (tempo * rate) / 60;
  const playing = () => stopTicking !== null;
  const position = () =>
    playing() ? Math.min(end, anchor.beat + Math.max(0, clock() - anchor.time) * perSecond()) : anchor.beat;

  function handOver() {
    const until = position() + AHEAD * perSecond();
    while (next < sounds.length && sounds[next].beat < until) {
      const { beat, beats, pitch } = sounds[next++];
      const at = anchor.time + (beat - anchor.beat) / perSecond();
      voice.play(pitch, Math.max(at, clock()), beats / perSecond());
    }
  }

  function tick() {
    const beat = position();
    if (beat >= end) {
      halt(0);
      return;
    }
    handOver();
    onBeat(beat);
  }

  /** From a beat on, silently if it is not playing. */
  function setAnchor(beat) {
    voice.silence();
    anchor = { beat: Math.max(0, Math.min(end, beat)), time: clock() };
    next = sounds.findIndex((sound) => sound.beat >= anchor.beat - 1e-6);
    if (next < 0) next = sounds.length;
  }

  function halt(beat) {
    if (stopTicking) stopTicking();
    stopTicking = null;
    setAnchor(beat);
    onBeat(beat);
    onState(false);
  }

  return {
    /** Another tune: its sounds, its end in beats, its tempo in quarters a minute. Stops. */
    load(/** @type {Sound[]} */ given, /** @type {number} */ endBeat, /** @type {number} */ quarters) {
      if (same(given, sounds) && endBeat === end) return; // only the words have changed
      if (playing()) halt(0);
      sounds = [...given].sort((a, b) => a.beat - b.beat);
      end = endBeat;
      tempo = quarters > 0 ? quarters : 100;
      setAnchor(Math.min(anchor.beat, end));
    },
    async play(/** @type {number} */ beat = anchor.beat) {
      if (!sounds.length) return;
      await voice.resume();
      if (!playing()) stopTicking = every(tick);
      setAnchor(beat >= end ? 0 : beat);
      anchor.time += 0.06; // the first note is handed over before it is due
      onState(true);
      tick();
    },
    pause: () => playing() && halt(position()),
    stop: () => halt(0),
    seek(/** @type {number} */ beat) {
      setAnchor(beat);
      if (playing()) handOver();
      onBeat(anchor.beat);
    },
    /** Faster or slower: 1 is the tune's own tempo. */
    setRate(/** @type {number} */ value) {
      const beat = position();
      rate = value;
      setAnchor(beat);
      if (playing()) handOver();
    },
    /** Silent for good. */
    close() {
      if (playing()) halt(0);
      voice.close();
    },
    playing,
    position,
    end: () => end,
    seconds: (/** @type {number} */ beat) => beat / perSecond(),
  };
}
