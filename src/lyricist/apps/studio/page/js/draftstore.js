/* Drafts in the browser's storage: each a song with its plan, under an id of its own. */

const LIST = "lyricist.drafts"; // [{id, name, updated}], the latest first
const CURRENT = "lyricist.current";
export const keyOf = (id) => `lyricist.draft.${id}`;
const FORMAT = 1;
const LONGEST = 200; // characters of a title

/** @typedef {{id: string, name: string, updated: number}} Entry */

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

/** @returns {Entry[]} */
export const list = () => read(LIST, []).filter((each) => typeof each?.id === "string");

export const currentId = () => read(CURRENT, "");
export const makeCurrent = (id) => localStorage.setItem(CURRENT, JSON.stringify(id));
export const freshId = () => crypto.getRandomValues(new Uint32Array(2)).join("");

/** Keep a draft; throws what the storage throws when it is full. */
export function keep(id, name, content) {
  localStorage.setItem(keyOf(id), JSON.stringify({ format: FORMAT, ...content }));
  const others = list().filter((each) => each.id !== id);
  localStorage.setItem(LIST, JSON.stringify([{ id, name, updated: Date.now() }, ...others]));
}

/** A draft as it was kept, or null. */
export function load(id) {
  return sound(read(keyOf(id), null));
}

export function remove(id) {
  localStorage.removeItem(keyOf(id));
  localStorage.setItem(LIST, JSON.stringify(list().filter((each) => each.id !== id)));
}

/** What was read, if it is a draft: title, rows, plan; anything else in it is left out. */
export function sound(data) {
  if (!data || !Array.isArray(data.rows)) return null;
  const rows = data.rows.filter((row) => typeof row?.text === "string")
    .map((row) => ({ text: row.text.replace(/\s*[\r\n]+\s*/g, " "), locked: row.locked === true }));
  const title = typeof data.title === "string" ? data.title.slice(0, LONGEST) : "";
  return { title, rows: rows.length ? rows : [{ text: "", locked: false }], plan: soundPlan(data.plan) };
}

/** A plan whose sections have names; what its values say is for the studio to judge. */
function soundPlan(plan) {
  if (!isObject(plan)) return {};
  const { sections, ...rest } = plan;
  const named = Array.isArray(sections) && sections.length && sections.every((each) => isObject(each) && typeof each.name === "string");
  return named ? plan : rest;
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
