// @ts-check
// The bar that offers a reload when the server has a new version of the client. Must not reload what a person writes.

import { byId, child } from "../ui/dom.js";

const RELOADED_KEY = "chat.reloaded";

export class VersionBar {
  #bar = byId("version-bar");
  /** @type {() => boolean} */
  #isIdle;
  /** @type {string | null} */
  #newVersion = null;

  /** @param {() => boolean} isIdle says whether a reload would disturb nothing */
  constructor(isIdle) {
    this.#isIdle = isIdle;
    child(this.#bar, "button").addEventListener("click", () => location.reload());
    document.addEventListener("visibilitychange", () => this.#reloadIfIdle());
  }

  /**
   * @param {string | undefined} mine
   * @param {string | undefined} current
   */
  compare(mine, current) {
    if (!mine || !current || mine === current) return;
    this.#newVersion = current;
    this.#bar.hidden = false;
    this.#reloadIfIdle();
  }

  // Once for each version: while servers of two versions answer, a reload may bring the old page again.
  #reloadIfIdle() {
    if (!this.#newVersion || !document.hidden || !this.#isIdle()) return;
    if (sessionStorage.getItem(RELOADED_KEY) === this.#newVersion) return;
    sessionStorage.setItem(RELOADED_KEY, this.#newVersion);
    location.reload();
  }
}
