/* The tunes that were uploaded before, to open again or to forget; and which one was open last. */

import { el, fill } from "./dom.js";
import { fetchTune } from "./reading.js";

const KEY = "lyricist.tune";
const MOST = 8;

/** Remember which tune is open, in this browser. */
export function remember(tune) {
  try {
    if (tune) localStorage.setItem(KEY, JSON.stringify({ id: tune.id, reading: tune.reading ?? {} }));
    else localStorage.removeItem(KEY);
  } catch { /* private windows keep nothing */ }
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}

/** @param {any} app @param {(tune: any) => void} onOpen */
export function tuneList(app, onOpen) {
  const list = el("ul", { class: "tune-list" });
  const node = el("section", { class: "stack tight", "aria-label": "Tunes from before", hidden: true },
    el("h2", { class: "small-head" }, "Tunes from before"), list);

  async function refresh() {
    try {
      const { tunes } = await app.api.get("/api/tunes");
      node.hidden = !tunes.length;
      fill(list, tunes.slice(0, MOST).map(itemOf));
      return tunes;
    } catch (error) {
      app.fail(error);
      return [];
    }
  }

  const itemOf = (tune) => el("li", {},
    el("button", { type: "button", class: "quiet tune-name", on: { click: () => open(tune.id) } }, tune.title || tune.name),
    el("span", { class: "muted small" }, tune.title === tune.name ? "" : tune.name),
    el("button", { type: "button", class: "quiet", "aria-label": `Forget ${tune.title || tune.name}`, on: { click: () => forget(tune.id) } }, "Forget"));

  async function open(id, reading) {
    try {
      onOpen(await fetchTune(app, id, reading));
    } catch (error) {
      app.fail(error);
    }
  }

  async function forget(id) {
    try {
      await app.api.del(`/api/tunes/${id}`);
    } catch (error) {
      app.fail(error);
    }
    await refresh();
  }

  return {
    node,
    refresh,
    /** Open the tune that was open when the page was left, if it is still there. */
    async again() {
      const last = remembered();
      const tunes = await refresh();
      if (last && !app.state.tune && tunes.some((tune) => tune.id === last.id)) await open(last.id, last.reading);
    },
  };
}
