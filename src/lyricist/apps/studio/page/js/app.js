/* The shell: views behind tabs, the state they share, what is said at the foot of the window. */

import * as api from "./api.js";
import { el, fill, stylesheet } from "./dom.js";
import { mountTheme } from "./theme.js";
import { askToken } from "./token.js";

const VIEWS = [
  { name: "write", label: "Write", module: "./editor.js", css: "editor.css" },
  { name: "tune", label: "Tune", module: "./tune.js", css: "tune.css" },
  { name: "train", label: "Train", module: "./train.js", css: "train.css" },
  { name: "models", label: "Models", module: "./models.js", css: "train.css" },
];
const SAID_FOR = 6000; // ms that a message stays, errors aside

const listeners = new Map();
const byId = (id) => document.getElementById(id);

export const app = {
  api,
  /** Shared state; change it with `set`. */
  state: {
    draft: { title: "", sections: [] },
    plan: {},
    tune: null,
    model: null,
    version: null,
  },
  /** Call `fn(data, source)` on an event; returns what takes it away again. */
  on(name, fn) {
    if (!listeners.has(name)) listeners.set(name, new Set());
    listeners.get(name).add(fn);
    return () => listeners.get(name).delete(fn);
  },
  emit(name, data, source = "") {
    for (const fn of [...(listeners.get(name) ?? [])]) fn(data, source);
  },
  /** Put a value into the shared state and tell the others: `set("draft", draft, "tune")`. */
  set(name, value, source = "") {
    app.state[name] = value;
    app.emit(name, value, source);
  },
  /** Say what happened: to screen readers, and at the foot of the window. */
  announce(text, { quiet = false } = {}) {
    byId("live").textContent = text;
    if (!quiet) show(text, "said");
  },
  /** Say what went wrong; it stays until dismissed or until something else is said. */
  fail(error) {
    if (error?.name === "AbortError") return;
    const wait = error?.retryAfter ? ` Try again in ${error.retryAfter} s.` : "";
    const known = error instanceof api.ApiError;
    if (!known) console.error(error);
    const text = known ? error.message + wait : "Something went wrong in the page. Your text is kept.";
    byId("alert").textContent = text;
    show(text, "error");
  },
  /** Go to a view by its name. */
  go(name) {
    location.hash = name;
  },
};

let timer = 0;
function show(text, kind) {
  clearTimeout(timer);
  const box = byId("message");
  byId("message-text").textContent = text;
  box.dataset.kind = kind;
  box.hidden = false;
  if (kind !== "error") timer = setTimeout(() => { box.hidden = true; }, SAID_FOR);
}

const made = new Map(); // view -> its root

async function open(name) {
  const view = VIEWS.find((each) => each.name === name) ?? VIEWS[0];
  for (const link of byId("tabs").querySelectorAll("a")) {
    if (link.dataset.view === view.name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = view.name === "write" ? "lyricist" : `${view.label} · lyricist`;
  document.body.dataset.view = view.name;
  for (const [other, root] of made) root.hidden = other !== view.name;
  if (!made.has(view.name)) await mount(view);
  app.emit("view", view.name);
}

async function mount(view) {
  const root = el("div", { "data-view": view.name });
  made.set(view.name, root);
  byId("view").append(root);
  try {
    const [module] = await Promise.all([import(view.module), stylesheet(view.css)]);
    await module.mount(root, app);
  } catch (error) {
    console.warn(error);
    fill(root, el("div", { class: "notice stack" },
      el("h1", {}, view.label),
      el("p", {}, `This part of the studio could not be loaded (${view.module.slice(2)}). Reload the page to try again.`)));
  }
}

function mountTabs() {
  fill(byId("tabs"), VIEWS.map(({ name, label }) => el("a", { href: `#${name}`, "data-view": name }, label)));
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  addEventListener("keydown", (event) => {
    const n = Number(/^Digit([1-4])$/.exec(event.code)?.[1]);
    if (!n || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    app.go(VIEWS[n - 1].name);
  });
}

async function start() {
  api.access.ask = askToken;
  mountTabs();
  mountTheme(byId("masthead-end"));
  byId("message-close").addEventListener("click", () => { byId("message").hidden = true; });
  const opened = open(location.hash.slice(1));
  try {
    app.set("version", await api.get("/api/version"));
  } catch (error) {
    app.fail(error);
  }
  await opened;
}

start();
