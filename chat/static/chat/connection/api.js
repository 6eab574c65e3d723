// @ts-check
// Calls the JSON API. Must not draw, and must not know what a request is for.

import { addErrorId } from "../ui/error-id.js";
import { gettext } from "../ui/translation.js";
import { REFUSAL } from "./wire.js";

/**
 * A request that the server refused, or that got no valid response (status 0). `message` is the server's text; if there
 * is none, this module's own text. For an error in the server, it ends with the error's id.
 */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {{ code?: string, detail?: string, retry_after?: number, close?: number, id?: string }} [answer]
   */
  constructor(status, answer = {}) {
    const { code = REFUSAL.INTERNAL, detail = gettext("The server sent an unexpected answer."), retry_after: seconds, close, id } = answer;
    super(addErrorId(detail, id));
    this.status = status;
    this.code = code;
    /** Seconds to wait before the next try; undefined if the server gave none. */
    this.retryAfter = seconds;
    /** The close code that the server would send to a websocket; undefined for most errors. */
    this.close = close;
  }
}

/** @type {string | null} */
let csrfToken = null;

/** Returns the token that requests with a cookie need. */
export async function getCsrfToken() {
  csrfToken ??= /** @type {string} */ ((await (await fetch("/api/session/")).json()).csrf);
  return csrfToken;
}

/**
 * Calls the API and returns the object in the answer, or null when the answer has no body.
 * Throws an ApiError for a refusal, and for a server that cannot be reached.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @param {RequestInit} [moreOptions] further options of `fetch`
 * @returns {Promise<any>}
 */
export async function call(method, path, body, moreOptions = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  /** @type {RequestInit} */
  const options = { ...moreOptions, method, headers };
  try {
    if (method !== "GET") headers["X-CSRFToken"] = await getCsrfToken();
    if (body !== undefined) {
      headers["Content-Type"] = "application/json";
      options.body = JSON.stringify(body);
    }
    return await readAnswer(await fetch(path, options));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw makeUnreachable();
  }
}

/**
 * Returns `error` when it is an ApiError, and throws it otherwise.
 * @param {unknown} error
 * @returns {ApiError}
 */
export function asApiError(error) {
  if (error instanceof ApiError) return error;
  throw error;
}

/** @param {Response} response */
async function readAnswer(response) {
  if (response.status === 204) return null;
  const answer = await response.json();
  if (response.ok) return answer;
  throw makeRefusal(response.status, answer);
}

/**
 * Returns the error for an answer that is not a success.
 * @param {number} status
 * @param {any} answer the object in the answer
 */
export function makeRefusal(status, answer) {
  // After a new sign-in in another tab, the old token is invalid. The next call fetches the new token.
  if (answer.code === REFUSAL.CSRF_FAILED) csrfToken = null;
  return new ApiError(status, answer);
}

/** Returns the error for a server that cannot be reached. */
export function makeUnreachable() {
  return new ApiError(0, {
    code: REFUSAL.UNAVAILABLE, detail: gettext("The server cannot be reached. Try again in a moment."),
  });
}
