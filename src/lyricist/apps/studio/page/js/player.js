/* Plays notes by Web Audio and says where it is. Times are seconds of the tune at its own tempo. */

import { createVoice } from "./voice.js";

const AHEAD = 1.5; // seconds of notes handed to the audio clock: more than the second a hidden page may sleep
const TICK = 40; // milliseconds
const LEAD = 0.06; // seconds before the first note, so that it is handed over in time

/** @typedef {{at: number, seconds: number, pitch: number}} Sound */

/** Calls a function again and again; the returned function ends it. */
function everyTick(fn) {
  const timer = setInterval(fn, TICK);
  return () => clearInterval(timer);
}

const same = (a, b) =>
  a.length === b.length && a.every((one, i) => one.at === b[i].at && one.seconds === b[i].seconds && one.pitch === b[i].pitch);

export class Player {
  /** @type {Sound[]} */
  #sounds = [];
  #next = 0; // the first sound not yet handed over
  #end = 0;
  #rate = 1; // 2: twice as fast
  #anchor = { time: 0, now: 0 }; // where and when it was last set going
  #stopTicking = null;

  /**
   * The parts can be replaced: a clock in seconds, a voice (as voice.js makes one), a timer.
   * @param {{onTime?: (time: number) => void, onState?: (playing: boolean) => void}} hooks called as it goes; when it
   *   starts and stops
   * @param {{clock?: () => number, voice?: any, every?: (fn: () => void) => (() => void)}} [parts]
   */
  constructor({ onTime = () => {}, onState = () => {} }, parts = {}) {
    this.onTime = onTime;
    this.onState = onState;
    this.voice = parts.voice ?? createVoice();
    this.clock = parts.clock ?? (() => this.voice.now());
    this.every = parts.every ?? everyTick;
  }

  get playing() {
    return this.#stopTicking !== null;
  }

  /** Where it is. */
  get time() {
    if (!this.playing) return this.#anchor.time;
    return Math.min(this.#end, this.#anchor.time + Math.max(0, this.clock() - this.#anchor.now) * this.#rate);
  }

  /** Another tune: its sounds and its end. Stops, unless only the words have changed. @param {Sound[]} sounds */
  load(sounds, end) {
    if (same(sounds, this.#sounds) && end === this.#end) return;
    if (this.playing) this.#halt(0);
    this.#sounds = [...sounds].sort((a, b) => a.at - b.at);
    this.#end = end;
    this.#set(this.#anchor.time);
  }

  /** From a time on; without one from where it stands. */
  async play(time = this.time) {
    if (!this.#sounds.length) return;
    await this.voice.resume();
    if (!this.playing) this.#stopTicking = this.every(() => this.#tick());
    this.#set(time >= this.#end ? 0 : time);
    this.#anchor.now += LEAD;
    this.onState(true);
    this.#tick();
  }

  pause() {
    if (this.playing) this.#halt(this.time);
  }

  stop() {
    this.#halt(0);
  }

  seek(time) {
    this.#set(time);
    if (this.playing) this.#handOver();
    this.onTime(this.#anchor.time);
  }

  /** Faster or slower: 1 is the tune's own tempo. */
  set rate(value) {
    const { time } = this;
    this.#rate = value;
    this.#set(time);
    if (this.playing) this.#handOver();
  }

  get rate() {
    return this.#rate;
  }

  /** Silent for good. */
  close() {
    if (this.playing) this.#halt(0);
    this.voice.close();
  }

  #tick() {
    const { time } = this;
    if (time >= this.#end) return this.#halt(0);
    this.#handOver();
    this.onTime(time);
  }

  #handOver() {
    const until = this.time + AHEAD * this.#rate;
    while (this.#next < this.#sounds.length && this.#sounds[this.#next].at < until) {
      const { at, seconds, pitch } = this.#sounds[this.#next++];
      const due = this.#anchor.now + (at - this.#anchor.time) / this.#rate;
      this.voice.play(pitch, Math.max(due, this.clock()), seconds / this.#rate);
    }
  }

  /** Stand at a time; what was handed over is taken back. */
  #set(time) {
    this.voice.silence();
    this.#anchor = { time: Math.max(0, Math.min(this.#end, time)), now: this.clock() };
    const next = this.#sounds.findIndex((sound) => sound.at >= this.#anchor.time - 1e-6);
    this.#next = next < 0 ? this.#sounds.length : next;
  }

  #halt(time) {
    this.#stopTicking?.();
    this.#stopTicking = null;
    this.#set(time);
    this.onTime(time);
    this.onState(false);
  }
}
