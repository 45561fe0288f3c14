/* A plan's pattern drawn: a row of marks for each line, a stroke where it is stressed, its rhyme letter beside. */

import { el } from "./dom.js";
import { hueOf } from "./rowview.js";
import { stressMarks } from "./sidepanel.js";

/** @param {{name: string, lines: {syllables: number | null, metre: string, rhyme: string}[]}[]} sections */
export function patternView(sections) {
  if (!sections.length) return null;
  return el("div", {}, el("h3", {}, "Pattern"), el("ol", { class: "pattern-sections" }, grouped(sections).map(sectionView)));
}

/** Sections that are asked for in the same way stand together: "verse, 1 and 3". */
function grouped(sections) {
  const groups = new Map();
  sections.forEach(({ name, lines }, i) => {
    const key = JSON.stringify([name, lines.map(({ syllables, metre, rhyme }) => [syllables, metre, rhyme])]);
    if (!groups.has(key)) groups.set(key, { name, lines, at: [] });
    groups.get(key).at.push(i + 1);
  });
  return [...groups.values()];
}

function sectionView({ name, lines, at }) {
  return el("li", {},
    el("p", { class: "pattern-name" }, name, el("span", { class: "muted small" }, at.length > 1 ? ` sections ${at.join(", ")}` : ` section ${at[0]}`)),
    el("ol", { class: "pattern-lines" }, lines.map(lineView)));
}

function lineView({ syllables, metre, rhyme }) {
  const marks = metre || (syllables ? "?".repeat(syllables) : "");
  const said = `${syllables ?? "any number of"} syllables${metre ? `, ${metre}` : ""}${rhyme && rhyme !== "X" ? `, rhyme ${rhyme}` : ""}`;
  return el("li", {}, el("span", { class: "unseen" }, said),
    el("span", { class: "count", "aria-hidden": "true" }, syllables ?? "\u2013"),
    el("span", { class: "letter", "aria-hidden": "true", "data-rhyme": rhyme && rhyme !== "X" ? hueOf(rhyme) : null }, rhyme && rhyme !== "X" ? rhyme : ""),
    stressMarks(marks.replace(/\|/g, "")));
}
