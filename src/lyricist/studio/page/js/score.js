/* The engraved score, page by page. Each page is shown as an image, so that nothing in it can run. */

import { debounce, el, fill } from "./dom.js";
import { scoreRequest } from "./tuneactions.js";

/** @param {any} app @param {any} tune */
export function mountScore(app, tune) {
  const image = el("img", { class: "score-page", alt: "" });
  const paper = el("button", { type: "button", class: "paper", hidden: true, title: "Enlarge", "aria-haspopup": "dialog",
    on: { click: enlarge } }, image);
  const said = el("p", { class: "muted small", role: "status" });
  const where = el("span", { class: "small", "aria-live": "polite" });
  const before = turn("Previous page", "‹", -1);
  const after = turn("Next page", "›", 1);
  const pager = el("div", { class: "row pager", hidden: true }, before, where, after);
  const node = el("div", { class: "panel score-panel stack" },
    el("div", { class: "score-head" }, el("h2", { class: "small-head" }, "Score"), pager), said, paper);
  let page = 1;
  let pages = 1;
  let stale = true;
  let url = "";
  let asking = null;

  function turn(label, text, by) {
    return el("button", { type: "button", class: "quiet", "aria-label": label, on: { click: () => load(page + by) } }, text);
  }

  /** The page in the whole window. */
  function enlarge() {
    const close = el("button", { type: "button", class: "quiet", on: { click: () => box.close() } }, "Close");
    const large = el("img", { class: "score-page", src: image.src, alt: image.alt });
    const box = el("dialog", { class: "score-large", "aria-label": "Score", on: { close: () => box.remove() } },
      el("div", { class: "dialog-head" }, el("h2", {}, app.state.draft.title || tune.title || "Score"), close), large);
    document.body.append(box);
    box.showModal();
  }

  const seen = () => Boolean(node.offsetParent);

  async function load(wanted = page) {
    asking?.abort();
    asking = new AbortController();
    stale = false;
    node.setAttribute("aria-busy", "true");
    try {
      const { blob, notice } = await fetchPage(wanted, asking.signal);
      page = Math.min(wanted, pages);
      await show(blob, notice);
    } catch (error) {
      if (error.name === "AbortError") return;
      paper.hidden = true;
      pager.hidden = true;
      said.textContent = error.message;
    }
    node.removeAttribute("aria-busy");
  }

  /** With the draft's words; with none where they do not fit, and why. */
  async function fetchPage(number, signal) {
    const request = scoreRequest(app, tune, "svg");
    try {
      return { blob: await one(request, number, signal), notice: "" };
    } catch (error) {
      if (error.name === "AbortError" || !request.draft || error.status === 404) throw error;
      const blob = await one({ tune: tune.id, format: "svg" }, number, signal);
      return { blob, notice: `Without your words, for now: ${error.message}` };
    }
  }

  async function one(request, number, signal) {
    const { blob, headers } = await app.api.file(`/api/score?page=${number}`, request, signal);
    pages = Number(headers.get("X-Pages")) || 1;
    return new Blob([blob], { type: "image/svg+xml" });
  }

  async function show(blob, notice) {
    const next = URL.createObjectURL(blob);
    image.src = next;
    await image.decode().catch(() => {});
    if (url) URL.revokeObjectURL(url);
    url = next;
    const title = app.state.draft.title || tune.title || "the tune";
    image.alt = `The score of ${title}, page ${page} of ${pages}. The notes and words are in the table of notes.`;
    said.textContent = notice;
    paper.hidden = false;
    pager.hidden = pages < 2;
    where.textContent = `Page ${page} of ${pages}`;
    before.disabled = page <= 1;
    after.disabled = page >= pages;
  }

  const soon = debounce(() => seen() && load(), 500);
  return {
    node,
    /** The words have changed. */
    refresh() {
      stale = true;
      soon();
    },
    shown: () => stale && load(),
    /** Every page as an image, for printing. @returns {Promise<Blob[]>} */
    async allPages() {
      const { blob } = await fetchPage(1);
      const out = [blob];
      for (let number = 2; number <= pages; number++) out.push((await fetchPage(number)).blob);
      return out;
    },
    close() {
      soon.cancel();
      asking?.abort();
      if (url) URL.revokeObjectURL(url);
    },
  };
}
