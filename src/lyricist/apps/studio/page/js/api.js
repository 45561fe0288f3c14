/* The HTTP API: JSON in and out, errors as one clear line, server-sent events over fetch. */

const KEY = "lyricist.token";

/** What went wrong: `code` and `message` of the API, or of the connection. */
export class ApiError extends Error {
  constructor(code, message, status = 0, retryAfter = 0) {
    super(message);
    Object.assign(this, { code, status, retryAfter });
  }
}

/** Asks for an access token; the shell sets it. @type {{ask: null | ((wrong: boolean) => Promise<string>)}} */
export const access = { ask: null };

export const get = (path, signal) => json(path, { signal });
export const post = (path, body, signal) => json(path, { method: "POST", body: JSON.stringify(body), signal });
export const put = (path, body, signal) => json(path, { method: "PUT", body: JSON.stringify(body), signal });
export const del = (path, signal) => json(path, { method: "DELETE", signal });
/** Send a form with files. @param {FormData} form */
export const upload = (path, form, signal) => json(path, { method: "POST", body: form, signal });

/** The answer as a file: `{blob, name, headers}`. */
export async function file(path, body, signal) {
  const answer = await send(path, { method: body ? "POST" : "GET", body: body && JSON.stringify(body), signal });
  const said = /filename\*?="?(?:UTF-8'')?([^";]+)/i.exec(answer.headers.get("content-disposition") ?? "");
  return { blob: await answer.blob(), name: said ? decodeURIComponent(said[1]) : "", headers: answer.headers };
}

async function json(path, options) {
  const answer = await send(path, options);
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("bad_answer", "The studio's answer cannot be read: is it the same version as this page?");
  }
}

/** Fetch with the token; throws ApiError for anything but a good answer. Abort throws AbortError as fetch does. */
async function send(path, options = {}, again = false) {
  const answer = await reach(path, options);
  if (answer.ok) return answer;
  if (answer.status === 401 && access.ask) {
    sessionStorage.removeItem(KEY);
    const token = await access.ask(again);
    if (token) {
      sessionStorage.setItem(KEY, token);
      return send(path, options, true);
    }
  }
  throw await errorOf(answer);
}

async function reach(path, options) {
  const headers = {};
  const token = sessionStorage.getItem(KEY);
  if (token) headers.Authorization = `Bearer ${token}`;
  if (typeof options.body === "string") headers["Content-Type"] = "application/json";
  try {
    return await fetch(path.replace(/^\//, ""), { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw lost();
  }
}

const lost = () => new ApiError("offline", "The studio does not answer: is it still running? Your text is kept here.");

async function errorOf(answer) {
  const retry = Number(answer.headers.get("retry-after")) || 0;
  const said = await answer.json().catch(() => null);
  const { code = `http_${answer.status}`, message = `The studio answered ${answer.status}.` } = said?.error ?? {};
  return new ApiError(code, message, answer.status, retry);
}

/**
 * POST (or GET, without a body) and read server-sent events until the stream ends.
 * @param {string} path @param {any} body @param {(name: string, data: any) => void} onEvent @param {AbortSignal} [signal]
 */
export async function stream(path, body, onEvent, signal) {
  const options = body ? { method: "POST", body: JSON.stringify(body), signal } : { signal };
  const answer = await send(path, options);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split(/\r?\n\r?\n/);
      rest = blocks.pop();
      for (const block of blocks) deliver(block, onEvent);
    }
  } catch (error) {
    if (error.name === "AbortError" || error instanceof ApiError || signal?.aborted) throw error;
    throw error instanceof TypeError ? lost() : error;
  }
}

function deliver(block, onEvent) {
  let name = "message";
  const data = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (data.length) onEvent(name, JSON.parse(data.join("\n")));
}
