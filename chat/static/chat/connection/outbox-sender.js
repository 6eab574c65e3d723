// @ts-check
// Sends the entries of the outbox in the order in which they were written. Repeats each entry until the server answers
// its ref.
// Must not know what an answer means for the page, nor which connection carries the events.

import { newRef, retryAfterMs } from "./wire-values.js";
import { CLIENT_EVENT, REFUSAL } from "./wire.js";

export const ANSWER_TIMEOUT_MS = 5_000;
// The limit of unanswered events: a long outbox must not exceed the server's rate limit.
export const WINDOW = 20;
// The client waits at least this time, even if the server sends `retry_after: 0`.
const SHORTEST_WAIT_MS = 250;
/** @type {Set<string>} */
const RETRIED_CODES = new Set([REFUSAL.RATE_LIMITED, REFUSAL.UNAVAILABLE]);
/** @type {Set<string>} */
const KEPT_AFTER_REFUSAL = new Set([CLIENT_EVENT.POST, CLIENT_EVENT.EDIT, CLIENT_EVENT.SCHEDULE, CLIENT_EVENT.COMMAND]);
/** @type {Set<string>} */
const NEEDS_NEW_REF = new Set([REFUSAL.REF_CONFLICT, REFUSAL.REF_EXPIRED]);

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./environment.js").Environment & { crypto?: Pick<Crypto, "getRandomValues"> }} SenderEnvironment */

/**
 * Returns whether the client repeats an event after this refusal. A task that is refused because the person has too
 * many tasks is not repeated: it would delay the messages that are written meanwhile.
 * @param {string} code
 * @param {string} [eventType]
 */
export function isRetried(code, eventType) {
  const isTaskLimit = eventType === CLIENT_EVENT.START && code === REFUSAL.RATE_LIMITED;
  return RETRIED_CODES.has(code) && !isTaskLimit;
}

export class OutboxSender {
  /** @type {SenderEnvironment} */
  #environment;
  /** @type {Outbox} */
  #outbox;
  /** @type {(event: WireEvent) => void} */
  #send;
  #isRunning = false;
  /** How long the server recognises a ref after its use; Infinity: always. */
  #refsKeptMs = Infinity;
  /**
   * The timer after which an event is sent again, for each ref that has been sent and not answered.
   * @type {Map<string, any>}
   */
  #inFlight = new Map();
  #pausedUntil = 0;
  /** @type {any} */
  #pauseTimer = null;

  /**
   * @param {SenderEnvironment} environment
   * @param {Outbox} outbox
   * @param {(event: WireEvent) => void} send puts an event on the connection
   */
  constructor(environment, outbox, send) {
    this.#environment = environment;
    this.#outbox = outbox;
    this.#send = send;
  }

  /** Unanswered and failed changes. Fetches are left out, because the page does not show them. */
  get pending() {
    return this.#outbox.entries.filter((entry) => entry.isPersistent);
  }

  get isFetching() {
    return this.#outbox.unanswered.some((entry) => !entry.isPersistent);
  }

  /**
   * Starts to send: the connection has joined. Everything unanswered is sent again, unless the server may have forgotten
   * its ref: then the server would store the change a second time.
   * @param {Outbox} [outbox]
   * @param {number} [refsKeptMs]
   */
  start(outbox = this.#outbox, refsKeptMs = Infinity) {
    this.#outbox = outbox;
    this.#refsKeptMs = refsKeptMs;
    this.#isRunning = true;
    this.sendWaiting();
  }

