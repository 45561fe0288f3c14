/* A plain, warm voice: two oscillators through a soft filter, with an envelope and a late, slight vibrato. */

const ATTACK = 0.03; // seconds
const RELEASE = 0.12;
const LEVEL = 0.22;

const hertz = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

/** A voice on an audio context, which is made when first asked to sound: browsers want a gesture before. */
export function createVoice(makeContext = () => new AudioContext()) {
  /** @type {AudioContext|null} */
  let context = null;
  let out = null;
  /** @type {Set<{gain: GainNode, stop: (at: number) => void}>} */
  const sounding = new Set();

  function open() {
    if (context) return;
    context = makeContext();
    const soft = new DynamicsCompressorNode(context, { threshold: -18, ratio: 3 });
    out = new GainNode(context, { gain: 0.9 });
    out.connect(soft).connect(context.destination);
  }

  return {
    now: () => (context ? context.currentTime : 0),
    async resume() {
      open();
      if (context.state !== "running") await context.resume();
    },
    /** One note: MIDI pitch, when on the context's clock, how long in seconds. */
    play(pitch, at, seconds) {
      if (!context) return;
      const note = strike(context, out, hertz(pitch), at, seconds);
      sounding.add(note);
      note.ended.then(() => sounding.delete(note));
    },
    /** Ends what sounds and takes back what was to sound. */
    silence() {
      if (!context) return;
      for (const note of sounding) note.stop(context.currentTime);
      sounding.clear();
    },
    close() {
      context?.close();
      context = null;
    },
  };
}

/** Start one note. */
function strike(context, out, frequency, at, seconds) {
  const until = at + Math.max(seconds * 0.96, 0.08);
  const gain = envelope(context, at, until);
  const filter = new BiquadFilterNode(context, { type: "lowpass", frequency: Math.min(4 * frequency, 3200), Q: 0.4 });
  filter.connect(gain).connect(out);
  const bend = vibrato(context, at, until, frequency);
  const oscillators = [
    tone(context, filter, bend, "triangle", frequency, 0.8),
    tone(context, filter, bend, "sine", 2 * frequency, 0.16),
  ];
  for (const each of [...oscillators, bend.source]) {
    each.start(at);
    each.stop(until + RELEASE);
  }
  const ended = new Promise((resolve) => oscillators[0].addEventListener("ended", resolve, { once: true }));
  return { gain, ended, stop: (now) => hush(gain, [...oscillators, bend.source], now) };
}

function envelope(context, at, until) {
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LEVEL, at + ATTACK);
  gain.gain.setTargetAtTime(LEVEL * 0.7, at + ATTACK, 0.25);
  gain.gain.setTargetAtTime(0, until - RELEASE / 2, RELEASE / 3);
  return gain;
}

function tone(context, into, bend, type, frequency, level) {
  const made = new OscillatorNode(context, { type, frequency });
  bend.depth.connect(made.frequency);
  made.connect(new GainNode(context, { gain: level })).connect(into);
  return made;
}

/** A tenth of a semitone, after the note has stood a moment. */
function vibrato(context, at, until, frequency) {
  const source = new OscillatorNode(context, { frequency: 5.2 });
  const depth = new GainNode(context, { gain: 0 });
  depth.gain.setValueAtTime(0, at + 0.35);
  depth.gain.linearRampToValueAtTime(frequency * 0.004, Math.max(until, at + 0.7));
  source.connect(depth);
  return { source, depth };
}

function hush(gain, sources, now) {
  gain.gain.cancelScheduledValues(now);
  gain.gain.setTargetAtTime(0, now, 0.015);
  for (const source of sources) source.stop(now + 0.08);
}
