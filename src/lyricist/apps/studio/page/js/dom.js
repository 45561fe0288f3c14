/* Making elements. Text goes in as text nodes only, so nothing a song or a file name holds can become markup. */

/**
 * An element with properties and children.
 * `class`, `data-*`, `aria-*`, `role`, `for` and the like become attributes, `on` a map of listeners, `style` a map
 * of style properties, everything else a property. Children: nodes, text, numbers; null and false are left out.
 * @param {string} tag @param {Record<string, any>} [props] @param {...any} children @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  setProps(node, props ?? {});
  return put(node, ...children);
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element; all its properties are attributes. @returns {any} */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") listen(node, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, String(value));
  }
  return put(node, ...children);
}

/** Append children. */
export function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** Replace all children. */
export function fill(node, ...children) {
  node.replaceChildren();
  return put(node, ...children);
}

function setProps(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") listen(node, value);
    else if (name === "style") for (const [key, each] of Object.entries(value)) node.style.setProperty(key, each);
    else if (isAttribute(name)) setAttribute(node, name, value);
    else node[name] = value;
  }
}

const isAttribute = (name) => /^(data-|aria-)|^(class|role|for|form|list|href|tabindex|popover|accept|scope)$/.test(name);

function setAttribute(node, name, value) {
  if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) return;
  node.setAttribute(name, String(value));
}

function listen(node, listeners) {
  for (const [event, fn] of Object.entries(listeners)) node.addEventListener(event, fn);
}

let count = 0;
/** An id that no other element has. */
export const uid = (stem = "id") => `${stem}-${++count}`;

/** A labelled control: `{node, control, wrong(text)}`; `wrong` shows what is wrong with it, "" takes it away. */
export function field(label, control, hint = "") {
  control.id ||= uid("field");
  const wrong = el("p", { class: "wrong", id: `${control.id}-wrong`, hidden: true });
  const about = hint ? el("p", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  control.setAttribute("aria-describedby", [about?.id, wrong.id].filter(Boolean).join(" "));
  const node = el("div", { class: "field" }, el("label", { class: "label", for: control.id }, label), control, about, wrong);
  return { node, control, wrong: (text) => {
    wrong.textContent = text;
    wrong.hidden = !text;
    control.toggleAttribute("aria-invalid", Boolean(text));
    if (text) control.setAttribute("aria-invalid", "true");
  } };
}

/** Run `fn` once nothing has asked for it for `ms`; `.now()` runs it at once, `.cancel()` not at all. */
export function debounce(fn, ms) {
  let timer = 0;
  const later = () => { clearTimeout(timer); timer = setTimeout(fn, ms); };
  later.now = () => { clearTimeout(timer); return fn(); };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Hand a file to the browser's downloads. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = el("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 30000);
}

/** A title made safe as a file name, without suffix. */
export function fileName(title) {
  return title.normalize("NFC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "song";
}

/** Load a style sheet of the page once. @param {string} path under css/ */
export function stylesheet(path) {
  const href = `page/css/${path}`;
  const there = [...document.querySelectorAll("link[rel=stylesheet]")].some((link) => link.getAttribute("href") === href);
  if (there) return Promise.resolve();
  return new Promise((done) => {
    const link = el("link", { rel: "stylesheet", href, on: { load: done, error: done } });
    document.head.append(link);
  });
}
