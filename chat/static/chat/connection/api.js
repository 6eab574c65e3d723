// The JSON API as pages call it. Must not draw, and must not know what is asked.

/** What the server refused, in its own words: {status, code, message, retryAfter, close}. */
export class Refusal extends Error {
  constructor(status, answer = {}) {
    const { code = "internal", detail = "The server did not answer as it should.", retry_after: wait, close } = answer;
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = wait;
    this.close = close;
  }
}

let csrfToken = null;

async function token() {
  csrfToken ??= (await (await fetch("/api/session/")).json()).csrf;
  return csrfToken;
}

/**
 * Calls the API and returns the answer's object (null where it has none). Throws a Refusal, also when offline.
 * `more` are further options of `fetch`.
 */
export async function call(method, path, body, more = {}) {
  const options = { ...more, method, headers: {} };
  try {
    if (method !== "GET") options.headers["X-CSRFToken"] = await token();
    if (body !== undefined) {
      options.headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    return await read(await fetch(path, options));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(0, { code: "unavailable", detail: "The server cannot be reached. Try again in a moment." });
  }
}

async function read(response) {
  if (response.status === 204) return null;
  const answer = await response.json();
  if (response.ok) return answer;
  // Signed in anew in another tab: the next try asks for the new key.
  if (answer.code === "csrf_failed") csrfToken = null;
  throw new Refusal(response.status, answer);
}
