/* Why this word? The candidates the model thought of at each word, as quiet bars, and what forbade the others. */

import { placeOf } from "./doc.js";
import { el, fill } from "./dom.js";
import { remembered, wishes } from "./wishes.js";

const HOVER = 450; // ms that the pointer rests on a word
const UNLIKELY = "too unlikely here"; // what the API says of a word that nothing forbids

/** @param {any} desk @param {any} sheet */
export function makeWhy(desk, sheet) {
  const { app } = desk;
  const ask = remembered((body, signal) => app.api.post("/api/why", body, signal));

  /** The choices of a row's words, and the order in which they were made. */
  async function ofRow(row) {
    const place = placeOf(desk.doc, row);
    if (!place) return { words: [] };
    const { section, line, draft } = place;
    return ask({ draft, section, line, ...wishes(app, { always: true }) });
  }

  /** Fill a panel with the choice of one word. */
  async function show(root, word) {
    if (!word) return fill(root, el("p", { class: "muted" }, "Put the caret into a word to see what else the model thought of there."));
    if (!root.querySelector(".candidates")) fill(root, el("p", { class: "muted" }, "Asking the model"));
    const { words, order } = await ofRow(word.row);
    const backward = order === "backward" && words[word.index];
    return fill(root, choiceView(words[word.index], word.text),
      backward ? el("p", { class: "small muted" }, "This model writes a line from its end: the words to the right stood there already.") : null);
  }

  return { ofRow, show, hover: () => mountHover(desk, sheet, ofRow) };
}

/** A choice drawn: how much was allowed, and the candidates. @returns {HTMLElement} */
export function choiceView(choice, text) {
  if (!choice) return el("p", { class: "muted" }, `Nothing is known of \u201c${text}\u201d: the model does not know this word or line.`);
  const most = Math.max(...choice.candidates.map((each) => Math.max(each.p, each.drawn_p)), 1e-9);
  return el("div", { class: "stack tight" },
    typeof choice.mass === "number" ? el("p", { class: "small muted" }, `${percent(choice.mass)} of what the model had in mind was allowed here.`) : null,
    el("ol", { class: "candidates" }, choice.candidates.map((each) => candidate(each, choice.word, most))),
    el("p", { class: "key small muted", "aria-hidden": "true" }, el("i", { class: "bar thought" }), "thought of", el("i", { class: "bar drawn" }), "could be drawn"));
}

function candidate({ word, p, drawn_p, forbidden }, chosen, most) {
  const here = word.toLowerCase() === String(chosen).toLowerCase();
  const ruled = forbidden && forbidden !== UNLIKELY;
  const row = el("li", { class: ruled ? "candidate forbidden" : "candidate", "aria-current": here ? "true" : null },
    el("span", { class: "candidate-word" }, word),
    el("span", { class: "bars", "aria-hidden": "true" },
      el("i", { class: "bar thought", style: { width: `${(100 * p) / most}%` } }),
      drawn_p > 0 ? el("i", { class: "bar drawn", style: { width: `${(100 * drawn_p) / most}%` } }) : null),
    el("span", { class: "candidate-p" }, el("span", { class: "unseen" }, "thought of "), percent(p)));
  if (!forbidden) row.append(el("span", { class: "unseen" }, `, drawn ${percent(drawn_p)}`));
  if (forbidden) row.append(el("span", { class: "candidate-why" }, forbidden));
  return row;
}

/** A probability in per cent, small ones not as nought. */
export const percent = (p) => (p > 0 && p < 0.001 ? "<0.1%" : `${(100 * p).toFixed(p < 0.1 ? 1 : 0)}%`);

/** The card that appears while the pointer rests on a word. */
function mountHover(desk, sheet, ofRow) {
  const card = el("div", { class: "why-card", role: "tooltip", hidden: true });
  document.body.append(card);
  let timer = 0;
  let over = null;
  const hide = () => { clearTimeout(timer); over = null; card.hidden = true; };

  sheet.area.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || event.buttons || desk.busy) return hide();
    const word = sheet.wordUnder(event.clientX, event.clientY);
    if (word?.node === over) return;
    hide();
    if (!word) return;
    over = word.node;
    timer = setTimeout(() => open(word), HOVER);
  });
  sheet.area.addEventListener("pointerleave", hide);
  sheet.area.addEventListener("input", hide);
  addEventListener("scroll", hide, { passive: true });

  async function open({ row, index, node }) {
    try {
      const { words } = await ofRow(row);
      if (over !== node || !node.isConnected) return;
      fill(card, el("p", { class: "why-word" }, node.dataset.text), choiceView(words[index], node.dataset.text));
      card.hidden = false;
      place(card, node.getBoundingClientRect());
    } catch {
      hide(); // the panel says what is wrong, hovering does not
    }
  }
}

function place(card, word) {
  const { offsetWidth: width, offsetHeight: height } = card;
  const below = word.bottom + 8 + height < innerHeight || word.top < height;
  card.style.setProperty("left", `${Math.max(8, Math.min(word.left - 12, innerWidth - width - 8))}px`);
  card.style.setProperty("top", `${below ? word.bottom + 8 : word.top - height - 14}px`);
}
