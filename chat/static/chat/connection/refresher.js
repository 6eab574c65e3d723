// When a page fetches again what the server says has changed: soon, at a moment of chance, and not all the time.
// Must not know what is fetched.

import { environment } from "./reconnecting-connection.js";

// Everyone hears of a change at the same moment, and should not ask at the same moment.
export const SPREAD_MS = 1_500;
// Between two fetches; while changes come faster than that, it grows.
export const SHORTEST_PAUSE_MS = 1_500;
export const LONGEST_PAUSE_MS = 6_000;

export class Refresher {
  #fetch;
  #isHidden;
  #environment;
  #timer = null;
  #pause = SHORTEST_PAUSE_MS;
  #fetchedAt;
  #isStale = false;

  /** `fetch()` fetches and draws; `isHidden()` says that nobody looks. Options: timers, now, random, for tests. */
  constructor(fetch, isHidden, options) {
    this.#fetch = fetch;
    this.#isHidden = isHidden;
    this.#environment = environment(options);
    this.#fetchedAt = this.#environment.now();
  }

  /** Something has changed. However often this is said, one fetch follows; for a hidden page, once it is looked at. */
  changed() {
    this.#isStale = true;
    if (this.#timer !== null) return;
    const age = this.#environment.now() - this.#fetchedAt;
    const wait = Math.max(0, this.#pause - age);
    this.#pause = age > 2 * this.#pause ? SHORTEST_PAUSE_MS : Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.#start(wait + this.#environment.random() * SPREAD_MS);
  }

  /** Somebody looks again, or is online again: what they see may be old. */
  looked() {
    const age = this.#environment.now() - this.#fetchedAt;
    if (this.#isStale || age > SHORTEST_PAUSE_MS) this.fetchIn(0);
  }

  /** Fetches after so many milliseconds, whatever was planned. */
  fetchIn(delay) {
    this.#environment.timers.clearTimeout(this.#timer);
    this.#start(delay);
  }

  #start(delay) {
    this.#timer = this.#environment.timers.setTimeout(() => this.#fire(), delay);
  }

  #fire() {
    this.#timer = null;
    // Nobody looks: `looked` will find that it is stale.
    if (this.#isHidden()) return;
    this.#isStale = false;
    this.#fetchedAt = this.#environment.now();
    this.#fetch();
  }
}
