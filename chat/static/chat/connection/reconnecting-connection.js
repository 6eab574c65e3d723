// @ts-check
// A connection to the server that reconnects automatically, with backoff. The close code decides whether it reconnects.
// It uses a WebSocket, or long polling where no WebSocket works.
// Must not read the frames, and must not touch the page or storage.

import { makeEnvironment } from "./environment.js";
import { LongPolling } from "./long-polling.js";
import { retryAfterMs } from "./wire-values.js";
import { TransportSelector } from "./transport-selector.js";
import { CLOSE, FINAL_CLOSE_CODES } from "./wire.js";

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
// The backoff starts again after a connection that was useful for this time. After any other connection it continues to grow.
const STABLE_AFTER_MS = 5_000;
// The timeout is long, because after a server's restart every client connects at the same time.
const USEFUL_TIMEOUT_MS = 20_000;
// When the network is back, an attempt that began this much earlier may wait for packets that were lost.
const STALE_ATTEMPT_MS = 2_000;

/**
 * @typedef {object} Status
 * @property {"connecting" | "open" | "waiting" | "closed"} state
 * @property {number} [until] the time of the next attempt, in milliseconds since 1970
 * @property {number} [code] the close code
 * @property {boolean} [willReconnect]
 */

/**
 * @typedef {object} Handlers
 * @property {(text: string) => void} frame
 * @property {(code: number) => void} [disconnected]
 * @property {(status: Status) => void} [status]
 * @property {() => void} [opened]
 */

/**
 * @typedef {object} TransportOptions
 * @property {any} [WebSocket]
 * @property {any} [LongPolling] a class, or null to use only websockets
 * @property {import("./long-polling.js").Page | null} [page] says whether the page is hidden
 */
/** @typedef {TransportOptions & Partial<import("./environment.js").Environment>} ConnectionOptions */

/** @param {ConnectionOptions} options */
function makeSelector(options) {
  return new TransportSelector({
    WebSocket: options.WebSocket ?? globalThis.WebSocket,
    // A test that passes its own WebSocket class uses only this class, unless the test passes its own LongPolling too.
    LongPolling: options.LongPolling ?? (options.WebSocket ? null : LongPolling),
    page: options.page ?? null,
    now: makeEnvironment(options).now,
  });
}

export class ReconnectingConnection {
  /** The `retry_after` of the last `rejected`: the wait after close code 4429. */
  retryAfterSeconds = 5;
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {() => string} */
  #address;
  /** @type {Handlers} */
  #handlers;
  /** @type {TransportSelector} */
  #selector;
  /** @type {any} */
  #transport = null;
  /** @type {"idle" | Status["state"]} */
  #state = "idle";
  /** @type {any} */
  #timer = null;
  #attempts = 0;
  #attemptedAt = 0;
  /** @type {number | null} */
  #usefulSince = null;
  #notBefore = 0;

  /**
   * @param {() => string} address is called at each attempt
   * @param {Handlers} handlers
   * @param {ConnectionOptions} [options]
   */
  constructor(address, handlers, options = {}) {
    this.#address = address;
    this.#handlers = handlers;
    this.#environment = makeEnvironment(options);
    this.#selector = makeSelector(options);
  }

  open() {
    if (this.#state === "idle" || this.#state === "closed") this.#connect();
  }

  close() {
    this.#dropTransport();
    this.#changeStatus({ state: "closed", code: CLOSE.NORMAL, willReconnect: false });
  }

  /** @param {string} text */
  send(text) {
    if (this.#state === "open") this.#transport.send(text);
  }

  /** Records that this connection works. The caller calls this when the connection has delivered what the page needs. */
  markUseful() {
    this.#usefulSince ??= this.#environment.now();
    this.#clearTimer();
  }

  /**
   * Ends the wait and reconnects, or replaces an attempt that hangs. The wait after close code 4429 cannot be ended early.
   * If the attempt fails, the next one follows soon.
   */
  reconnectNow() {
    const now = this.#environment.now();
    const isStale = this.#state === "connecting" && now - this.#attemptedAt >= STALE_ATTEMPT_MS;
    if (isStale || (this.#state === "waiting" && now >= this.#notBefore)) this.#connect();
    if (this.#state === "connecting") this.#attempts = 0;
  }

  /** Treats the connection as dead, although no close has been received. */
  fail() {
    if (this.#state === "open" || this.#state === "connecting") this.#disconnected(CLOSE.ABNORMAL);
  }

  /** Replaces the connection with a new one at once. */
  restart() {
    this.#dropTransport();
    this.#handlers.disconnected?.(CLOSE.NORMAL);
    this.#connect();
  }

  #connect() {
    this.#dropTransport();
    this.#usefulSince = null;
    this.#attemptedAt = this.#environment.now();
    this.#changeStatus({ state: "connecting" });
    const transport = this.#selector.connect(this.#address());
    this.#transport = transport;
    transport.onopen = () => this.#opened();
    transport.onmessage = (/** @type {{ data: string }} */ event) => this.#handlers.frame(event.data);
    transport.onclose = (/** @type {{ code: number }} */ event) => this.#disconnected(event.code);
    this.#failAfter(this.#selector.openTimeoutMs ?? USEFUL_TIMEOUT_MS);
  }

  /** @param {number} delayMs */
  #failAfter(delayMs) {
    this.#clearTimer();
    this.#timer = this.#environment.timers.setTimeout(() => this.fail(), delayMs);
  }

  #opened() {
    this.#state = "open";
    this.#selector.opened();
    if (!this.#isUseful) this.#failAfter(USEFUL_TIMEOUT_MS);
    this.#handlers.opened?.();
  }

  /** @param {number} code */
  #disconnected(code) {
    if (this.#state === "connecting") this.#selector.failed();
    this.#dropTransport();
    this.#handlers.disconnected?.(code);
    if (FINAL_CLOSE_CODES.has(code)) this.#changeStatus({ state: "closed", code, willReconnect: false });
    else this.#wait(code);
  }

  /** @param {number} code */
  #wait(code) {
    const { now, timers } = this.#environment;
    if (this.#usefulSince !== null && now() - this.#usefulSince >= STABLE_AFTER_MS) this.#attempts = 0;
    const delayMs = this.#delayMs(code);
    this.#attempts += 1;
    const until = now() + delayMs;
    this.#notBefore = code === CLOSE.FLOODING ? until : 0;
    this.#timer = timers.setTimeout(() => this.#connect(), delayMs);
    this.#changeStatus({ state: "waiting", until, code, willReconnect: true });
  }

  /** @param {number} code */
  #delayMs(code) {
    const { random } = this.#environment;
    if (code === CLOSE.FLOODING) return retryAfterMs(this.retryAfterSeconds) + random() * 1000;
    // The client reconnects at once only if the lost connection was useful. Otherwise it could reconnect in an endless loop.
    if (code === CLOSE.CONNECTION_LOST && this.#isUseful) return 0;
    const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#attempts);
    return full * (0.5 + random() / 2);
  }

  get #isUseful() {
    return this.#usefulSince !== null;
  }

  // A dead connection may report its close minutes later. Without handlers this late close has no effect.
  #dropTransport() {
    this.#clearTimer();
    const transport = this.#transport;
    this.#transport = null;
    if (!transport) return;
    transport.onopen = transport.onmessage = transport.onclose = null;
    transport.close();
  }

  #clearTimer() {
    this.#environment.timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** @param {Status} status */
  #changeStatus(status) {
    this.#state = status.state;
    this.#handlers.status?.(status);
  }
}
