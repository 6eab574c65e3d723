// How far this tab has been told announcements, so that on coming back it hears what a dead line swallowed.
// Pure arithmetic over ids. Must not know of sockets, nor what an announcement says.

export class Announced {
  /** Everything up to this id was told here, or to this person before; null before the first `synced`. */
  position = null;
  #newest = null;
  #isSettled = false;

  /** `joined` names the newest there is. What of it was not told yet follows, and ends with `synced`. */
  welcomed(newest) {
    this.#newest = Number.isSafeInteger(newest) ? newest : null;
    this.#isSettled = false;
  }

  heard(id) {
    if (!Number.isSafeInteger(id) || this.#newest === null) return;
    this.#newest = Math.max(this.#newest, id);
    // Until then one with a higher id may have come before those that are still on their way.
    if (this.#isSettled) this.position = Math.max(this.position, id);
  }

  synced() {
    if (this.#newest === null) return;
    this.#isSettled = true;
    this.position = Math.max(this.position ?? 0, this.#newest);
  }
}
