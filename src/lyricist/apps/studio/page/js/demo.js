/* The song and the tune that `lyricist studio --demo` opens with. */

/** Fetch the demo and put it into the shared state. Says it when that fails. @param {any} app */
export async function loadDemo(app) {
  try {
    const { draft, plan, tune } = await app.api.get("/api/demo");
    app.set("plan", plan, "demo");
    app.set("draft", draft, "demo");
    app.set("tune", await uploadTune(app, new File([tune.text], tune.name, { type: "text/plain" })), "demo");
  } catch (error) {
    app.fail(error);
  }
}

/** Upload a file of music; what was understood of it. @param {any} app @param {File} file @returns {Promise<any>} */
export function uploadTune(app, file, signal) {
  const form = new FormData();
  form.append("file", file);
  return app.api.upload("/api/tunes", form, signal);
}
