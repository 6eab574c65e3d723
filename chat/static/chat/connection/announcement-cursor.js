// @ts-check
// Records the newest announcement that this tab has received. A reconnect fetches the announcements that came later.
// Pure arithmetic over ids. Must not know of sockets, nor what an announcement says.

export class AnnouncementCursor {
  /**
   * The tab has received every announcement up to this id; null before the first `synced`.
   * @type {number | null}
   */
  position = null;
  /** @type {number | null} */
  #newest = null;
  #isComplete = false;

  /**
   * Takes the newest id from `joined`. The announcements that this tab has not received follow, and end with `synced`.
   * @param {unknown} newest
   */
  joined(newest) {
    this.#newest = Number.isSafeInteger(newest) ? /** @type {number} */ (newest) : null;
    this.#isComplete = false;
  }

  /** @param {unknown} id */
  received(id) {
    if (typeof id !== "number" || !Number.isSafeInteger(id) || this.#newest === null) return;
    this.#newest = Math.max(this.#newest, id);
    // Before `synced`, announcements with lower ids may still arrive after one with a higher id.
    if (this.#isComplete) this.position = Math.max(this.position ?? 0, id);
  }

  synced() {
    if (this.#newest === null) return;
    this.#isComplete = true;
    this.position = Math.max(this.position ?? 0, this.#newest);
  }
}
