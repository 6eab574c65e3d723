// @ts-check
// Notices within seconds that the server does not answer, although the connection looks open: the server is frozen, or the
// network loses everything. While the person is active, it asks for a `sync` when nothing has arrived for some seconds.
// Must not end the connection: synchronizer.js decides this when no answer to a `sync` arrives in time.

import { TimerSet } from "./environment.js";

/** An answer that takes longer is reported as silence. */
export const SILENT_AFTER_MS = 4_000;
/** While the person is active, the connection is checked when nothing has arrived for this time. */
export const CHECK_AFTER_MS = 4_500;
/** A person without any input for this time is idle, and costs the server no checks. */
export const ACTIVE_FOR_MS = 30_000;
const ANSWER = "answer";
const CHECK = "check";

/**
 * @typedef {object} Actions
 * @property {() => void} check sends something that the server answers
 * @property {() => boolean} isVisible returns whether the person can see the page
 * @property {(isSilent: boolean) => void} changed
 */

export class SilenceWatch {
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {Actions} */
  #actions;
  /** @type {TimerSet} */
  #timers;
  #isRunning = false;
  #isSilent = false;
  #receivedAt = 0;
  #activeUntil = 0;

  /**
   * @param {import("./environment.js").Environment} environment
   * @param {Actions} actions
   */
  constructor(environment, actions) {
    this.#environment = environment;
    this.#actions = actions;
    this.#timers = new TimerSet(environment.timers);
  }

  /** Starts on a new connection. */
  start() {
    this.#isRunning = true;
    this.#receivedAt = this.#environment.now();
    this.#scheduleCheck();
  }

  /** Stops all timers, because the connection has ended. */
  stop() {
    this.#isRunning = false;
    this.#timers.stopAll();
    this.#change(false);
  }

  /** Records that something was sent that the server answers. */
  sent() {
    if (!this.#isRunning || this.#timers.isRunning(ANSWER) || this.#isSilent) return;
    this.#timers.start(ANSWER, SILENT_AFTER_MS, () => this.#change(true));
  }

  /** Records that something has arrived, so the server is alive. */
  received() {
    this.#receivedAt = this.#environment.now();
    this.#timers.stop(ANSWER);
    this.#change(false);
  }

  /** Records that the person does something on the page. */
  noteActivity() {
    this.#activeUntil = this.#environment.now() + ACTIVE_FOR_MS;
    if (!this.#timers.isRunning(CHECK)) this.#scheduleCheck();
  }

  #scheduleCheck() {
    const { now } = this.#environment;
    if (!this.#isRunning || now() >= this.#activeUntil) return;
    this.#timers.start(CHECK, Math.max(0, this.#receivedAt + CHECK_AFTER_MS - now()), () => this.#check());
  }

  #check() {
    const { now } = this.#environment;
    if (now() - this.#receivedAt >= CHECK_AFTER_MS) {
      if (this.#actions.isVisible()) this.#actions.check();
      // Without an answer, the next check follows after the same time.
      if (now() < this.#activeUntil) this.#timers.start(CHECK, CHECK_AFTER_MS, () => this.#check());
      return;
    }
    this.#scheduleCheck();
  }

  /** @param {boolean} isSilent */
  #change(isSilent) {
    if (isSilent === this.#isSilent) return;
    this.#isSilent = isSilent;
    this.#actions.changed(isSilent);
  }
}
