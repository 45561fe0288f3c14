/* The models view: which there are, what each is, which one writes. */

import { el, fill, stylesheet } from "./dom.js";
import { markdown } from "./markdown.js";

/** @param {HTMLElement} root @param {any} app */
export async function mount(root, app) {
  await stylesheet("parts.css");
  const list = el("ul", { class: "models" });
  const card = el("article", { class: "panel model-card", "aria-label": "Model card", tabindex: -1, hidden: true });
  const none = el("p", { class: "muted", hidden: true }, "No model is there yet: train one from songs of yours.");
  root.append(el("div", { class: "view stack" },
    el("div", { class: "stack tight" }, el("h1", {}, "Models"),
      el("p", { class: "muted" }, "Who writes your lines: the starter that came with lyricist, and those you trained.")),
    none, el("div", { class: "models-body" }, list, card)));
  let reading = "";

  async function refresh() {
    try {
      const { models } = await app.api.get("/api/models");
      none.hidden = models.length > 0;
      fill(list, models.map(itemOf));
      const read = models.find((model) => model.name === reading) ?? models.find((model) => model.current);
      if (read) await readCard(read.name);
      else card.hidden = true;
    } catch (error) {
      app.fail(error);
    }
  }

  function itemOf(model) {
    const use = model.current
      ? el("p", { class: "in-use small" }, "Writes now")
      : el("button", { type: "button", "aria-label": `Use ${labelOf(model)}`, on: { click: () => choose(model) } }, "Use");
    return el("li", { class: model.current ? "panel model current" : "panel model", "data-model": model.name },
      el("div", { class: "model-head" }, el("h2", {}, labelOf(model)), use),
      el("p", { class: "muted small" }, factsOf(model).join(" · ")),
      el("button", { type: "button", class: "quiet link", "aria-label": `Read the card of ${labelOf(model)}`,
        on: { click: () => readCard(model.name, true) } }, "Read its card"));
  }

  async function choose(model) {
    try {
      await useModel(app, model.name, labelOf(model));
      reading = model.name;
      await refresh();
      list.querySelector(".current button")?.focus();
    } catch (error) {
      app.fail(error);
    }
  }

  async function readCard(name, asked = false) {
    reading = name;
    try {
      const found = await app.api.get(`/api/models/${encodeURIComponent(name)}/card`);
      if (reading !== name) return;
      fill(card, markdown(found.markdown, 2));
      card.hidden = false;
      for (const item of list.children) item.classList.toggle("read", item.dataset.model === name);
      if (asked) card.focus();
    } catch (error) {
      app.fail(error);
    }
  }

  app.on("models", refresh);
  app.on("view", (name) => name === "models" && refresh());
}

/** Let a model write from now on. */
export async function useModel(app, name, label = name) {
  await app.api.put("/api/models/current", { name });
  app.set("model", name, "models");
  app.announce(`${label} writes now.`);
}

const labelOf = (model) => model.label || model.name;

const KINDS = { starter: "comes with lyricist", own: "trained here", folder: "from the folder of models" };
const FEATURES = { slots: "sees the notes of a line", theme: "follows a theme", melody: "hears the melody" };

function factsOf(model) {
  return [
    KINDS[model.kind] ?? model.kind,
    model.parameters ? `${size(model.parameters)} parameters` : "",
    model.vocabulary ? `${model.vocabulary.toLocaleString("en")} words` : "",
    model.direction ? (/right|back/.test(model.direction) ? "writes lines from their end" : "writes lines from their beginning") : "",
    ...(model.features ?? []).map((feature) => FEATURES[feature] ?? feature),
  ].filter(Boolean);
}

const size = (count) => (count >= 1e6 ? `${(count / 1e6).toFixed(1)} million` : count.toLocaleString("en"));
