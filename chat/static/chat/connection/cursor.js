// @ts-check
// The client has received every change up to the offset in the cursor. This module only computes with offsets.
// Must not know of sockets, timers or the content of messages.

export class Cursor {
  /** @type {number | null} null until the first `synced` */
  position = null;
  /**
   * Offsets that arrived while a lower offset is missing: two workers may swap two broadcasts.
   * @type {Set<number>}
   */
  #ahead = new Set();

  /**
   * Counts an offset as received. The caller also passes the offset of an outdated message.
   * @param {number} offset
   */
  received(offset) {
    if (this.position === null || offset > this.position) this.#ahead.add(offset);
    this.#advance();
  }

  /**
   * Moves the cursor to the end of a backlog, never backwards: live messages may already have higher offsets.
   * @param {number} offset
   */
  synced(offset) {
    this.position = Math.max(this.position ?? 0, offset);
    for (const seen of this.#ahead) if (seen <= this.position) this.#ahead.delete(seen);
    this.#advance();
  }

  /** The first offset that is missing while a later one has arrived, or null. */
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
