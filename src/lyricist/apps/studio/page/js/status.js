/* What is said of the caret's line at the foot of the sheet, and of the song as a whole above it. */

import { isHead, isLine } from "./doc.js";
import { el, fill } from "./dom.js";
import { hueOf } from "./rowview.js";
import { reasonOf } from "./scansion.js";

/** @param {any} desk @param {any} sheet */
export function makeStatus(desk, sheet, suggest) {
  const { app } = desk;
  const node = el("footer", { class: "status", id: "line-status" });
  const departures = el("div", { class: "departures", hidden: true, role: "group", "aria-label": "What the song lacks" });

  /** The caret's line in a few words, and as nodes. */
  function line() {
    const row = desk.doc.rows[desk.row];
    if (desk.busy) return fill(node, el("p", {}, `${desk.busy}\u2026`));
    if (sheet.ghost) return fill(node, ghost());
    const info = row && isLine(row.text) ? sheet.infos.get(desk.row) : null;
    if (!info) return fill(node, el("p", { class: "muted" }, placeText(row)));
    return fill(node, el("p", {}, ...facts(info)), info.violations.map((each) => el("p", { class: "wrong" }, reasonOf(each))));
  }

  /** The suggestion, to be taken with a finger or a pointer. */
  function ghost() {
    const take = el("button", { type: "button", class: "small", on: { click: () => { suggest.accept(); sheet.focus(); } } }, "Take it");
    return el("p", { class: "row" }, take, el("span", { class: "muted" }, el("kbd", {}, "Tab"), " takes the suggestion"));
  }

  function placeText(row) {
    if (row && isHead(row.text)) return "A section begins here";
    const { place } = desk;
    const wanted = sheet.wantedOf(place);
    if (!place || !wanted?.syllables) return "\u00a0";
    const rhyme = wanted.rhyme && wanted.rhyme !== "X" ? `, rhyme ${wanted.rhyme}` : "";
    return `The plan wants ${wanted.syllables} syllables here${rhyme}`;
  }

  function facts(info) {
    const rhymed = info.letter !== "X";
    const parts = [`${info.syllables} ${info.syllables === 1 ? "syllable" : "syllables"}`];
    if (info.metre && info.agreement >= 0.8) parts.push(info.metre);
    const made = [parts.join(" \u00b7 ")];
    if (rhymed) made.push(" \u00b7 rhyme ", el("b", { class: "letter", "data-rhyme": hueOf(info.letter) }, info.letter), info.rhymes ? ` ${info.rhymes}` : "");
    if (info.guessed?.length) made.push(el("span", { class: "muted" }, ` \u00b7 read by guess: ${info.guessed.join(", ")}`));
    if (info.unread?.length) made.push(el("span", { class: "wrong" }, ` \u00b7 cannot be read: ${info.unread.join(", ")}`));
    if (desk.doc.rows[desk.row].locked) made.push(el("span", { class: "muted" }, " \u00b7 locked"));
    return made;
  }

  /** Read the line out. */
  function say() {
    line();
    app.announce(node.textContent.trim() || "Nothing is known of this line yet", { quiet: true });
  }

  /** What is missing in the song as a whole. */
  function song(violations) {
    departures.hidden = !violations.length;
    fill(departures, violations.map((each) => el("p", { class: "wrong" }, reasonOf(each))));
  }

  desk.on("caret", (moved, from) => {
    line();
    const info = sheet.infos.get(desk.row);
    if (moved && info && from === "sheet") app.announce(node.textContent.trim(), { quiet: true });
  });
  desk.on("busy", line);
  desk.on("ghost", line);
  desk.on("doc", line);
  app.on("pattern", line);
  return { node, departures, line, say, song };
}
