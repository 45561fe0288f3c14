/* One training: what was understood, how it goes, what it writes, what can be done with it. */

import { lossChart } from "./chart.js";
import { el, fill } from "./dom.js";
import { useModel } from "./models.js";
import { remaining, understoodOf } from "./understood.js";

const SAMPLES = 12; // kept in sight
const AGAIN = 2000; // ms before following is tried again

/** A card that follows its training while it is at work. */
export class TrainingCard {
  #following = null;

  /** @param {any} app @param {any} training as the API gave it @param {() => void} onRemoved */
  constructor(app, training, onRemoved) {
    Object.assign(this, { app, training, onRemoved });
    this.chart = lossChart();
    this.parts = cardParts(this.chart.node);
    this.node = this.parts.node;
    this.node.dataset.training = training.id;
    this.#show(training);
    if (AT_WORK.includes(training.status)) this.#follow();
    else if (!training.history) this.#refetch().catch((error) => app.fail(error));
  }

  /** Deleted elsewhere. */
  gone() {
    this.close();
    this.onRemoved();
  }

  close() {
    this.#following?.abort();
    this.chart.close();
  }

  #show(next) {
    const before = this.training.status;
    const { parts } = this;
    const training = { ...this.training, ...next };
    this.training = training;
    this.node.dataset.status = training.status;
    parts.name.textContent = training.name;
    parts.status.textContent = SAID[training.status] ?? training.status;
    parts.message.textContent = training.message ?? "";
    parts.message.hidden = !training.message;
    showProgress(parts, training);
    if (training.understood) showUnderstood(parts.understood, training);
    this.chart.node.hidden = training.status === "ready";
    this.chart.draw(lossesOf(training));
    showSamples(parts.samples, training.samples ?? []);
    if (before !== training.status || "model" in next) fill(parts.actions, this.#actions());
  }

  #actions() {
    const { status, model } = this.training;
    const button = (label, fn, kind = "") =>
      el("button", { type: "button", class: kind, "aria-label": `${label}: ${this.training.name}`, on: { click: fn } }, label);
    return [
      status === "ready" ? button("Start training", () => this.#act("start"), "primary") : null,
      status === "running" ? button("Stop", () => this.#act("stop")) : null,
      status === "stopped" || status === "failed" ? button("Go on", () => this.#act("resume"), "primary") : null,
      model ? button("Write with it", () => this.#use(), status === "done" ? "primary" : "") : null,
      AT_WORK.includes(status) ? null : button("Delete", () => this.#remove(), "quiet"),
    ].filter(Boolean);
  }

  async #act(what) {
    try {
      this.#show(await this.app.api.post(`/api/training/${this.training.id}/${what}`, {}));
      this.app.announce({ start: "Training has begun.", stop: "Saving what was learned …", resume: "Training goes on." }[what]);
      this.parts.actions.querySelector("button")?.focus();
      if (what !== "stop") this.#follow();
    } catch (error) {
      this.app.fail(error);
    }
  }

  async #use() {
    try {
      await useModel(this.app, this.training.model, this.training.name);
      this.app.go("write");
    } catch (error) {
      this.app.fail(error);
    }
  }

  async #remove() {
    if (!confirm(`Delete the training “${this.training.name}” and its model?`)) return;
    try {
      await this.app.api.del(`/api/training/${this.training.id}`);
      this.gone();
      this.app.emit("models");
      this.app.announce(`${this.training.name} is deleted.`);
    } catch (error) {
      this.app.fail(error);
    }
  }

  /** What is known by now; whether it is at work. */
  async #refetch() {
    this.#show(await this.app.api.get(`/api/training/${this.training.id}`));
    return AT_WORK.includes(this.training.status);
  }

  /** Listen as long as it is at work. */
  async #follow() {
    this.#following?.abort();
    this.#following = new AbortController();
    const { signal } = this.#following;
    try {
      while ((await this.#hear(signal)) && !signal.aborted) await new Promise((done) => setTimeout(done, AGAIN));
      if (!signal.aborted) this.#ended();
    } catch (error) {
      this.app.fail(error);
    }
  }

  /** Listen until the stream ends; whether it is still at work, or cannot be reached for now. */
  async #hear(signal) {
    try {
      await this.app.api.stream(`/api/training/${this.training.id}/events`, null, (name, data) => this.#onEvent(name, data), signal);
      return await this.#refetch();
    } catch (error) {
      if (error.code !== "offline" || signal.aborted) throw error;
      this.#show({ message: "The studio does not answer; trying again. The training goes on by itself." });
      return true;
    }
  }

  #onEvent(name, data) {
    const { curve = [], history = [], samples = [], status } = this.training;
    if (name === "status") this.#show(data);
    else if (name === "progress") {
      const known = kept(data, ["progress", "words_per_second", "seconds_left"]);
      this.#show({ ...known, curve: [...curve, { step: data.step, loss: data.loss }], status: status === "stopping" ? status : "running" });
    } else if (name === "evaluated") this.#show({ valid_loss: data.valid_loss, history: [...history, data] });
    else if (name === "sample") this.#show({ samples: [...samples, data] });
    else if (name === "finished") this.#show({ finished: data });
  }

  #ended() {
    const { name, status } = this.training;
    this.app.emit("models");
    this.app.announce(status === "done" ? `${name} is trained.` : `${name}: ${SAID[status].toLowerCase()}.`);
  }
}

const AT_WORK = ["running", "stopping"];

const SAID = { ready: "Ready", running: "Training", stopping: "Saving", stopped: "Stopped", done: "Done", failed: "Failed" };

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

/** What was read does not change, but whether it lies open is the reader's once it is shown. */
function showUnderstood(node, training) {
  const key = `${training.id} ${training.status === "ready"}`;
  if (node.dataset.shown === key) return;
  node.dataset.shown = key;
  fill(node, understoodOf(training));
}

/** What it writes by now, the newest first. */
function showSamples(node, samples) {
  node.hidden = !samples.length;
  if (node.childElementCount === Math.min(samples.length, SAMPLES) + 1) return;
  fill(node, el("h3", {}, "What it writes"), samples.slice(-SAMPLES).reverse().map(({ step, text }) =>
    el("figure", { class: "sample" }, el("figcaption", { class: "muted small" }, `step ${step.toLocaleString("en")}`),
      el("blockquote", { class: "lyrics" }, String(text).split(/\n| \/ /).map((line) => el("p", {}, line || "\u00a0"))))));
}
