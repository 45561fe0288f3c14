/* The access token of a studio that listens beyond this machine: asked for once, kept for this tab. */

import { el, field } from "./dom.js";

let asking = null;

/** The token typed, "" if the dialog was closed; many requests share one question. @returns {Promise<string>} */
export function askToken(wrong) {
  asking ??= ask(wrong).finally(() => { asking = null; });
  return asking;
}

function ask(wrong) {
  const input = field("Access token", el("input", { type: "password", autocomplete: "off", required: true }),
    "Whoever runs this studio has it. It is kept until you close this tab.");
  if (wrong) input.wrong("This token is not known here.");
  const form = el("form", { method: "dialog", class: "stack" },
    el("h2", {}, "This studio asks who you are"), input.node,
    el("div", { class: "row" }, el("button", { class: "primary", value: "ok" }, "Go in"),
      el("button", { type: "button", on: { click: () => box.close("") } }, "Cancel")));
  const box = el("dialog", { "aria-label": "Access token" }, form);
  document.body.append(box);
  return new Promise((done) => {
    box.addEventListener("close", () => {
      box.remove();
      done(box.returnValue === "ok" ? input.control.value.trim() : "");
    });
    box.showModal();
  });
}
