/* The train view: lyrics in, what was understood, and the trainings there are. */

import { el, field, fill, stylesheet } from "./dom.js";
import { fileDrop } from "./filedrop.js";
import { TrainingCard } from "./training.js";

const KINDS = ".txt,.md,.csv,.tsv,.json,.jsonl,.lrc,.cho,.chordpro,.crd,.pro,.kar,.mid,.midi,.musicxml,.xml,.mxl,.abc,.zip";
const LENGTHS = [[60, "1 minute", "a taste"], [300, "5 minutes", "for a handful of songs"], [1200, "20 minutes", "for a songbook"]];
const BASES = [["starter", "From the starter", "knows English already"], ["scratch", "From scratch", "knows nothing but your songs"]];
const RIGHTS = [["", "Choose one"], ["own lyrics", "I wrote them"], ["public domain", "They are in the public domain"],
  ["used with permission", "I have permission to train on them"]];

/** @param {HTMLElement} root @param {any} app */
export async function mount(root, app) {
  await stylesheet("parts.css");
  const cards = new Map();
  const list = el("div", { class: "trainings stack" });
  const form = uploadForm(app, root, (training) => {
    add(training, true);
    app.announce(`${training.understood.songs} songs read: start when you are ready.`);
  });
  const off = el("p", { class: "panel", hidden: true }, "Training is switched off in this studio.");
  root.append(el("div", { class: "view train stack" },
    el("div", { class: "stack tight" }, el("h1", {}, "Train on your songs"),
      el("p", { class: "muted" }, "A model that knows your words and your turns of phrase. Nothing leaves this studio.")),
    off, form, list));

  function add(training, first = false) {
    const card = new TrainingCard(app, training, () => {
      card.node.remove();
      cards.delete(training.id);
    });
    cards.set(training.id, card);
    if (first) list.prepend(card.node);
    else list.append(card.node);
    if (first) card.node.querySelector("button")?.focus();
  }

  async function refresh() {
    const allowed = app.state.version?.training !== false;
    off.hidden = allowed;
    form.hidden = !allowed;
    if (!allowed) return;
    try {
      const { trainings } = await app.api.get("/api/training");
      for (const training of trainings) if (!cards.has(training.id)) add(training);
      for (const [id, card] of cards) if (!trainings.some((training) => training.id === id)) card.gone();
    } catch (error) {
      app.fail(error);
    }
  }
  app.on("view", (name) => name === "train" && refresh());
  app.on("version", refresh);
}

/** Files and what is to be made of them. */
function uploadForm(app, area, onRead) {
  let files = [];
  const chosen = el("ul", { class: "chosen" });
  const drop = fileDrop({ label: "Choose lyrics", multiple: true, accept: KINDS, onFiles: choose, area,
    about: "Text, ChordPro, LRC, CSV, JSON and more; a file may hold one song or many." });
  const name = field("Name of the model", el("input", { type: "text", maxLength: 100, placeholder: "My songs", autocomplete: "off" }));
  const rights = field("May you use these lyrics?", el("select", { required: true }, RIGHTS.map(([value, text]) => el("option", { value }, text))),
    "Train only on lyrics you wrote or have the right to use. Your answer is kept with the model.");
  const length = choice("How long", "length", LENGTHS, 300);
  const base = choice("What it begins with", "base", BASES, "starter");
  const button = el("button", { type: "submit", class: "primary" }, "Read these lyrics");
  const details = el("div", { class: "train-details stack", hidden: true },
    el("div", { class: "train-fields" }, name.node, rights.node, length.node, base.node), el("div", { class: "row" }, button));
  const form = el("form", { class: "panel train-form stack", noValidate: true, on: { submit } }, drop.node, chosen, details);

  function choose(more) {
    const known = new Set(files.map(sameness));
    files = [...files, ...more.filter((file) => !known.has(sameness(file)))];
    rights.wrong("");
    show();
  }

  function show() {
    drop.small(files.length > 0);
    details.hidden = !files.length;
    fill(chosen, files.map((file) => el("li", {}, el("span", { class: "file-name" }, file.name), el("span", { class: "muted small" }, size(file.size)),
      el("button", { type: "button", class: "quiet", "aria-label": `Leave out ${file.name}`, on: { click: () => leaveOut(file) } }, "Leave out"))));
  }

  function leaveOut(file) {
    files = files.filter((each) => each !== file);
    show();
    drop.node.querySelector("input").focus();
  }

  async function submit(event) {
    event.preventDefault();
    rights.wrong(rights.control.value ? "" : "Say whether you may use them: training needs an answer.");
    if (!rights.control.value) return rights.control.focus();
    button.disabled = true;
    drop.busy(`Reading ${files.length === 1 ? files[0].name : `${files.length} files`} …`);
    try {
      const options = { name: name.control.value.trim() || "My songs", from: base.value(), budget_seconds: Number(length.value()), licence: rights.control.value };
      onRead(await app.api.upload("/api/training", formOf(files, options)));
      files = [];
      name.control.value = "";
      show();
    } catch (error) {
      app.fail(error);
    } finally {
      button.disabled = false;
      drop.busy("");
    }
  }
  return form;
}

function formOf(files, options) {
  const form = new FormData();
  for (const file of files) form.append("files", file);
  form.append("options", JSON.stringify(options));
  return form;
}

/** One of several, with a word on each: `{node, value()}`. */
function choice(legend, name, options, first) {
  const node = el("fieldset", { class: "choice" }, el("legend", {}, legend), options.map(([value, label, about]) =>
    el("label", { class: "check" }, el("input", { type: "radio", name, value: String(value), checked: value === first }),
      el("span", {}, label, el("span", { class: "muted small" }, ` ${about}`)))));
  return { node, value: () => node.querySelector("input:checked").value };
}

const sameness = (file) => `${file.name} ${file.size} ${file.lastModified}`;

const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
