// @ts-check
// Sends requests again until each is answered by an `ack` or a final `rejected`. The server executes each ref only once.
// Must not know what a request asks for, nor which connection carries it.

import { newRef, retryAfterMs } from "./wire-values.js";
import { REFUSAL } from "./wire.js";

const ANSWER_TIMEOUT_MS = 5_000;

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {{ event: WireEvent, resolve: (answer: WireEvent) => void, timer: any }} Request */

export class PendingRequests {
  /** @type {import("./environment.js").Timers} */
  #timers;
  /** @type {(event: WireEvent) => void} */
  #send;
  /** @type {Map<string, Request>} */
  #requests = new Map();

  /**
   * @param {import("./environment.js").Timers} timers
   * @param {(event: WireEvent) => void} send
   */
  constructor(timers, send) {
    this.#timers = timers;
    this.#send = send;
  }

  /**
   * Sends a request. The promise resolves with the `ack`, or with a `rejected` that is final.
   * @param {string} type
   * @param {object} fields
   * @returns {Promise<WireEvent>}
   */
  request(type, fields) {
    const event = { type, ref: newRef(), ...fields };
    return new Promise((resolve) => {
      this.#requests.set(event.ref, { event, resolve, timer: null });
      this.#transmit(event.ref);
    });
  }

  /** Sends every unanswered request again: the connection is new. */
  sendAgain() {
    for (const ref of this.#requests.keys()) this.#transmit(ref);
  }

  /**
   * Resolves the request of an `ack` or a final `rejected`. After `unavailable`, sends the request again later.
   * @param {WireEvent} answer
   */
  answered(answer) {
    if (answer.code === REFUSAL.UNAVAILABLE) {
      this.#transmitAfter(answer.ref, retryAfterMs(answer.retry_after));
      return;
    }
    const request = this.#requests.get(answer.ref);
    if (!request) return;
    this.#timers.clearTimeout(request.timer);
    this.#requests.delete(answer.ref);
    request.resolve(answer);
  }

  /** @param {string} ref */
  #transmit(ref) {
    const request = this.#requests.get(ref);
    if (!request) return;
    this.#transmitAfter(ref, ANSWER_TIMEOUT_MS);
    this.#send(request.event);
  }

  /**
   * @param {string} ref
   * @param {number} delayMs
   */
  #transmitAfter(ref, delayMs) {
    const request = this.#requests.get(ref);
    if (!request) return;
    this.#timers.clearTimeout(request.timer);
    request.timer = this.#timers.setTimeout(() => this.#transmit(ref), delayMs);
  }
}
