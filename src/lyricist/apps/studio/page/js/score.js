/* The engraved score, page by page. Each page is shown as an image, so that nothing in it can run. */

import { debounce, el, fill } from "./dom.js";
import { onBrowserPrint, printSheet } from "./printsheet.js";
import { scoreRequest } from "./tuneactions.js";

/** @param {any} app @param {any} tune */
export function mountScore(app, tune) {
  const image = el("img", { class: "score-page", alt: "" });
  const paper = el("div", { class: "score-paper", hidden: true, on: { click: enlarge } }, image);
  const larger = el("button", { type: "button", class: "quiet", "aria-haspopup": "dialog", hidden: true, on: { click: enlarge } }, "Enlarge");
  const said = el("p", { class: "muted small", role: "status" });
  const where = el("span", { class: "small", "aria-live": "polite" });
  const before = turn("Previous page", "‹", -1);
  const after = turn("Next page", "›", 1);
  const printing = el("button", { type: "button", class: "quiet", on: { click: printAll } }, "Print");
  const pager = el("div", { class: "row pager", hidden: true }, before, where, after);
  const node = el("div", { class: "panel score-panel stack" },
    el("div", { class: "score-head" }, el("h2", { class: "small-head" }, "Score"), el("div", { class: "row" }, pager, printing, larger)), said, paper);
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

  const titled = () => app.state.draft.title || tune.title || "";

  /** Every page, and the words. */
  async function printAll() {
    printing.disabled = true;
    try {
      const sheets = [await fetchPage(1)];
      for (let number = 2; number <= pages; number++) sheets.push(await fetchPage(number));
      await printSheet({ title: titled(), pages: sheets, draft: app.state.draft });
    } catch (error) {
      app.fail(error);
    } finally {
      printing.disabled = false;
    }
  }

  const seen = () => Boolean(node.offsetParent);

  async function load(wanted = page) {
    asking?.abort();
    asking = new AbortController();
    stale = false;
    node.setAttribute("aria-busy", "true");
    try {
      const blob = await fetchPage(wanted, asking.signal);
      page = Math.min(wanted, pages);
      await show(blob);
    } catch (error) {
      if (error.name === "AbortError") return;
      paper.hidden = larger.hidden = true;
      pager.hidden = true;
      said.textContent = error.message;
    }
    node.removeAttribute("aria-busy");
  }

  /** Lines that do not fit their phrases are left out of a score that is only looked at. */
  async function fetchPage(number, signal) {
    const request = { ...scoreRequest(app, tune, "svg"), partial: true };
    const { blob, headers } = await app.api.file(`/api/score?page=${number}`, request, signal);
    pages = Number(headers.get("X-Pages")) || 1;
    return new Blob([blob], { type: "image/svg+xml" });
  }

  async function show(blob) {
    const next = URL.createObjectURL(blob);
    image.src = next;
    await image.decode().catch(() => {});
    if (url) URL.revokeObjectURL(url);
    url = next;
    const title = app.state.draft.title || tune.title || "the tune";
    image.alt = `The score of ${title}, page ${page} of ${pages}. The notes and words are in the table of notes.`;
    said.textContent = "";
    paper.hidden = larger.hidden = false;
    pager.hidden = pages < 2;
    where.textContent = `Page ${page} of ${pages}`;
    before.disabled = page <= 1;
    after.disabled = page >= pages;
  }

  const soon = debounce(() => seen() && load(), 500);
  const noPrint = onBrowserPrint(() => (seen() && url ? { title: titled(), urls: [url], draft: app.state.draft } : null));
  return {
    node,
    /** The words have changed. */
    refresh() {
      stale = true;
      soon();
    },
    shown: () => stale && load(),
    close() {
      soon.cancel();
      noPrint();
      asking?.abort();
      if (url) URL.revokeObjectURL(url);
    },
  };
}
