// @ts-check
// A room over long polling, with the interface of a WebSocket, for networks that block WebSockets.
// Must not reconnect: reconnecting-connection.js does. Must read only the events that its next request depends on.

import { asApiError, call } from "./api.js";
import { Cursor } from "./cursor.js";
import { PolledSocket } from "./polled-socket.js";
import { CLOSE, REFUSAL, SERVER_EVENT } from "./wire.js";

// The server answers after 20 s at the latest. A request whose worker was killed gets no answer at all.
const POLL_TIMEOUT_MS = 35_000;
const REQUEST_TIMEOUT_MS = 15_000;
const FRAMES_PER_REQUEST = 50;
// A browser opens six connections to a server for all tabs together, so a hidden tab must not occupy one of them.
const HIDDEN_PAUSE_MS = 10_000;
const ROOM_PATH = /^\/chat\/([^/]*)\/$/;

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/**
 * The part of the page that polling needs: whether it is hidden, and when that changes.
 * @typedef {EventTarget & { hidden: boolean }} Page
 */
/** @typedef {{ poll: string, events: WireEvent[], close?: number }} Answer */

export class LongPolling extends PolledSocket {
  /** @type {string} */
  #path;
  /** @type {typeof call} */
  #request;
  /** @type {Page | null} */
  #page;
  /** @type {import("./environment.js").Timers} */
  #timers;
  /**
   * The server's id of this poll; null before the server's first answer.
   * @type {string | null}
   */
  #poll = null;
  #cursor = new Cursor();
  /** @type {string | null} */
  #epoch = null;
  /** @type {Set<string>} */
  #present = new Set();
  /** @type {object[]} */
  #unsent = [];
  #isSending = false;
  #onPageHide = () => this.#endOnServer();

  /**
   * Returns whether long polling can replace the websocket at this address.
   * @param {string} url
   */
  static serves(url) {
    return ROOM_PATH.test(new URL(url).pathname);
  }

  /**
   * @param {string} url the address of the websocket
   * @param {object} [options]
   * @param {Page | null} [options.page]
   * @param {typeof call} [options.request] for tests
   * @param {import("./environment.js").Timers} [options.timers] for tests
   */
  constructor(url, { request = call, page = null, timers = globalThis } = {}) {
    super();
    const { pathname, search } = new URL(url);
    this.#path = `/api/rooms/${ROOM_PATH.exec(pathname)?.[1]}/poll/`;
    this.#request = request;
    this.#page = page;
    this.#timers = timers;
    globalThis.addEventListener?.("pagehide", this.#onPageHide);
    this.#receiveAll(search.slice(1));
  }

  /** @param {string} text */
  send(text) {
    this.#unsent.push(JSON.parse(text));
    if (!this.#isSending) this.#sendAll();
  }

  close() {
    if (this.hasEnded) return;
    this.stop();
    this.#endOnServer();
  }

  /** @param {string} query the query of the first request */
  async #receiveAll(query) {
    const first = await this.#ask("GET", query, REQUEST_TIMEOUT_MS);
    if (first === null) return;
    this.#poll = first.poll;
    this.onopen?.({});
    this.#deliver(first);
    while (!this.hasEnded) {
      if (this.#page?.hidden) await this.#pause(this.#page);
      const answer = await this.#ask("GET", this.#nextQuery(), POLL_TIMEOUT_MS);
      if (answer !== null) this.#deliver(answer);
    }
  }

  #nextQuery() {
    const query = new URLSearchParams({
      poll: this.#poll ?? "", cursor: String(this.#cursor.position ?? ""), present: String(this.#present.size),
    });
    if (this.#epoch !== null) query.set("epoch", this.#epoch);
    if (this.#page?.hidden) query.set("wait", "0");
    return query.toString();
  }

  async #sendAll() {
    this.#isSending = true;
    // Frames that are sent at the same moment share one request.
    await null;
    while (this.#unsent.length > 0 && !this.hasEnded) {
      const frames = this.#unsent.splice(0, FRAMES_PER_REQUEST);
      const answer = await this.#ask("POST", `poll=${this.#poll}`, REQUEST_TIMEOUT_MS, frames);
      if (answer !== null) this.#deliver(answer);
    }
    this.#isSending = false;
  }

  /**
   * Returns the answer, or null when the connection has ended.
   * @param {string} method
   * @param {string} query
   * @param {number} timeoutMs
   * @param {object[]} [body]
   * @returns {Promise<Answer | null>}
   */
  async #ask(method, query, timeoutMs, body) {
    const timer = this.#timers.setTimeout(() => this.end(CLOSE.ABNORMAL), timeoutMs);
    try {
      return await this.#askWithFreshToken(method, `${this.#path}${query && "?"}${query}`, body);
    } catch (error) {
      this.#refused(asApiError(error));
      return null;
    } finally {
      this.#timers.clearTimeout(timer);
    }
  }

  /**
   * Sends a request. Repeats it once if the CSRF token is outdated, because a person signed in again in another tab.
   * @param {string} method
   * @param {string} path
   * @param {object[]} [body]
   */
  async #askWithFreshToken(method, path, body) {
    const options = { signal: this.signal };
    try {
      return await this.#request(method, path, body, options);
    } catch (error) {
      if (asApiError(error).code !== REFUSAL.CSRF_FAILED) throw error;
      return this.#request(method, path, body, options);
    }
  }

