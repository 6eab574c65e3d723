// @ts-check
// Keeps a room's messages complete: asks for missing changes (`sync`), and treats a connection without an answer as dead.
// Must not know of sockets or messages: it counts offsets, and calls the passed `send`.

import { Cursor } from "./cursor.js";
import { TimerSet } from "./environment.js";
import { retryAfterMs } from "./wire-values.js";
import { CLIENT_EVENT } from "./wire.js";

export const SYNCED_TIMEOUT_MS = 10_000;
// The timeout while a person waits: someone who returns to a page with a dead connection must not wait ten seconds.
export const URGENT_TIMEOUT_MS = 3_000;
export const GAP_MS = 300;
const HEARTBEAT_MS = 25_000;
const HEARTBEAT_JITTER_MS = 5_000;
const GAP = "gap";
const HEARTBEAT = "heartbeat";
const TIMEOUT = "timeout";
const URGENT_TIMEOUT = "urgent timeout";

/** @typedef {import("./wire.js").WireEvent} WireEvent */

/**
 * @typedef {object} Actions
 * @property {(event: WireEvent) => void} send
 * @property {() => void} timedOut called when no `synced` came in time: the connection is dead
 * @property {() => void} timedOutUrgently called instead of `timedOut` while a person waits
 */

export class Synchronizer {
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {Actions} */
  #actions;
  #cursor = new Cursor();
  /** @type {TimerSet} */
  #timers;
  #hasJoined = false;
  #isSyncing = false;

  /**
   * @param {import("./environment.js").Environment} environment
   * @param {Actions} actions
   */
  constructor(environment, actions) {
    this.#environment = environment;
    this.#actions = actions;
    this.#timers = new TimerSet(environment.timers);
  }

  /** The client has every change up to this offset; null before the first `advance`. */
  get cursor() {
    return this.#cursor.position;
  }

  /** Starts on a new connection. The backlog follows and ends with `synced`. Until then a missing offset is no gap. */
  start() {
    this.#hasJoined = true;
    this.#isSyncing = true;
  }

  /** Stops all timers, because the connection has ended. */
  stop() {
    this.#hasJoined = false;
    this.#isSyncing = false;
    this.#timers.stopAll();
  }

  /** Forgets the cursor. */
  reset() {
    this.#cursor.reset();
  }

  /**
   * Counts the offset of a message.
   * @param {number} offset
   */
  received(offset) {
    this.#cursor.received(offset);
  }

  /** Ends the wait for `synced` and stops its timeouts, because an answer has arrived: `synced`, or a refusal. */
  answered() {
    this.#timers.stop(TIMEOUT);
    this.#timers.stop(URGENT_TIMEOUT);
    this.#isSyncing = false;
  }

  /**
   * Moves the cursor to the offset of a `synced`, and returns whether the cursor has changed.
   * @param {number} offset
   */
  advance(offset) {
    const before = this.#cursor.position;
    this.#cursor.synced(offset);
    return this.#cursor.position !== before;
  }

  /** Schedules the next heartbeat, and watches for a gap. */
  scheduleHeartbeat() {
    const jitterMs = (this.#environment.random() * 2 - 1) * HEARTBEAT_JITTER_MS;
    this.#timers.start(HEARTBEAT, HEARTBEAT_MS + jitterMs, () => this.sync());
    this.watchGap();
  }

  /** Asks for every change after the cursor, unless an earlier `sync` still waits. The answer ends with `synced`. */
  sync() {
    if (!this.#hasJoined || this.#isSyncing || this.#cursor.position === null) return;
    this.#isSyncing = true;
    this.#timers.stop(GAP);
    this.#timers.stop(HEARTBEAT);
    this.#timers.start(TIMEOUT, SYNCED_TIMEOUT_MS, () => this.#actions.timedOut());
    this.#actions.send({ type: CLIENT_EVENT.SYNC, cursor: this.#cursor.position });
  }

  /** Checks the connection at once, because a person waits for it. */
  syncUrgently() {
    this.sync();
    // An earlier `sync` without an answer gets the short timeout too: its connection may be dead.
    if (this.#isSyncing && !this.#timers.isRunning(URGENT_TIMEOUT)) {
      this.#timers.start(URGENT_TIMEOUT, URGENT_TIMEOUT_MS, () => this.#actions.timedOutUrgently());
    }
  }

  /**
   * Repeats a `sync` later, because a refusal without a ref may be its only answer: a `sync` has no ref.
   * @param {unknown} seconds the `retry_after`
   */
  retryLater(seconds) {
    if (!this.#timers.isRunning(TIMEOUT)) return;
    this.answered();
    this.#timers.start(HEARTBEAT, retryAfterMs(seconds), () => this.sync());
  }

  /** Starts or stops the gap's timer. Each missing offset gets its own 300 ms, because a busy room always has a gap. */
  watchGap() {
    const missing = this.#cursor.missing;
    if (this.#isSyncing || missing === null) {
      this.#timers.stop(GAP);
      return;
    }
    if (this.#timers.isRunning(GAP)) return;
    this.#timers.start(GAP, GAP_MS, () => {
      if (this.#cursor.missing === missing) this.sync();
      else this.watchGap();
    });
  }
}
