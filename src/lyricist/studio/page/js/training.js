/* One training: what was understood, how it goes, what it writes, what can be done with it. */

import { lossChart } from "./chart.js";
import { el, fill } from "./dom.js";
import { useModel } from "./models.js";
import { remaining, understoodOf } from "./understood.js";

const SAMPLES = 12; // kept in sight
const AGAIN = 2000; // ms before following is tried again

/**
 * A card that follows its training while it is at work.
 * @param {any} app @param {any} first the training as the API gave it @param {() => void} onRemoved
 */
export function trainingCard(app, first, onRemoved) {
  let training = first;
  let following = null;
  const chart = lossChart();
  const parts = cardParts(chart.node);
  const { node } = parts;
  node.dataset.training = first.id;

  function show(next) {
    const before = training.status;
    training = { ...training, ...next };
    node.dataset.status = training.status;
    parts.name.textContent = training.name;
    parts.status.textContent = SAID[training.status] ?? training.status;
    parts.message.textContent = training.message ?? "";
    parts.message.hidden = !training.message;
    showProgress(parts, training);
    if (training.understood) fill(parts.understood, understoodOf(training));
    chart.node.hidden = training.status === "ready";
    chart.draw(lossesOf(training));
    showSamples(parts.samples, training.samples ?? []);
    if (before !== training.status || !parts.actions.childElementCount) fill(parts.actions, actions());
  }

  function actions() {
    const { status, model } = training;
    return [
      status === "ready" ? button("Start training", () => act("start"), "primary") : null,
      status === "running" ? button("Stop", () => act("stop")) : null,
      status === "stopped" || status === "failed" ? button("Go on", () => act("resume"), "primary") : null,
      model ? button("Write with it", use, status === "done" ? "primary" : "") : null,
      status === "running" || status === "stopping" ? null : button("Delete", remove, "quiet"),
    ].filter(Boolean);
  }

  const button = (label, fn, kind = "") =>
    el("button", { type: "button", class: kind, "aria-label": `${label}: ${training.name}`, on: { click: fn } }, label);

  async function act(what) {
    try {
      show(await app.api.post(`/api/training/${training.id}/${what}`, {}));
      app.announce({ start: "Training has begun.", stop: "Saving what was learned …", resume: "Training goes on." }[what]);
      if (what !== "stop") follow();
    } catch (error) {
      app.fail(error);
    }
  }

  async function use() {
    try {
      await useModel(app, training.model, training.name);
    } catch (error) {
      app.fail(error);
    }
  }

  async function remove() {
    if (!confirm(`Delete the training “${training.name}” and its model?`)) return;
    try {
      await app.api.del(`/api/training/${training.id}`);
      onRemoved();
      app.emit("models");
      app.announce(`${training.name} is deleted.`);
    } catch (error) {
      app.fail(error);
    }
  }

  async function refetch() {
    show(await app.api.get(`/api/training/${training.id}`));
    return training.status === "running" || training.status === "stopping";
  }

  /** Listen as long as it is at work. */
  async function follow() {
    following?.abort();
    const mine = new AbortController();
    following = mine;
    try {
      let alive = true;
      while (alive && !mine.signal.aborted) {
        await app.api.stream(`/api/training/${training.id}/events`, null, onEvent, mine.signal);
        alive = await refetch();
        if (alive) await new Promise((done) => setTimeout(done, AGAIN));
      }
      if (["done", "stopped", "failed"].includes(training.status)) ended();
    } catch (error) {
      app.fail(error);
    }
  }

  function onEvent(name, data) {
    if (name === "status") show(data);
    else if (name === "progress") {
      const curve = [...(training.curve ?? []), { step: data.step, loss: data.loss }];
      show({ ...kept(data, ["progress", "words_per_second", "seconds_left"]), curve, status: alive(training.status) });
    }
    else if (name === "evaluated") show({ valid_loss: data.valid_loss, history: [...(training.history ?? []), data] });
    else if (name === "sample") show({ samples: [...(training.samples ?? []), data] });
    else if (name === "finished") show({ finished: data });
  }

  function ended() {
    app.emit("models");
    app.announce(training.status === "done" ? `${training.name} is trained.` : `${training.name}: ${SAID[training.status]}.`);
  }

  show(first);
  if (first.status === "running" || first.status === "stopping") follow();
  else if (!first.history) refetch().catch((error) => app.fail(error));
  return {
    node,
    /** Deleted elsewhere. */
    gone() {
      if (!following || following.signal.aborted) onRemoved();
    },
    close() {
      following?.abort();
      chart.close();
    },
  };
}

