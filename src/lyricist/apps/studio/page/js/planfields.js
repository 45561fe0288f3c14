/* The fields of the plan and of how words are drawn: what they are called, what they hold, how they are read. */

import { el, field, uid } from "./dom.js";

/** In the panel's first part. `join`: what parts a list's values as text. */
export const FIELDS = [
  { name: "form", label: "Form", hint: "verse chorus verse chorus", title: "Sections, or a named form: sonnet, ballad, villanelle, \u2026", join: " ", wide: true },
  { name: "lines", label: "Lines", hint: "4", title: "Lines of each section: 4, or 4,2 section by section", join: "," },
  { name: "syllables", label: "Syllables", hint: "8,6", title: "Syllables of each line: 8, or 8,6 line by line; 6-10 is a range", join: "," },
  { name: "metre", label: "Metre", hint: "iambic", title: "A name, or a mark for each syllable: x weak, / strong, ? any, such as x/x/x/x/", join: ",", choices: ["iambic", "trochaic", "anapestic", "dactylic"] },
  { name: "rhyme", label: "Rhyme scheme", hint: "ABAB", title: "Letters, section by section: ABAB, AABB; X is free", join: ",", choices: ["ABAB", "AABB", "ABBA", "XAXA", "AAAA"] },
  { name: "about", label: "About", hint: "river, night", title: "What it is about: words, or a sentence", join: ", ", wide: true },
  { name: "start", label: "First word", hint: "any" },
  { name: "title", label: "Title", hint: "found" },
];

/** Under "More wishes". */
export const MORE = [
  { name: "person", label: "Whose song", choices: ["anyone\u2019s", "I", "you", "he", "she", "we", "they"], select: true },
  { name: "tense", label: "Tense", choices: ["any", "past", "present"], select: true },
  { name: "include", label: "Words that must occur", hint: "lantern, snow", join: ", ", wide: true },
  { name: "avoid", label: "Words to avoid", hint: "baby, tonight", join: ", ", wide: true },
  { name: "rhyme_kind", label: "Rhymes are", choices: ["perfect", "near", "light", "mosaic"], select: true },
  { name: "rhyme_with", label: "A rhymes with", hint: "a word" },
  { name: "refrain", label: "Refrain, the last line of every chorus", hint: "Carry me home, river", wide: true },
  { name: "acrostic", label: "Acrostic", hint: "RIVER", wide: true },
  { name: "max_copy", label: "Longest copied run", hint: "5 words", number: true, about: "of words that stand in the training songs; 0: no limit", wide: true },
  { name: "hook", label: "A chorus\u2019s first line comes back in it", flag: true, usual: false, wide: true },
  { name: "keep_chorus", label: "Every chorus is the same, word for word", flag: true, usual: true, wide: true },
  { name: "clean", label: "No slurs and obscenities", flag: true, usual: true, wide: true },
  { name: "temperature", label: "Boldness", drawing: true, range: [0.5, 1.4, 0.05], usual: 0.6, wide: true },
  { name: "seed", label: "Seed", hint: "new each time", number: true, apart: true, about: "the same seed and plan give the same song", wide: true },
];

/** What sections, where a plan has some, say themselves. */
export const BY_SECTION = ["form", "lines", "syllables", "metre", "rhyme"];

const ALL = [...FIELDS, ...MORE];

/** Make all the fields. @param {() => void} changed */
export function makeFields(changed) {
  const made = new Map(ALL.map((spec) => [spec.name, makeField(spec, changed)]));
  const of = (name) => made.get(name);

  return {
    of,
    /** Show a plan; fields it says nothing of are emptied, how words are drawn stays. */
    set(plan) {
      for (const spec of ALL) if (!spec.drawing && !spec.apart) of(spec.name).write(plan[spec.name]);
    },
    drawing: () => valuesOf(ALL.filter((spec) => spec.drawing), of),
    seed() {
      const text = of("seed").control.value.trim();
      return /^\d{1,15}$/.test(text) ? Number(text) : null;
    },
    /** Say what is wrong with one field, and take it away from the others. */
    wrong(name, text) {
      for (const [each, one] of made) one.wrong?.(each === name ? text.replace(/--/g, "") : "");
    },
  };
}

/** The plan that the fields ask for; sections, where there are some, say form, lines, syllables, metre and rhyme. */
export function planOf(fields, sections) {
  const plan = valuesOf(ALL.filter((spec) => !spec.drawing && !spec.apart), fields.of);
  if (!sections?.length) return plan;
  for (const name of BY_SECTION) delete plan[name];
  return { ...plan, sections };
}

function valuesOf(specs, of) {
  const values = {};
  for (const spec of specs) {
    const value = of(spec.name).read();
    if (value !== null) values[spec.name] = value;
  }
  return values;
}

function makeField(spec, changed) {
  if (spec.flag) return flag(spec, changed);
  const made = spec.select ? choice(spec) : spec.range ? slider(spec) : text(spec);
  made.node.classList.toggle("wide", Boolean(spec.wide));
  made.control.addEventListener("input", changed);
  return made;
}

function flag(spec, changed) {
  const control = el("input", { type: "checkbox", checked: spec.usual, on: { change: changed } });
  return {
    node: el("label", { class: "check wide" }, control, spec.label),
    control,
    read: () => (control.checked === spec.usual ? null : control.checked),
    write(value) { control.checked = value ?? spec.usual; },
  };
}

function choice(spec) {
  const control = el("select", {}, spec.choices.map((each) => el("option", { value: each }, each)));
  return { ...field(spec.label, control), read: () => (control.value === spec.choices[0] ? null : control.value),
    write(value) { control.value = value ?? spec.choices[0]; } };
}

function slider(spec) {
  const [min, max, step] = spec.range;
  const control = el("input", { type: "range", min, max, step, value: spec.usual });
  const out = el("output", { class: "small muted" }, spec.usual.toFixed(2));
  control.addEventListener("input", () => { out.textContent = Number(control.value).toFixed(2); });
  const made = field(spec.label, control);
  made.node.append(out);
  return { ...made, read: () => (Number(control.value) === spec.usual ? null : Number(control.value)) };
}

function text(spec) {
  const control = el("input", { type: "text", placeholder: spec.hint ?? "", title: spec.title ?? "", spellcheck: false });
  if (spec.number) control.inputMode = "numeric";
  const made = field(spec.label, control, spec.about ?? "");
  if (spec.choices) {
    const id = uid("choices");
    control.setAttribute("list", id);
    made.node.append(el("datalist", { id }, spec.choices.map((each) => el("option", { value: each }))));
  }
  return { ...made, read: () => readText(spec, control.value.trim()), write(value) { control.value = asText(spec, value); } };
}

function readText(spec, value) {
  if (!value) return null;
  return spec.number && /^\d+$/.test(value) ? Number(value) : value;
}

const asText = (spec, value) => (Array.isArray(value) ? value.join(spec.join ?? " ") : value === null || value === undefined ? "" : String(value));
