// @ts-check
// Keeps screen readers quiet while rows that they have read before return to the page, because the reader scrolls.
// Must not know which rows these are.

// A screen reader decides shortly after a change whether it reads the change.
const QUIET_MS = 1_000;

export class QuietLog {
  /** @type {Element | null} */
  #log;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} list a list within the live region */
  constructor(list) {
    this.#log = list.closest("[aria-live]");
  }

  /** Turns the live region off for a second. New messages of this second are not read either. */
  beQuiet() {
    this.#log?.setAttribute("aria-live", "off");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#log?.setAttribute("aria-live", "polite"), QUIET_MS);
  }
}
