/* A little Markdown: headings, paragraphs, lists, code, tables as they stand. Everything is text, nothing is markup. */

import { el } from "./dom.js";

/** @param {string} text @param {number} [top] level of the first heading @returns {HTMLElement} */
export function markdown(text, top = 3) {
  const out = el("div", { class: "markdown" });
  const lines = String(text).replace(/\r\n?/g, "\n").split("\n");
  let at = 0;
  while (at < lines.length) {
    const [node, next] = block(lines, at, top);
    if (node) out.append(node);
    at = next;
  }
  return out;
}

/** The block that begins at a line, and the line after it. @returns {[HTMLElement | null, number]} */
function block(lines, at, top) {
  const line = lines[at];
  if (!line.trim()) return [null, at + 1];
  if (/^```/.test(line)) return fenced(lines, at);
  if (/^(---|\*\*\*|___)\s*$/.test(line)) return [el("hr"), at + 1];
  const head = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
  if (head) return [el(`h${Math.min(6, head[1].length + top - 1)}`, {}, inline(head[2])), at + 1];
  if (/^\s*\|/.test(line)) return taken(lines, at, (each) => /^\s*\|/.test(each), (kept) => el("pre", { class: "as-text", tabindex: 0 }, aligned(kept)));
  if (ITEM.test(line)) return list(lines, at);
  return taken(lines, at, (each) => each.trim() && !STARTS.test(each), (kept) => el("p", {}, inline(kept.join(" "))));
}

const ITEM = /^\s*([-*+]|\d+[.)])\s+(.*)$/;
const STARTS = /^(```|#{1,6}\s|\s*\||\s*([-*+]|\d+[.)])\s+)/;

function taken(lines, at, fits, make) {
  let end = at + 1;
  while (end < lines.length && fits(lines[end])) end++;
  return [make(lines.slice(at, end)), end];
}

function fenced(lines, at) {
  let end = at + 1;
  while (end < lines.length && !/^```\s*$/.test(lines[end])) end++;
  return [el("pre", { tabindex: 0 }, el("code", {}, lines.slice(at + 1, end).join("\n"))), end + 1];
}

function list(lines, at) {
  const ordered = /^\s*\d/.test(lines[at]);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (item) items.push(item[2]);
    else if (lines[end].trim() && /^\s{2,}/.test(lines[end])) items[items.length - 1] += ` ${lines[end].trim()}`;
    else break;
    end++;
  }
  return [el(ordered ? "ol" : "ul", {}, items.map((item) => el("li", {}, inline(item)))), end];
}

/** A table's columns made even, its rule left out. */
function aligned(rows) {
  const cells = rows.map((row) => row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|")))
    .filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  const widths = [];
  for (const row of cells) row.forEach((cell, i) => { widths[i] = Math.max(widths[i] ?? 0, cell.length); });
  return cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("   ").trimEnd()).join("\n");
}

/** `code`, **strong** and the text of links. @returns {(Node | string)[]} */
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).filter(Boolean).map((part) => {
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return el("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return el("strong", {}, part.slice(2, -2));
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part);
    return link ? `${link[1]} (${link[2]})` : part;
  });
}