const SAID = { ready: "Ready", running: "Training", stopping: "Saving", stopped: "Stopped", done: "Done", failed: "Failed" };

const alive = (status) => (status === "stopping" ? status : "running");

/** The loss of the songs trained on is known at every step, that of those held out at evaluations. */
const lossesOf = ({ curve = [], history = [] }) =>
  ({ train: curve, heldOut: history.map(({ step, valid_loss: loss }) => ({ step, loss })) });

const kept = (data, names) => Object.fromEntries(names.filter((name) => name in data).map((name) => [name, data[name]]));

function cardParts(chart) {
  const parts = {
    name: el("h2"),
    status: el("span", { class: "chip", role: "status" }),
    message: el("p", { class: "training-message small", hidden: true }),
    bar: el("progress", { max: 1, value: 0, "aria-label": "Progress" }),
    figures: el("p", { class: "figures small muted" }),
    understood: el("div", { class: "understood" }),
    samples: el("div", { class: "samples stack", hidden: true }),
    actions: el("div", { class: "row training-actions" }),
  };
  parts.progress = el("div", { class: "training-progress" }, parts.bar, parts.figures);
  const head = el("div", { class: "training-head" }, el("div", { class: "row" }, parts.name, parts.status), parts.actions);
  parts.node = el("article", { class: "panel training stack" }, head, parts.message, parts.progress, parts.understood,
    el("div", { class: "training-body" }, chart, parts.samples));
  return parts;
}

function showProgress({ progress, bar, figures }, training) {
  progress.hidden = training.status === "ready";
  bar.value = training.progress ?? 0;
  const number = (value, digits) => value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const { before } = training.finished ?? {};
  const kept = training.status === "done" ? bestStep(training.history) : null;
  figures.textContent = [
    `${Math.floor(100 * (training.progress ?? 0))} %`,
    Number.isFinite(training.valid_loss) ? `held-out loss ${number(training.valid_loss, 2)}${Number.isFinite(before) ? `, ${number(before, 2)} before` : ""}` : "",
    kept === null ? "" : `the model of step ${kept.toLocaleString("en")} is kept`,
    training.status === "running" && training.words_per_second ? `${number(training.words_per_second, 0)} words a second` : "",
    training.status === "running" && Number.isFinite(training.seconds_left) ? remaining(training.seconds_left) : "",
  ].filter(Boolean).join(" · ");
}

/** The step of the lowest held-out loss, whose model is kept. */
function bestStep(history = []) {
  const known = history.filter((each) => Number.isFinite(each.valid_loss));
  return known.length ? known.reduce((best, each) => (each.valid_loss < best.valid_loss ? each : best)).step : null;
}

/** What it writes by now, the newest first. */
function showSamples(node, samples) {
  node.hidden = !samples.length;
  if (node.childElementCount === Math.min(samples.length, SAMPLES) + 1) return;
  fill(node, el("h3", {}, "What it writes"), samples.slice(-SAMPLES).reverse().map(({ step, text }) =>
    el("figure", { class: "sample" }, el("figcaption", { class: "muted small" }, `step ${step.toLocaleString("en")}`),
      el("blockquote", { class: "lyrics" }, String(text).split(/\n| \/ /).map((line) => el("p", {}, line || "\u00a0"))))));
}
