// @ts-check
// The life of a part of the page that can leave the page and return, such as a room: its listeners on things that live
// longer than the part, such as the document, the window and the clock.
// Must not know what the part shows.
//
// Listeners on the part's own elements need no scope, because they end with the elements.

/** @typedef {(signal: AbortSignal) => void} Starter */

export class Scope {
  #activity = new AbortController();
  #life = new AbortController();
  /** @type {Set<Starter>} */
  #starters = new Set();

  /** Whether the part is on the page. */
  get isActive() {
    return !this.#activity.signal.aborted;
  }

  /** The signal that is aborted when the part is closed permanently. */
  get life() {
    return this.#life.signal;
  }

  /**
   * Calls `start` now if the part is on the page, and after each return to the page. The signal that `start` gets is
   * aborted when the part leaves the page.
   * @param {Starter} start
   */
  whileActive(start) {
    if (this.#life.signal.aborted) return;
    this.#starters.add(start);
    if (this.isActive) start(this.#activity.signal);
  }

  /**
   * Adds a listener that works while the part is on the page.
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} listener
   * @param {AddEventListenerOptions} [options]
   */
  listen(target, type, listener, options = {}) {
    this.whileActive((signal) => target.addEventListener(type, listener, { ...options, signal }));
  }

  /** Ends all listeners, because the part leaves the page. */
  suspend() {
    this.#activity.abort();
  }

  /** Adds all listeners again, because the part is on the page again. */
  resume() {
    if (this.isActive || this.#life.signal.aborted) return;
    this.#activity = new AbortController();
    for (const start of this.#starters) start(this.#activity.signal);
  }

  /** Ends all listeners permanently. */
  close() {
    this.suspend();
    this.#life.abort();
    this.#starters.clear();
  }
}