  /** @param {Answer} answer */
  #deliver({ events, close }) {
    for (const event of events) {
      if (this.hasEnded) return;
      this.#updateNextQuery(event);
      this.deliver(event);
    }
    if (close) this.end(close);
  }

  /** @param {WireEvent} event */
  #updateNextQuery({ type, offset, reset, epoch, present, came = [], went = [] }) {
    if (type === SERVER_EVENT.JOINED) this.#epoch = epoch ?? null;
    if (type === SERVER_EVENT.MESSAGE) this.#cursor.received(offset);
    if (type === SERVER_EVENT.SYNCED) {
      if (reset) this.#cursor.reset();
      this.#cursor.synced(offset);
    }
    if (present) this.#present = new Set(present.map((/** @type {{ handle: string }} */ { handle }) => handle));
    if (type !== SERVER_EVENT.PRESENCE) return;
    for (const handle of came) this.#present.add(handle);
    for (const handle of went) this.#present.delete(handle);
  }

  /** @param {import("./api.js").ApiError} error */
  #refused({ status, code, message, retryAfter, close }) {
    if (this.hasEnded) return;
    if (status === 429) {
      this.deliver({ type: SERVER_EVENT.REJECTED, ref: null, code, detail: message, retry_after: retryAfter });
    }
    if (close) this.end(close);
    else if (status === 401) this.end(CLOSE.NOT_SIGNED_IN);
    else this.end(status === 429 ? CLOSE.OVERLOADED : CLOSE.ABNORMAL);
  }

  /**
   * Waits ten seconds, or until the page is visible.
   * @param {Page} page
   */
  #pause(page) {
    return /** @type {Promise<void>} */ (new Promise((resolve) => {
      const go = () => {
        this.#timers.clearTimeout(timer);
        page.removeEventListener("visibilitychange", go);
        resolve();
      };
      const timer = this.#timers.setTimeout(go, HIDDEN_PAUSE_MS);
      page.addEventListener("visibilitychange", go);
    }));
  }

  stop() {
    super.stop();
    globalThis.removeEventListener?.("pagehide", this.#onPageHide);
  }

  // Without this request the server keeps the poll for 75 s. `keepalive` sends the request even while the page closes.
  #endOnServer() {
    if (this.#poll === null) return;
    this.#request("DELETE", `${this.#path}?poll=${this.#poll}`, undefined, { keepalive: true }).catch(() => {});
  }
}
