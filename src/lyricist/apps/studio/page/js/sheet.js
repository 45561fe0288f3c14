/* The sheet of paper: one text area over a mirror of the same text that shows what is known of each line. */

import { isBlank, isHead, isLine, isOpen, placesOf, retext, startOf, textOf } from "./doc.js";
import { el } from "./dom.js";
import { draw, measure } from "./marks.js";
import { rowNode } from "./rowview.js";

/** @param {any} desk @returns {{node: HTMLElement, area: HTMLTextAreaElement, render: () => void, wordUnder: Function}} */
export function makeSheet(desk) {
  const area = el("textarea", {
    id: "lyrics", class: "ink", spellcheck: false, autocomplete: "off", rows: 1, "aria-label": "Lyrics",
    "aria-describedby": "line-status", placeholder: "",
  });
  area.setAttribute("autocapitalize", "sentences");
  const mirror = el("div", { class: "mirror", role: "group", "aria-label": "What is heard, line by line" });
  const node = el("div", { class: "sheet" }, mirror, area);
  const sheet = { node, area, infos: new Map(), ghost: "", wantedOf: () => null, render, wordUnder, suggest };
  let shown = []; // what each row was drawn from

  function render() {
    const { rows } = desk.doc;
    const line = desk.row;
    const places = placesOf(rows, isBlank(rows[line].text) ? line : -1);
    const fresh = [];
    let number = 0;
    rows.forEach((row, i) => {
      if (isLine(row.text)) number++;
      const info = isLine(row.text) && !isOpen(row.text) ? sheet.infos.get(i) : null;
      const here = i === line && !isHead(row.text) && (isBlank(row.text) || isOpen(row.text));
      const wanted = info || here || isOpen(row.text) ? sheet.wantedOf(places[i]) : null;
      const ghost = here && isBlank(row.text) ? sheet.ghost : "";
      const key = JSON.stringify([row, info, wanted, ghost, number]);
      if (shown[i] === key) return;
      shown[i] = key;
      const made = rowNode(row, { info, wanted, number, ghost, onLock: () => desk.lock(i) });
      if (mirror.children[i]) mirror.children[i].replaceWith(made);
      else mirror.append(made);
      if (info) fresh.push([made, row.text, info]);
    });
    while (mirror.children.length > rows.length) mirror.lastChild.remove();
    shown.length = rows.length;
    [...mirror.children].forEach((each, i) => each.classList.toggle("here", i === line));
    overlay(fresh);
  }

  /** Marks over rows: all are measured before any is drawn, so the layout is done once. */
  function overlay(list) {
    const found = list.map(([node, text, info]) => measure(node, text, info));
    list.forEach(([node], i) => draw(node, found[i]));
  }

  /** The lines are set anew: another width, another size of type, a view that is shown again. */
  new ResizeObserver(() => {
    const known = desk.doc.rows.map(({ text }, i) => [mirror.children[i], text, sheet.infos.get(i)]);
    if (mirror.offsetWidth) overlay(known.filter(([node, text, info]) => info && node?.dataset.kind === "line" && isLine(text)));
  }).observe(mirror);

  /** Show a suggestion on the caret's empty line, "" to take it away. */
  function suggest(text) {
    if (sheet.ghost === text) return;
    sheet.ghost = text;
    render();
    desk.say("ghost", text);
  }

  /** The word at a point of the window: `{row, index, box}`; the text area lies over it. */
  function wordUnder(x, y) {
    const span = document.elementsFromPoint(x, y).map((each) => each.closest?.(".w")).find((each) => each && mirror.contains(each));
    return span ? { row: [...mirror.children].indexOf(span.closest(".sheet-row")), index: Number(span.dataset.i), node: span } : null;
  }

  area.addEventListener("input", (event) => {
    if (area.value === textOf(desk.doc)) return; // one of the many events of a text put in line by line
    const kind = /^(insertText|insertCompositionText|delete)/.test(event.inputType ?? "") ? event.inputType.slice(0, 6) : "";
    const rows = retext(desk.doc.rows, area.value);
    const text = rows.map((row) => row.text).join("\n");
    if (text !== area.value) rewrite(text);
    desk.change({ ...desk.doc, rows }, { kind, at: [area.selectionStart, area.selectionEnd], from: "sheet" });
  });
  area.addEventListener("beforeinput", (event) => {
    if (event.inputType === "historyUndo") { event.preventDefault(); desk.undo(); }
    if (event.inputType === "historyRedo") { event.preventDefault(); desk.redo(); }
  });
  document.addEventListener("selectionchange", caretMoved);
  for (const each of ["keyup", "pointerup"]) area.addEventListener(each, caretMoved);
  area.addEventListener("focus", () => node.classList.add("focused"));
  area.addEventListener("blur", () => node.classList.remove("focused"));

  function caretMoved() {
    if (document.activeElement !== area || desk.busy) return;
    const at = [area.selectionStart, area.selectionEnd];
    if (at[0] !== desk.at[0] || at[1] !== desk.at[1]) desk.select(at, "sheet");
  }

  function rewrite(text) {
    const place = area.selectionStart;
    area.value = text;
    area.setSelectionRange(place, place);
  }

  desk.on("doc", (doc, from) => {
    const text = textOf(doc);
    if (from !== "sheet" || area.value !== text) {
      area.value = text;
      if (document.activeElement === area) area.setSelectionRange(...desk.at);
    }
    render();
  });
  desk.on("caret", (moved, from) => {
    if (from !== "sheet" && document.activeElement === area) area.setSelectionRange(...desk.at);
    if (moved) render();
    if (moved && from === "sheet") sheet.reveal();
  });
  desk.on("busy", (what) => { area.readOnly = Boolean(what); node.classList.toggle("busy", Boolean(what)); });

  sheet.focus = () => { area.focus({ preventScroll: true }); area.setSelectionRange(...desk.at); sheet.reveal(); };
  sheet.reveal = (row = desk.row) => mirror.children[row]?.scrollIntoView({ block: "nearest" });
  sheet.wordNode = (row, index) => mirror.children[row]?.querySelector(`.w[data-i="${index}"]`);
  sheet.caretTo = (row, column) => { const place = startOf(desk.doc.rows, row) + column; desk.select([place, place]); };
  return sheet;
}
