/* The rhyme look-up: perfect and near rhymes of the word at the caret or of any word typed. */

import { el, fill, debounce } from "./dom.js";
import { replaceWord } from "./words.js";
import { remembered } from "./wishes.js";

const MOST = 60;

/** @param {any} desk */
export function makeRhymes(desk) {
  const { app } = desk;
  const ask = remembered(({ query }) => app.api.get(`/api/rhymes?${query}`));
  const input = el("input", { type: "search", "aria-label": "Rhymes with", placeholder: "a word", autocomplete: "off", spellcheck: false });
  const kind = el("select", { "aria-label": "Kind of rhyme" },
    el("option", { value: "perfect" }, "perfect"), el("option", { value: "near" }, "near"));
  const syllables = el("select", { "aria-label": "Syllables" },
    el("option", { value: "" }, "any length"),
    [1, 2, 3, 4].map((n) => el("option", { value: String(n) }, n === 1 ? "1 syllable" : `${n} syllables`)));
  const list = el("div", { class: "rhyme-list", "aria-live": "polite" });
  const form = el("div", { class: "rhyme-form" }, input, kind, syllables);
  let at = null; // the word of the song that a rhyme would replace
  let asked = "";
  const later = debounce(() => look(), 250);

  input.addEventListener("input", () => { at = null; later(); });
  for (const choice of [kind, syllables]) choice.addEventListener("change", () => look());

  function show(root, word) {
    if (form.parentNode !== root) fill(root, form, list);
    if (word && document.activeElement !== input) {
      at = word;
      input.value = word.text.toLowerCase();
    }
    return look();
  }

  async function look() {
    const word = input.value.trim();
    if (!word) return fill(list, el("p", { class: "muted" }, "Type a word, or put the caret into one."));
    const query = new URLSearchParams({ word, kind: kind.value, limit: String(MOST) });
    if (syllables.value) query.set("syllables", syllables.value);
    asked = String(query);
    if (!list.querySelector("section")) fill(list, el("p", { class: "muted" }, "Looking for rhymes"));
    try {
      const { rhymes } = await ask({ query: asked });
      if (asked === String(query)) draw(word, rhymes);
    } catch (error) {
      fill(list, el("p", { class: "wrong" }, error.message));
    }
  }

  function draw(word, rhymes) {
    if (!rhymes.length) return fill(list, el("p", { class: "muted" }, `No ${kind.value} rhyme with \u201c${word}\u201d is known.`));
    const lengths = [...new Set(rhymes.map((each) => each.syllables))].sort((a, b) => a - b);
    fill(list, lengths.map((n) => el("section", {},
      el("h4", { class: "label" }, n === 1 ? "1 syllable" : `${n} syllables`),
      el("ul", { class: "word-list" }, rhymes.filter((each) => each.syllables === n).map(entry)))));
  }

  function entry(rhyme) {
    const title = [rhyme.kind, rhyme.reading].filter(Boolean).join(" \u00b7 ");
    const button = el("button", { type: "button", class: "quiet word-choice", title }, rhyme.word);
    button.addEventListener("click", () => {
      if (at && desk.doc.rows[at.row]?.text.slice(at.start, at.end) === at.text) replaceWord(desk, at, rhyme.word);
      else desk.app.announce("Put the caret into the word that this one is to replace");
    });
    return el("li", {}, button);
  }

  return { show, input };
}