  stop() {
    this.#isRunning = false;
    for (const ref of [...this.#inFlight.keys()]) this.#clearInFlight(ref);
    this.#environment.timers.clearTimeout(this.#pauseTimer);
  }

  /**
   * Adds an event to the outbox, and returns its new ref.
   * @param {WireEvent} content
   * @param {{ isPersistent?: boolean }} [options]
   */
  add(content, options) {
    const event = { ...content, ref: newRef(this.#environment.crypto) };
    this.#outbox.add(event, options);
    return event.ref;
  }

  /**
   * Removes an answered event, and returns its entry, or undefined for a ref that is not in this outbox.
   * @param {string} ref
   */
  finish(ref) {
    const entry = this.#outbox.get(ref);
    this.#outbox.remove(ref);
    this.#clearInFlight(ref);
    return entry;
  }

  /**
   * Takes a refusal: retries the event later, keeps it as failed, or removes it. Returns the event's entry, if any.
   * @param {WireEvent} rejected
   */
  refuse({ ref, code, detail, id, retry_after: seconds }) {
    const entry = this.#outbox.get(ref);
    if (!entry) return undefined;
    this.#clearInFlight(ref);
    if (isRetried(code, entry.event.type)) this.#pause(seconds);
    else if (KEPT_AFTER_REFUSAL.has(entry.event.type)) this.#outbox.setFailed(ref, { code, detail: detail ?? "", ...(id && { id }) });
    else this.#outbox.remove(ref);
    return entry;
  }

  /**
   * Makes a failed event unanswered again, because the person asked for it. `sendWaiting` then sends the event. After a
   * conflict the event needs a new ref, because the old ref permanently belongs to other content. An expired event needs a
   * new ref too.
   * @param {string} ref
   */
  retry(ref) {
    const entry = this.#outbox.get(ref);
    if (!entry?.failed) return;
    if (NEEDS_NEW_REF.has(entry.failed.code)) {
      this.#outbox.remove(ref);
      this.add(entry.event);
    } else {
      this.#outbox.setFailed(ref, null);
    }
  }

  /** Deletes all events, and sends none of them again. */
  forget() {
    this.stop();
    for (const { ref } of this.#outbox.entries) this.#outbox.remove(ref);
  }

  dropTransient() {
    this.#outbox.dropTransient();
  }

  /**
   * Sends the unanswered events that are not in flight, up to WINDOW events in flight. No event overtakes an earlier event
   * that has to wait.
   */
  sendWaiting() {
    const { now, timers } = this.#environment;
    timers.clearTimeout(this.#pauseTimer);
    if (!this.#isRunning) return;
    const waitMs = this.#pausedUntil - now();
    if (waitMs > 0) {
      this.#pauseTimer = timers.setTimeout(() => this.sendWaiting(), waitMs);
      return;
    }
    this.#expire();
    for (const entry of this.#outbox.unanswered) {
      if (this.#inFlight.size >= WINDOW) return;
      if (!this.#inFlight.has(entry.ref)) this.#transmit(entry);
    }
  }

  /** Gives up the changes that were sent so long ago that the server may have forgotten their refs. */
  #expire() {
    const oldest = this.#environment.now() - this.#refsKeptMs;
    for (const { ref, event, sentAt } of this.#outbox.unanswered) {
      if (sentAt === null || sentAt >= oldest) continue;
      if (KEPT_AFTER_REFUSAL.has(event.type)) this.#outbox.setFailed(ref, { code: REFUSAL.REF_EXPIRED, detail: "" });
      else this.#outbox.remove(ref);
    }
  }

  /** @param {unknown} seconds */
  #pause(seconds) {
    const until = this.#environment.now() + Math.max(SHORTEST_WAIT_MS, retryAfterMs(seconds));
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /** @param {import("./outbox.js").Entry} entry */
  #transmit(entry) {
    const sendAgain = () => {
      this.#inFlight.delete(entry.ref);
      this.sendWaiting();
    };
    this.#inFlight.set(entry.ref, this.#environment.timers.setTimeout(sendAgain, ANSWER_TIMEOUT_MS));
    this.#outbox.setSent(entry.ref, this.#environment.now());
    this.#send(entry.event);
  }

  /** @param {string} ref */
  #clearInFlight(ref) {
    this.#environment.timers.clearTimeout(this.#inFlight.get(ref));
    this.#inFlight.delete(ref);
  }
}
