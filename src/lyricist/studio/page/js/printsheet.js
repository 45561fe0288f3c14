/* What goes on paper: the score and the words, nothing else. */

import { el } from "./dom.js";

/**
 * Print score pages (as blobs) and the words. @param {{title: string, pages: Blob[], draft: any}} what
 */
export async function printSheet({ title, pages, draft }) {
  document.querySelector(".print-sheet")?.remove();
  const urls = pages.map((page) => URL.createObjectURL(page));
  const images = urls.map((src, i) => el("img", { class: "print-page", src, alt: `Page ${i + 1} of the score` }));
  const sheet = el("div", { class: "print-sheet" }, images, wordsOf(title, draft));
  document.body.append(sheet);
  document.body.classList.add("prints-sheet");
  await Promise.all(images.map((image) => image.decode()));
  addEventListener("afterprint", () => {
    sheet.remove();
    document.body.classList.remove("prints-sheet");
    urls.forEach((url) => URL.revokeObjectURL(url));
  }, { once: true });
  print();
}

function wordsOf(title, draft) {
  const sections = (draft?.sections ?? []).filter((section) => section.lines.some((line) => line.text.trim()));
  if (!sections.length) return null;
  return el("div", { class: "print-words" }, title ? el("h1", {}, title) : null,
    sections.map((section) => el("div", { class: "print-section" }, el("h2", {}, section.name), section.lines.map((line) => el("p", {}, line.text)))));
}
