// @ts-check
// The connection to a person's own stream: it tells the tab what happens in all rooms of the person.
// Must not decide what a person sees, and must not count what is unread: places.js does.

import { Emitter, LOCAL_EVENT } from "./emitter.js";
import { TimerSet, makeEnvironment, socketUrl } from "./environment.js";
import { MePolling } from "./me-polling.js";
import { PendingRequests } from "./pending-requests.js";
import { ReconnectingConnection } from "./reconnecting-connection.js";
import { parseEvent, retryAfterMs } from "./wire-values.js";
import { CLIENT_EVENT, CLOSE, REFUSAL, SERVER_EVENT } from "./wire.js";

export const HEARTBEAT_MS = 25_000;
const HEARTBEAT_JITTER_MS = 5_000;
export const SYNCED_TIMEOUT_MS = 10_000;
export const URGENT_TIMEOUT_MS = 3_000;
const HEARTBEAT = "heartbeat";
const TIMEOUT = "timeout";
const TEMPORARY = new Set([REFUSAL.RATE_LIMITED, REFUSAL.UNAVAILABLE]);

/** @typedef {import("./wire.js").WireEvent} WireEvent */

/**
 * @typedef {object} OwnOptions
 * @property {string} [url] the full address
 * @property {() => number} [posts] the sum of the `posts` of all rooms that the page shows, for the heartbeat
 */
/** @typedef {OwnOptions & import("./reconnecting-connection.js").ConnectionOptions} MeSocketOptions */

/**
 * A person's own stream. It emits every event of the server except answers and `synced`, and these:
 * - status: as in reconnecting-connection.js
 * - unknown: the server has no such stream, because it is of an older version
 */
export class MeSocket extends Emitter {
  /** @type {ReconnectingConnection} */
  #connection;
  /** @type {PendingRequests} */
  #requests;
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {TimerSet} */
  #timers;
  /** @type {() => number | undefined} */
  #posts;
  #hasStarted = false;
  /** Returns whether the person uses the page now: then the server sends no pushes. A part that loads late sets this. */
  isActive = () => false;

  /** @param {MeSocketOptions} [options] */
  constructor(options = {}) {
    super();
    this.#environment = makeEnvironment(options);
    this.#timers = new TimerSet(this.#environment.timers);
    this.#posts = options.posts ?? (() => undefined);
    const url = options.url ?? socketUrl("/me/");
    this.#connection = new ReconnectingConnection(() => url, {
      frame: (text) => this.#receive(text),
      disconnected: (code) => this.#disconnected(code),
      status: (status) => this.emit(LOCAL_EVENT.STATUS, status),
    }, { LongPolling: options.WebSocket ? null : MePolling, ...options });
    this.#requests = new PendingRequests(this.#environment.timers, (event) => this.#send(event));
  }

  open() {
    this.#connection.open();
  }

  close() {
    this.#timers.stopAll();
    this.#hasStarted = false;
    this.#connection.close();
  }

  /** Reconnects at once, or checks the connection. The page calls this when it is online or visible again. */
  checkConnection() {
    this.#connection.reconnectNow();
    if (this.#hasStarted) this.#sync(URGENT_TIMEOUT_MS);
  }

  /**
   * Asks the server for a change. Resolves with the `ack`, or with a `rejected` that is final.
   * @param {string} type
   * @param {object} [fields]
   */
  request(type, fields = {}) {
    return this.#requests.request(type, fields);
  }

  /**
   * Marks a room as read up to an offset.
   * @param {string} room
   * @param {number} offset
   */
  read(room, offset) {
    this.#send({ type: CLIENT_EVENT.READ, room, offset });
  }

  /** @param {string} text */
  #receive(text) {
    const event = parseEvent(text);
    if (!event) return;
    if (event.type === SERVER_EVENT.WORKSPACE) this.#started(event);
    else if (event.type === SERVER_EVENT.SYNCED) this.#scheduleHeartbeat();
    else if (event.type === SERVER_EVENT.ACK || event.type === SERVER_EVENT.REJECTED) this.#answered(event);
    else this.emit(event.type, event);
  }

  /** @param {WireEvent} event */
  #started(event) {
    const isNew = !this.#hasStarted;
    this.#hasStarted = true;
    this.#connection.markUseful();
    this.emit(SERVER_EVENT.WORKSPACE, event);
    if (!isNew) return;
    this.#requests.sendAgain();
    this.#scheduleHeartbeat();
  }

  /** @param {WireEvent} event */
  #answered(event) {
    if (event.type === SERVER_EVENT.REJECTED && event.retry_after !== undefined) {
      this.#connection.retryAfterSeconds = event.retry_after;
    }
    if (event.type === SERVER_EVENT.REJECTED && event.ref === null && TEMPORARY.has(event.code)) this.#retryHeartbeat(event);
    this.#requests.answered(event);
  }

  /** @param {number} code */
  #disconnected(code) {
    this.#timers.stopAll();
    this.#hasStarted = false;
    if (code === CLOSE.NOT_FOUND) this.emit(LOCAL_EVENT.UNKNOWN);
  }

  #scheduleHeartbeat() {
    this.#timers.stop(TIMEOUT);
    const jitterMs = (this.#environment.random() * 2 - 1) * HEARTBEAT_JITTER_MS;
    this.#timers.start(HEARTBEAT, HEARTBEAT_MS + jitterMs, () => this.#sync(SYNCED_TIMEOUT_MS));
  }

  /**
   * Repeats a refused heartbeat later. A heartbeat has no ref, so a refusal without a ref may be its only answer.
   * @param {WireEvent} rejected
   */
  #retryHeartbeat({ retry_after: seconds }) {
    if (!this.#timers.isRunning(TIMEOUT)) return;
    this.#timers.stop(TIMEOUT);
    this.#timers.start(HEARTBEAT, retryAfterMs(seconds), () => this.#sync(SYNCED_TIMEOUT_MS));
  }

  /** @param {number} timeoutMs after this time without an answer, the connection counts as dead */
  #sync(timeoutMs) {
    this.#timers.stop(HEARTBEAT);
    this.#timers.start(TIMEOUT, timeoutMs, () => this.#connection.fail());
    this.#send({ type: CLIENT_EVENT.SYNC, posts: this.#posts(), active: this.isActive() || undefined });
  }

  /** @param {WireEvent} event */
  #send(event) {
    this.#connection.send(JSON.stringify(event));
  }
}
