/* Play, pause, where it is, how fast; and the line being sung, its words lighting up. */

import { el, fill } from "./dom.js";
import { createPlayer } from "./player.js";
import { cueAt } from "./underlay.js";

const SLOWEST = 50; // per cent of the tune's tempo
const FASTEST = 160;

/**
 * @param {any} tune @param {(cue: any) => void} onCue told what sounds, or null @param {any} app
 * @param {any} [parts] of the player
 */
export function mountTransport(tune, onCue, app, parts) {
  let line = { cues: [], end: 0 };
  let verses = [];
  let shown = "";
  const player = createPlayer({ onBeat, onState }, parts);
  const play = el("button", { type: "button", class: "primary play", on: { click: toggle } }, icon("play"), el("span", {}, "Play"));
  const stop = el("button", { type: "button", class: "stop", on: { click: () => player.stop() } }, icon("stop"), el("span", {}, "Stop"));
  const seek = el("input", { type: "range", min: "0", step: "0.25", value: "0", "aria-label": "Where it plays",
    on: { input: () => player.seek(Number(seek.value)) } });
  const time = el("span", { class: "time" });
  const tempo = el("input", { type: "range", min: String(SLOWEST), max: String(FASTEST), step: "5", value: "100",
    "aria-label": "Tempo", on: { input: setTempo } });
  const beats = el("output", { class: "tempo-beats" });
  const stage = el("p", { class: "stage lyrics", "aria-hidden": "true" });
  const node = el("div", { class: "transport", role: "group", "aria-label": "Player" }, stage,
    el("div", { class: "transport-row" }, el("div", { class: "row" }, play, stop),
      el("div", { class: "seek" }, seek, time), el("label", { class: "tempo" }, el("span", { class: "label" }, "Tempo"), tempo, beats)));

  function setTempo() {
    const rate = Number(tempo.value) / 100;
    player.setRate(rate);
    beats.textContent = `${Math.round((tune.tempo || 100) * rate)}`;
    tempo.setAttribute("aria-valuetext", `${beats.textContent} quarters a minute`);
    onBeat(player.position());
  }

  function onBeat(beat) {
    seek.value = String(beat);
    time.textContent = `${clock(player.seconds(beat))} / ${clock(player.seconds(line.end))}`;
    seek.setAttribute("aria-valuetext", time.textContent.replace("/", "of"));
    const at = cueAt(line.cues, beat);
    const cue = at >= 0 && (player.playing() || beat > 0) ? line.cues[at] : null;
    onCue(cue);
    sing(cue);
  }

  /** The line being sung, in large. */
  function sing(cue) {
    const laid = cue ? verses[cue.verse]?.[cue.phrase] : null;
    const key = laid ? `${cue.verse} ${cue.phrase}` : "";
    if (key !== shown) fill(stage, (laid?.words ?? []).flatMap((word, i) => [i ? " " : null, el("span", { "data-word": i }, word)]));
    shown = key;
    const now = laid?.syllables.findLast((syllable) => syllable.slot <= cue.slot)?.word ?? -1;
    for (const span of stage.children) span.classList.toggle("sung", Number(span.dataset.word) <= now);
    for (const span of stage.children) span.classList.toggle("now", Number(span.dataset.word) === now);
  }

  function onState(playing) {
    fill(play, icon(playing ? "pause" : "play"), el("span", {}, playing ? "Pause" : "Play"));
    node.classList.toggle("is-playing", playing);
  }

  async function playFrom(beat) {
    try {
      await player.play(beat);
    } catch (error) {
      console.warn(error);
      app.announce("This browser cannot play sound.");
    }
  }

  function toggle() {
    if (player.playing()) player.pause();
    else playFrom(undefined);
  }

  return {
    node,
    playFrom,
    toggle,
    close: () => player.close(),
    /** What is to be played, and the words over it. */
    load(next, laid) {
      line = next;
      verses = laid;
      shown = "?";
      player.load(next.sounds, next.end, tune.tempo || 100);
      seek.max = String(next.end);
      setTempo();
    },
  };
}

/** Seconds as 1:05. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const icon = (name) => el("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
