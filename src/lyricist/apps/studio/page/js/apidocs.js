/* The API's documentation, drawn from the description that the studio serves. */

import { el, put } from "./dom.js";

const METHODS = ["get", "post", "put", "delete"];

/** The schema that a reference names. */
function resolved(schema, all) {
  const name = schema?.$ref?.split("/").pop();
  return name ? all[name] ?? {} : schema ?? {};
}

/** What values a schema takes, in a few words. @returns {string} */
function kind(schema, all) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.map((each) => kind(each, all)).join(" or ");
  if (schema.type === "array") return `list of ${kind(schema.items ?? {}, all)}`;
  return schema.type ?? "any";
}

/** What a value is where nothing is said, and its bounds. @returns {string} */
function told(schema) {
  const parts = schema.default === undefined ? [] : [`else ${JSON.stringify(schema.default)}`];
  if (schema.minimum !== undefined) parts.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) parts.push(`to ${schema.maximum}`);
  return parts.join(", ");
}

function row(name, schema, needed, where, all) {
  return el("tr", {}, el("td", {}, name), el("td", {}, kind(schema, all)), el("td", {}, needed ? "needed" : told(schema)), el("td", {}, where));
}

/** Rows of a call's parameters and of the fields of its body. */
function rows(call, all) {
  const given = (call.parameters ?? []).map((p) => row(p.name, p.schema ?? {}, p.required, p.in, all));
  for (const [type, { schema }] of Object.entries(call.requestBody?.content ?? {})) {
    const body = resolved(schema, all);
    const where = type.startsWith("multipart") ? "form" : "body";
    for (const [name, field] of Object.entries(body.properties ?? {})) {
      given.push(row(name, field, body.required?.includes(name), where, all));
    }
  }
  return given;
}

function call(path, method, described, all) {
  const fields = rows(described, all);
  const head = ["Name", "Kind", "", "In"].map((text) => el("th", { scope: "col" }, text));
  return el("details", {},
    el("summary", {}, el("span", { class: "method" }, method.toUpperCase()), " ", el("span", { class: "path" }, path)),
    described.description ? el("p", {}, described.description) : null,
    fields.length ? el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, fields)) : null);
}

async function show(root) {
  const answer = await fetch("openapi.json");
  const { paths, components } = await answer.json();
  const all = components?.schemas ?? {};
  const groups = new Map();
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of METHODS.filter((name) => methods[name])) {
      const tag = methods[method].tags?.[0] ?? "studio";
      groups.set(tag, [...(groups.get(tag) ?? []), call(path, method, methods[method], all)]);
    }
  }
  for (const [tag, calls] of groups) put(root, el("section", {}, el("h2", {}, tag), calls));
}

show(document.getElementById("api"));
