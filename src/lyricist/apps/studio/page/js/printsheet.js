/* What goes on paper: the score and the words, nothing else. */

import { el } from "./dom.js";

/** Print score pages (as blobs) and the words. @param {{title: string, pages: Blob[], draft: any}} what */
export async function printSheet({ title, pages, draft }) {
  const urls = pages.map((page) => URL.createObjectURL(page));
  const images = layOut(title, urls, draft);
  await Promise.all(images.map((image) => image.decode()));
  addEventListener("afterprint", () => urls.forEach((url) => URL.revokeObjectURL(url)), { once: true });
  print();
}

/** The browser's own command prints the page that is seen. @param {() => {title: string, urls: string[], draft: any} | null} what */
export function onBrowserPrint(what) {
  const before = () => {
    const found = document.querySelector(".print-sheet") ? null : what();
    if (found) layOut(found.title, found.urls, found.draft);
  };
  addEventListener("beforeprint", before);
  return () => removeEventListener("beforeprint", before);
}

/** Put the sheet into the document until it is printed; its images. */
function layOut(title, urls, draft) {
  document.querySelector(".print-sheet")?.remove();
  const images = urls.map((src, i) => el("img", { class: "print-page", src, alt: `Page ${i + 1} of the score` }));
  const sheet = el("div", { class: "print-sheet" }, images, wordsOf(title, draft));
  document.body.append(sheet);
  document.body.classList.add("prints-sheet");
  addEventListener("afterprint", () => {
    sheet.remove();
    document.body.classList.remove("prints-sheet");
  }, { once: true });
  return images;
}

function wordsOf(title, draft) {
  const sections = (draft?.sections ?? []).filter((section) => section.lines.some((line) => line.text.trim()));
  if (!sections.length) return null;
  return el("div", { class: "print-words" }, title ? el("h1", {}, title) : null,
    sections.map((section) => el("div", { class: "print-section" }, el("h2", {}, section.name), section.lines.map((line) => el("p", {}, line.text)))));
}
