import { el } from "./dom.js";

export function mount(root) {
  root.append(el("p", { class: "notice" }, "The writing desk comes here."));
}
