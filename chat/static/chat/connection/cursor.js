// The cursor's rule: "I hold everything up to here". Pure arithmetic over offsets.
// Must not know of sockets, timers or what a message looks like.

export class Cursor {
  /** null until the first `synced`. */
  position = null;
  // Offsets that came ahead of their turn: two workers may swap two broadcasts.
  #ahead = new Set();

  /** The message that carried this offset may be outdated; its offset counts all the same. */
  see(offset) {
    if (this.position === null || offset > this.position) this.#ahead.add(offset);
    this.#advance();
  }

  /** Never backwards: live messages may have moved it past the snapshot that this answer is of. */
  synced(offset) {
    this.position = Math.max(this.position ?? 0, offset);
    for (const seen of this.#ahead) if (seen <= this.position) this.#ahead.delete(seen);
    this.#advance();
  }

  /** The first offset that is missing although a later one is here, or null. */
  get missing() {
    return this.position !== null && this.#ahead.size > 0 ? this.position + 1 : null;
  }

  reset() {
    this.position = null;
    this.#ahead.clear();
  }

  #advance() {
    if (this.position === null) return;
    while (this.#ahead.delete(this.position + 1)) this.position += 1;
  }
}
