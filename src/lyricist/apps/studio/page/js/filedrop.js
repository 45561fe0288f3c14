/* A place to drop files on, or to choose them with the keyboard. */

import { el, uid } from "./dom.js";

/**
 * @param {{label: string, about: string, accept: string, multiple: boolean, onFiles: (files: File[]) => void,
 *   area: HTMLElement}} options area: where files may be dropped, the whole view
 * @returns {{node: HTMLElement, busy: (text: string) => void, small: (on: boolean) => void}}
 */
export function fileDrop({ label, about, accept, multiple, onFiles, area }) {
  const id = uid("files");
  const input = el("input", { type: "file", id, class: "unseen", accept, multiple,
    on: { change: () => { give(input.files); input.value = ""; } } });
  const status = el("p", { class: "small", role: "status" });
  const node = el("div", { class: "drop filedrop" }, input,
    el("label", { class: "button", for: id }, label),
    el("p", { class: "drop-hint muted" }, multiple ? "or drop files here" : "or drop a file here"),
    el("p", { class: "drop-about small muted" }, about), status);

  function give(list) {
    const files = [...(list ?? [])];
    if (files.length) onFiles(multiple ? files : files.slice(0, 1));
  }
  const hover = (on) => (event) => {
    event.preventDefault();
    node.classList.toggle("over", on);
  };
  area.addEventListener("dragenter", hover(true));
  area.addEventListener("dragover", hover(true));
  area.addEventListener("dragleave", hover(false));
  area.addEventListener("drop", (event) => {
    hover(false)(event);
    give(event.dataTransfer?.files);
  });
  return {
    node,
    /** Say what is being read, "" when it is done. */
    busy(text) {
      status.textContent = text;
      node.toggleAttribute("aria-busy", Boolean(text));
      input.disabled = Boolean(text);
    },
    /** Smaller, once there is something else to see. */
    small: (on) => node.classList.toggle("small-drop", on),
  };
}
