// @ts-check
// Decides when a page fetches changed data again: soon, at a random moment, and not too often.
// Must not know what is fetched.

import { makeEnvironment } from "./environment.js";

// Every client receives the event of a change at the same moment. Random delays spread their fetches.
export const SPREAD_MS = 1_500;
// The pause between two fetches. It grows while each change arrives within two pauses after a fetch.
export const SHORTEST_PAUSE_MS = 1_500;
export const LONGEST_PAUSE_MS = 6_000;

export class Refresher {
  /** @type {() => void} */
  #fetch;
  /** @type {() => boolean} */
  #isHidden;
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {any} */
  #timer = null;
  #pauseMs = SHORTEST_PAUSE_MS;
  /** @type {number} */
  #fetchedAt;
  #isStale = false;

  /**
   * @param {() => void} fetch fetches and draws
   * @param {() => boolean} isHidden says whether the page is hidden
   * @param {Partial<import("./environment.js").Environment>} [options] for tests
   */
  constructor(fetch, isHidden, options) {
    this.#fetch = fetch;
    this.#isHidden = isHidden;
    this.#environment = makeEnvironment(options);
    this.#fetchedAt = this.#environment.now();
  }

  /** Schedules a fetch, unless one is scheduled already. A hidden page fetches when it becomes visible. */
  changed() {
    this.#isStale = true;
    if (this.#timer !== null) return;
    const ageMs = this.#environment.now() - this.#fetchedAt;
    const waitMs = Math.max(0, this.#pauseMs - ageMs);
    const isQuiet = ageMs > 2 * this.#pauseMs;
    this.#pauseMs = isQuiet ? SHORTEST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#start(waitMs + this.#environment.random() * SPREAD_MS);
  }

  /** Fetches now if the data may be old. The caller calls this when the page is visible or online again. */
  becameVisible() {
    const ageMs = this.#environment.now() - this.#fetchedAt;
    if (this.#isStale || ageMs > SHORTEST_PAUSE_MS) this.fetchAfter(0);
  }

  /**
   * Fetches after this delay, and cancels any other scheduled fetch.
   * @param {number} delayMs
   */
  fetchAfter(delayMs) {
    this.#environment.timers.clearTimeout(this.#timer);
    this.#start(delayMs);
  }

  /** @param {number} delayMs */
  #start(delayMs) {
    this.#timer = this.#environment.timers.setTimeout(() => this.#run(), delayMs);
  }

  #run() {
    this.#timer = null;
    // The data stays stale, and `becameVisible` fetches it.
    if (this.#isHidden()) return;
    this.#isStale = false;
    this.#fetchedAt = this.#environment.now();
    this.#fetch();
  }
}
