/* Light, dark, or as the system has it. */

import { el } from "./dom.js";

const KEY = "lyricist.theme";
const ORDER = ["auto", "light", "dark"];

/** Put the switch into the masthead. @param {HTMLElement} root */
export function mountTheme(root) {
  const button = el("button", { type: "button", class: "quiet", id: "theme", on: { click: () => set(next(now())) } });
  root.append(button);
  set(now());

  function set(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch { /* private windows keep nothing */ }
    button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
    button.setAttribute("aria-label", `Colours: ${theme === "auto" ? "as the system" : theme}. Change to ${next(theme)}`);
  }
}

const next = (theme) => ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];

function now() {
  try {
    const kept = localStorage.getItem(KEY) ?? "auto";
    return ORDER.includes(kept) ? kept : "auto";
  } catch {
    return "auto";
  }
}
