// @ts-check
// Selects the transport: a WebSocket, or long polling where the network blocks WebSockets.
// Must not wait: reconnecting-connection.js decides when to try again.

import { SafeStorage } from "./storage.js";

// In a network that blocks websockets, the first websockets fail. After a websocket has opened, failures usually mean that
// the server is down, so the client tries longer before it polls.
const FAILURES_BEFORE_FALLBACK = 2;
const FAILURES_AFTER_SUCCESS = 8;
// Some proxies neither refuse nor open a websocket.
const OPEN_TIMEOUT_MS = 10_000;
const RETRY_WEBSOCKET_MS = 300_000;

/**
 * Returns whether the page must poll, because its address has `?transport=poll`, or because `chat.transport` in
 * localStorage is `poll`. Tests, and engineers who look for faults, use these switches.
 * @param {{ location?: { search: string }, localStorage?: Pick<Storage, "getItem"> }} [scope]
 */
export function isPollingForced(scope = globalThis) {
  if (new URLSearchParams(scope.location?.search).get("transport") === "poll") return true;
  return new SafeStorage(() => scope.localStorage).getItem("chat.transport") === "poll";
}

function isBrowserOffline() {
  return globalThis.navigator?.onLine === false;
}

export class TransportSelector {
  /** @type {any} */
  #WebSocket;
  /** @type {any} */
  #LongPolling;
  /** @type {import("./long-polling.js").Page | null} */
  #page;
  /** @type {() => boolean} */
  #isForced;
  /** @type {() => boolean} */
  #isOffline;
  /** @type {() => number} */
  #now;
  /** @type {any} */
  #chosen = null;
  #canPoll = false;
  #hasWebSocketOpened = false;
  #isPollingProven = false;
  #failures = 0;
  #webSocketTriedAt = -Infinity;

  /**
   * @param {object} options
   * @param {any} options.WebSocket a class, or undefined where the browser has none
   * @param {any} options.LongPolling a class, or null to use only websockets
   * @param {import("./long-polling.js").Page | null} [options.page]
   * @param {() => number} options.now
   * @param {() => boolean} [options.isForced]
   * @param {() => boolean} [options.isOffline] whether the browser knows that it has no network
   */
  constructor({ WebSocket, LongPolling, page = null, now, isForced = isPollingForced, isOffline = isBrowserOffline }) {
    this.#WebSocket = WebSocket;
    this.#LongPolling = LongPolling;
    this.#page = page;
    this.#isForced = isForced;
    this.#isOffline = isOffline;
    this.#now = now;
  }

  /**
   * Opens a connection with the transport that is chosen for this attempt.
   * @param {string} url
   */
  connect(url) {
    const Transport = this.choose(url);
    return Transport === this.#LongPolling ? new Transport(url, { page: this.#page }) : new Transport(url);
  }

  /**
   * Returns the class of the transport to try next.
   * @param {string} url
   */
  choose(url) {
    this.#canPoll = Boolean(this.#LongPolling?.serves(url));
    this.#chosen = this.#shouldPoll() ? this.#LongPolling : this.#WebSocket;
    if (this.#chosen === this.#WebSocket) this.#webSocketTriedAt = this.#now();
    return this.#chosen;
  }

  /** How many milliseconds the chosen transport may take to open; null for no special limit. */
  get openTimeoutMs() {
    const isFirstWebSocket = this.#chosen === this.#WebSocket && !this.#hasWebSocketOpened;
    return this.#canPoll && isFirstWebSocket ? OPEN_TIMEOUT_MS : null;
  }

  /** Records that the chosen transport has opened. */
  opened() {
    this.#isPollingProven = this.#chosen === this.#LongPolling;
    if (this.#isPollingProven) return;
    this.#hasWebSocketOpened = true;
    this.#failures = 0;
  }

  /**
   * Records that the chosen transport has not opened. After a failed poll the next attempt is a websocket. Without a network
   * no transport opens, so such a failure does not count.
   */
  failed() {
    if (this.#isOffline()) return;
    this.#isPollingProven = false;
    this.#failures = this.#chosen === this.#LongPolling ? this.#allowedFailures - 1 : this.#failures + 1;
  }

  get #allowedFailures() {
    return this.#hasWebSocketOpened ? FAILURES_AFTER_SUCCESS : FAILURES_BEFORE_FALLBACK;
  }

  #shouldPoll() {
    if (!this.#canPoll) return false;
    if (!this.#WebSocket || this.#isForced()) return true;
    // Where polling works, a websocket is tried again only after five minutes.
    if (this.#isPollingProven) return this.#now() - this.#webSocketTriedAt < RETRY_WEBSOCKET_MS;
    return this.#failures >= this.#allowedFailures;
  }
}
