/* A little Markdown: headings, paragraphs, lists, code, tables. Everything is text, nothing is markup. */

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
  if (/^\s*\|/.test(line)) return taken(lines, at, (each) => /^\s*\|/.test(each), table);
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

/** Rows of cells; a head that says nothing is left out. */
function table(lines) {
  const rows = lines.map((row) =>
    row.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|")));
  const ruled = rows.length > 1 && rows[1].every((cell) => /^:?-+:?$/.test(cell));
  const head = ruled && rows[0].some(Boolean) ? rows[0] : null;
  const row = (tag, cells) => el("tr", {}, cells.map((cell) => el(tag, tag === "th" ? { scope: "col" } : {}, inline(cell))));
  return el("table", {}, head ? el("thead", {}, row("th", head)) : null,
    el("tbody", {}, rows.slice(ruled ? 2 : 0).map((cells) => row("td", cells))));
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
