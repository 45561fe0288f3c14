/* The row above the sheet: write, again, stop, undo, redo, drafts. */

import { isLine } from "./doc.js";
import { el } from "./dom.js";

/** @param {any} desk @param {{compose: any, suggest: any, drafts: any, showPlan: () => void, showSide: (name: string) => void}} given */
export function makeToolbar(desk, { compose, suggest, drafts, showPlan, showSide }) {
  const button = (label, title, click, name = "") => el("button", { type: "button", class: name, title, on: { click } }, label);
  const write = button("Write", "Write a song to the plan (Ctrl+Enter)", () => compose.write(), "primary");
  const again = button("Again", "Rewrite every line that is not locked (Ctrl+Shift+Enter)", () => compose.again());
  const stop = button("Stop", "Stop writing (Esc)", () => compose.stop(), "primary");
  const undo = button("Undo", "Undo (Ctrl+Z)", () => desk.undo(), "quiet");
  const redo = button("Redo", "Redo (Ctrl+Shift+Z)", () => desk.redo(), "quiet");
  const open = button("Drafts", "Drafts and files (Ctrl+O)", () => drafts.open(), "quiet drafts-button");
  const plan = button("Plan", "The plan (Alt+P)", showPlan, "quiet only-narrow plan-button");
  const side = button("Word", "What else could stand at the caret", () => showSide("rhymes"), "quiet only-narrow");
  const ghosts = el("input", { type: "checkbox", checked: true });
  ghosts.addEventListener("change", () => {
    suggest.on = ghosts.checked;
    if (!ghosts.checked) suggest.clear();
  });
  const node = el("div", { class: "toolbar", role: "group", "aria-label": "Writing" },
    write, stop, again, plan, side, el("span", { class: "gap" }),
    el("label", { class: "check small suggest-switch", title: "Offer a line where one is empty" }, ghosts, "Suggest lines"), undo, redo, open);

  function refresh() {
    const busy = Boolean(desk.busy);
    if (busy && document.activeElement === write) stop.hidden = false;
    write.hidden = busy;
    stop.hidden = !busy;
    again.disabled = busy || !desk.doc.rows.some((row) => isLine(row.text));
    undo.disabled = busy || !desk.canUndo;
    redo.disabled = busy || !desk.canRedo;
    open.disabled = busy;
  }

  desk.on("doc", refresh);
  desk.on("busy", refresh);
  desk.on("steps", refresh);
  refresh();
  return { node };
}
