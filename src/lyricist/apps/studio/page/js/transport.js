/* Play, pause, where it is, how fast; and the line being sung, its words lighting up. */

import { el, fill } from "./dom.js";
import { Player } from "./player.js";
import { cueAt } from "./underlay.js";

const SLOWEST = 50; // per cent of the tune's tempo
const FASTEST = 160;

export class Transport {
  #line = { cues: [], end: 0 };
  #verses = [];
  #sung = ""; // verse and phrase on the stage

  /** @param {any} tune @param {(cue: any) => void} onCue told what sounds, or null @param {any} app */
  constructor(tune, onCue, app) {
    Object.assign(this, { tune, onCue, app });
    this.player = new Player({ onTime: (time) => this.#show(time), onState: (playing) => this.#state(playing) });
    this.play = el("button", { type: "button", class: "primary play", on: { click: () => this.toggle() } }, icon("play"), el("span", {}, "Play"));
    this.seek = el("input", { type: "range", min: "0", step: "0.1", value: "0", "aria-label": "Where it plays",
      on: { input: () => this.player.seek(Number(this.seek.value)) } });
    this.clock = el("span", { class: "time" });
    this.tempo = el("input", { type: "range", min: String(SLOWEST), max: String(FASTEST), step: "5", value: "100",
      "aria-label": "Tempo", on: { input: () => this.#setTempo() } });
    this.beats = el("output", { class: "tempo-beats" });
    this.stage = el("p", { class: "stage lyrics", "aria-hidden": "true" });
    this.node = this.#layOut();
  }

  #layOut() {
    const stop = el("button", { type: "button", class: "stop", on: { click: () => this.player.stop() } }, icon("stop"), el("span", {}, "Stop"));
    return el("div", { class: "transport", role: "group", "aria-label": "Player" }, this.stage,
      el("div", { class: "transport-row" }, el("div", { class: "row" }, this.play, stop), el("div", { class: "seek" }, this.seek, this.clock),
        el("label", { class: "tempo" }, el("span", { class: "label" }, "Tempo"), this.tempo, this.beats)));
  }

  /** What is to be played, and the words over it. */
  load(line, verses) {
    this.#line = line;
    this.#verses = verses;
    this.#sung = "?";
    this.player.load(line.sounds, line.end);
    this.seek.max = String(line.end);
    this.#setTempo();
  }

  toggle() {
    if (this.player.playing) this.player.pause();
    else this.#playFrom(undefined);
  }

  /** From a slot of the first verse. */
  playSlot(phrase, slot) {
    const cue = this.#line.cues.find((each) => each.phrase === phrase && each.slot === slot);
    if (cue) this.#playFrom(cue.at);
  }

  async #playFrom(time) {
    try {
      await this.player.play(time);
    } catch (error) {
      console.warn(error);
      this.app.announce("This browser cannot play sound.");
    }
  }

  #setTempo() {
    const rate = Number(this.tempo.value) / 100;
    this.player.rate = rate;
    this.beats.textContent = `${Math.round((this.tune.tempo || 100) * rate)}`;
    this.tempo.setAttribute("aria-valuetext", `${this.beats.textContent} quarters a minute`);
    this.#show(this.player.time);
  }

  #show(time) {
    const { rate, playing } = this.player;
    this.seek.value = String(time);
    this.clock.textContent = `${minutes(time / rate)} / ${minutes(this.#line.end / rate)}`;
    this.seek.setAttribute("aria-valuetext", this.clock.textContent.replace("/", "of"));
    const at = cueAt(this.#line.cues, time);
    const cue = at >= 0 && (playing || time > 0) ? this.#line.cues[at] : null;
    this.onCue(cue);
    this.#sing(cue);
  }

  /** The line being sung, in large. */
  #sing(cue) {
    const laid = cue ? this.#verses[cue.verse]?.[cue.phrase] : null;
    const key = laid ? `${cue.verse} ${cue.phrase}` : "";
    if (key !== this.#sung) {
      fill(this.stage, (laid?.words ?? []).flatMap((word, i) => [i ? " " : null, el("span", { "data-word": i }, word)]));
    }
    this.#sung = key;
    const now = laid?.syllables.findLast((syllable) => syllable.slot <= cue.slot)?.word ?? -1;
    for (const span of this.stage.children) {
      span.classList.toggle("sung", Number(span.dataset.word) <= now);
      span.classList.toggle("now", Number(span.dataset.word) === now);
    }
  }

  #state(playing) {
    fill(this.play, icon(playing ? "pause" : "play"), el("span", {}, playing ? "Pause" : "Play"));
    this.node.classList.toggle("is-playing", playing);
  }
}

/** Seconds as 1:05. */
function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const icon = (name) => el("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
