/* Another reading of a tune: which part is sung, how long its phrases are. */

import { el, field, uid } from "./dom.js";

/** What requests say of a tune: its id and how it is read. @returns {{tune: string, track?: number, phrases?: string}} */
export const tuneAsked = (tune) => ({ tune: tune.id, ...tune.reading });

/**
 * A folded form. @param {any} app @param {any} tune @param {(tune: any) => void} onRead
 */
export function readingForm(app, tune, onRead) {
  const parts = (tune.parts ?? []).filter((part) => !part.drums && part.notes);
  const track = field("Part that is sung", el("select", {}, el("option", { value: "" }, "The likeliest"),
    parts.map(({ track: number, name, notes }) => el("option", { value: String(number) }, `${number}. ${name || "without a name"}, ${notes} notes`))),
  tune.why ? `Now: ${tune.why}` : "");
  const phrases = field("Syllables of the phrases", el("input", { type: "text", placeholder: "as found", autocomplete: "off", id: uid("phrases") }),
    "Such as 8,6: over and over to the end.");
  track.control.value = String(tune.reading?.track ?? "");
  phrases.control.value = tune.reading?.phrases ?? "";
  const form = el("form", { class: "reading-form", on: { submit } }, track.node, phrases.node, el("button", {}, "Read it so"));
  return el("details", { class: "as-table reading" }, el("summary", {}, "Another part, other phrases"), form);

  async function submit(event) {
    event.preventDefault();
    phrases.wrong("");
    const reading = { ...(track.control.value ? { track: Number(track.control.value) } : {}),
      ...(phrases.control.value.trim() ? { phrases: phrases.control.value.trim() } : {}) };
    try {
      onRead(await fetchTune(app, tune.id, reading));
    } catch (error) {
      if (error.status === 400 || error.status === 422) phrases.wrong(error.message);
      else app.fail(error);
    }
  }
}

/** An uploaded tune, read as asked. */
export async function fetchTune(app, id, reading = {}) {
  const query = new URLSearchParams(reading).toString();
  return { ...(await app.api.get(`/api/tunes/${id}${query ? `?${query}` : ""}`)), reading };
}
