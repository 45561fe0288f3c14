/* The plan: what is asked of a song before a word is chosen, checked as it is typed, and its pattern drawn. */

import { textOf, isLine } from "./doc.js";
import { debounce, el, fill } from "./dom.js";
import { BY_SECTION, FIELDS, MORE, makeFields, planOf } from "./planfields.js";
import { patternView } from "./pattern.js";
import { BY_TUNE, wishes } from "./wishes.js";

const PAUSE = 300; // ms after the last key

/** @param {any} desk @returns {{node: HTMLElement, set: (plan: any) => void}} */
export function makePlanPanel(desk, onClose) {
  const { app } = desk;
  const fields = makeFields(() => changed("plan"));
  const verdict = el("p", { class: "verdict", id: "plan-verdict", role: "status" });
  const pattern = el("div", { class: "pattern" });
  const presets = el("div", { class: "presets", role: "group", "aria-label": "Begin with" });
  const sections = el("div", { class: "plan-sections", hidden: true });
  const toTune = el("input", { type: "checkbox" });
  const tuneName = el("span");
  const tune = el("label", { class: "check plan-tune", hidden: true }, toTune, tuneName);
  toTune.addEventListener("change", () => bind(toTune.checked));
  const check = debounce(ask, PAUSE);
  let running = null;
  let toml = "";
  let bound = null; // id of the tune that is written to

  const save = el("button", { type: "button", class: "quiet small", disabled: true, on: { click: saveToml } }, "Save as plan.toml");
  const clear = el("button", { type: "button", class: "quiet small", on: { click: () => { set({}); app.announce("The plan is empty"); } } }, "Empty the plan");
  const form = el("form", { class: "plan-form", autocomplete: "off", on: { submit: (event) => event.preventDefault() } },
    tune, sections,
    FIELDS.map(({ name }) => fields.of(name).node),
    el("details", { class: "more" }, el("summary", {}, "More wishes"), el("div", { class: "plan-form" }, MORE.map(({ name }) => fields.of(name).node))));
  const node = el("aside", { class: "plan", id: "plan", "aria-label": "Plan" },
    el("div", { class: "panel-head" }, el("h2", {}, "Plan"), el("button", { type: "button", class: "quiet only-over", on: { click: onClose } }, "Close")),
    presets, verdict, form, pattern, el("div", { class: "row" }, save, clear));

  function changed(kind = "") {
    const plan = planOf(fields, app.state.plan.sections);
    if (JSON.stringify(plan) !== JSON.stringify(desk.plan)) desk.replan(plan, kind);
    app.state.drawing = fields.drawing();
    app.state.seed = fields.seed();
    app.set("plan", plan, "plan");
    check();
  }

  /** Another plan as a whole. */
  function set(plan, { name = "" } = {}) {
    fields.set(plan);
    app.state.plan = { ...plan };
    showSections(plan.sections, name);
    changed();
  }

  function showSections(list, name) {
    sections.hidden = !list?.length;
    hideSaid();
    if (!list?.length) return;
    fill(sections, el("p", { class: "small" }, `${name || "Each section has wishes of its own"}: ${list.map((each) => each.name).join(", ")}.`),
      el("button", { type: "button", class: "quiet small", on: { click: () => set(planOf(fields, null)) } }, "Write a plan of my own"));
  }

  /** Fields whose wishes the sections or the tune say are not there. */
  function hideSaid() {
    const bySections = Boolean(app.state.plan.sections?.length);
    for (const name of BY_SECTION) fields.of(name).node.hidden = bySections || (app.state.toTune && BY_TUNE.includes(name));
  }

  async function ask() {
    running?.abort();
    running = new AbortController();
    try {
      const found = await app.api.post("/api/plan", wishes(app, { always: true }), running.signal);
      toml = found.toml;
      said(found.feasible ? "" : found.reason, found);
      app.state.pattern = found.sections?.length ? found.sections : null;
      fill(pattern, patternView(found.sections ?? []));
    } catch (error) {
      if (error.name === "AbortError") return;
      app.state.pattern = null;
      said(error.message, null, error);
    }
    save.disabled = !toml;
    app.emit("pattern", app.state.pattern, "plan");
  }

  function said(reason, found, error = null) {
    const named = /(?:--)?\b(form|lines|syllables|metre|rhyme[-_]kind|rhyme[-_]with|rhyme|about|person|tense|include|avoid|start|acrostic|refrain|title|max[-_]copy)\b/.exec(reason ?? "");
    fields.wrong(error?.status === 422 || error?.status === 400 ? named?.[1].replace("-", "_") : null, reason);
    verdict.dataset.kind = reason ? "blocked" : "free";
    const asked = Object.keys(app.state.plan).length > 0;
    verdict.textContent = reason ? reason.replace(/--/g, "") : asked ? "This plan can be fulfilled." : "Nothing is asked for: any song will do.";
    if (found) toml = found.toml;
  }

  function saveToml() {
    app.emit("save", { text: toml, name: "plan.toml", type: "application/toml" }, "plan");
  }

  async function likeThis() {
    if (!desk.doc.rows.some((row) => isLine(row.text))) return app.announce("Write or paste a song first: the plan is read off it");
    try {
      const plan = await app.api.post("/api/plan/like", { text: textOf(desk.doc) });
      set(plan, { name: "Like the song on the sheet" });
      app.announce("The plan is like the song on the sheet");
    } catch (error) {
      app.fail(error);
    }
  }

  async function loadPresets() {
    try {
      const { presets: list } = await app.api.get("/api/presets");
      const buttons = list.map(({ label, about, plan }) => el("button", {
        type: "button", class: "preset", title: about, on: { click: () => { set(plan, { name: label }); app.announce(`${label}: ${about}`, { quiet: true }); } },
      }, label));
      const like = el("button", { type: "button", class: "preset", title: "Same form, syllables, stresses and rhymes as the song on the sheet", on: { click: likeThis } }, "Like this song");
      fill(presets, buttons, like);
    } catch (error) {
      app.fail(error);
    }
  }

  /** Offer to write to the tune that was chosen; its phrases then say what the lines are. */
  function showTune(found) {
    tune.hidden = !found;
    tuneName.textContent = found ? `Write to the tune \u201c${found.title || "untitled"}\u201d` : "";
    if (bound && found?.id !== bound) bind(false);
  }

  function bind(on) {
    toTune.checked = on;
    app.state.toTune = on;
    bound = on ? app.state.tune.id : null;
    hideSaid();
    changed();
  }

  app.on("tune", showTune);
  app.on("model", check);
  app.on("plan", (plan, source) => { if (source !== "plan") set(plan ?? {}); });
  showTune(app.state.tune);
  loadPresets();
  check.now();
  return { node, set, check };
}
