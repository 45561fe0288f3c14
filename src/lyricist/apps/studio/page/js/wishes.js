/* What every request says of the song that is wanted: plan, tune and model, those that are chosen. */

/** What a tune says itself, so that the plan says nothing of it. */
export const BY_TUNE = ["form", "lines", "syllables", "metre", "sections"];

/** @param {any} app @param {{always?: boolean, drawing?: boolean}} [how] always: a plan even if it is empty */
export function wishes(app, { always = false, drawing = false } = {}) {
  const { plan, model, drawing: drawn } = app.state;
  const tune = app.state.toTune ? app.state.tune : null;
  const asked = {};
  const left = Object.fromEntries(Object.entries(plan ?? {}).filter(([name]) => !tune?.id || !BY_TUNE.includes(name)));
  if (always || Object.keys(left).length) asked.plan = left;
  if (tune?.id) Object.assign(asked, { tune: tune.id, ...tune.reading }); // read as the tune view was told to
  if (model) asked.model = typeof model === "string" ? model : model.name;
  if (drawing && Object.keys(drawn ?? {}).length) asked.drawing = drawn;
  return asked;
}

/** Keep answers by what was asked, the latest `most` of them; a failed one is asked again. */
export function remembered(ask, most = 60) {
  const kept = new Map();
  return (body, signal) => {
    const key = JSON.stringify(body);
    if (!kept.has(key)) {
      const answer = ask(body, signal);
      kept.set(key, answer);
      answer.catch(() => kept.delete(key));
      if (kept.size > most) kept.delete(kept.keys().next().value);
    }
    return kept.get(key);
  };
}
